// The tags under which out publishes an image, in push order, and the tags that it refuses before any traffic.
import { UserError } from '../errors.ts';
import { aliasesFor, type KeptAlias } from './bump-aliases.ts';
import { checkTag, isTag } from './tag-grammar.ts';
import { formatVersion, type TagVersion } from './tag-version.ts';

/** The tags that a request names; empty strings and lists are unset. */
export interface RequestedTags {
  /** `source.tag`. */
  readonly tag: string;
  /** The version of `params.version`, or in the file of `params.version_file`. */
  readonly version: TagVersion | undefined;
  /** Which of the two keys it comes from. */
  readonly versionKey: 'params.version' | 'params.version_file';
  /** `source.variant`, the suffix of the version and of the aliases. */
  readonly variant: string;
  /** `params.bump_aliases`. */
  readonly bumpAliases: boolean;
  /** `params.tags`. */
  readonly tags: readonly string[];
  /** The tags in the file of `params.additional_tags`. */
  readonly additionalTags: readonly string[];
  /** `params.tag_prefix`, the prefix of the additional tags only. */
  readonly tagPrefix: string;
  /** The suffix of every tag, aliases too: `-YYYYMMDDHHMM` with `params.unique_suffix`, else empty. */
  readonly suffix: string;
}

/** The tags of one put, each list in push order. */
export interface TagsToPush {
  /** The tags that the request names itself. Repeated tags stay. */
  readonly asked: readonly string[];
  /** The aliases of the version that move along. */
  readonly aliases: readonly string[];
  /** The other aliases of the version. */
  readonly keptAliases: readonly KeptAlias[];
  /** Source tag, version, aliases, inline tags, additional tags. Repeated tags stay, because the answer lists them. */
  readonly all: readonly string[];
  /** The same tags, each of them once. */
  readonly unique: readonly string[];
}

/** Whether the aliases depend on the tags that exist in the repository, which must be listed then. */
export function hasAliases({ bumpAliases, version }: RequestedTags): boolean {
  return bumpAliases && version?.prerelease === '';
}

/** The tags to push to a repository that has the tags `existing`; with no existing tag, every alias is taken. */
export function tagsToPush(requested: RequestedTags, existing: readonly string[]): TagsToPush {
  const { version, variant } = requested;
  const { fromSource, fromVersion, inline, fromFile } = namedTags(requested);
  const withSuffix = (tag: string) => tag + requested.suffix;
  const { moved, kept: keptAliases } =
    version && hasAliases(requested) ? aliasesFor(version, variant, existing) : { moved: [], kept: [] };
  const aliases = moved.map(withSuffix);
  const all = [...fromSource, ...fromVersion, ...aliases, ...inline, ...fromFile];
  return {
    asked: [...fromSource, ...fromVersion, ...inline, ...fromFile],
    aliases,
    keptAliases,
    all,
    unique: [...new Set(all)],
  };
}

/**
 * Checks every tag that a put may ask a registry for, possible aliases included. Throws a UserError when there is no
 * tag, when `tag_prefix` has no tag to stand in front of, and for a tag that no registry can have.
 */
export function checkRequestedTags(requested: RequestedTags): void {
  if (requested.tagPrefix !== '' && requested.additionalTags.length === 0) {
    throw new UserError('tag_prefix can only be used when additional_tags are specified', {
      hint: 'set params.additional_tags to a file that lists tags, or remove params.tag_prefix',
    });
  }
  const { asked, aliases } = tagsToPush(requested, []);
  if (asked.length === 0) {
    throw new UserError('no tag specified', {
      hint: "need either 'version:' in params or 'tag:' in source",
    });
  }
  const { fromSource, fromVersion, inline, fromFile } = namedTags(requested);
  const tagsByKey: readonly (readonly [string, readonly string[]])[] = [
    ['source.tag', fromSource],
    [keyOfVersion(requested), fromVersion],
    ['source.variant', aliases],
    ['params.tags', inline],
    ['params.additional_tags', fromFile],
  ];
  for (const [key, tags] of tagsByKey) {
    for (const tag of tags) {
      checkTag(tag, key);
    }
  }
}

/** The key to name when no registry can have the tag of the version. Without a variant every alias is valid. */
function keyOfVersion({ version, variant, versionKey }: RequestedTags): string {
  return version && variant !== '' && isTag(formatVersion(version)) ? 'source.variant' : versionKey;
}

function namedTags({ tag, version, variant, tags, additionalTags, tagPrefix, suffix }: RequestedTags) {
  const withSuffix = (name: string) => name + suffix;
  return {
    fromSource: tag === '' ? [] : [withSuffix(tag)],
    fromVersion: version ? [withSuffix(formatVersion(version) + (variant === '' ? '' : `-${variant}`))] : [],
    inline: tags.map(withSuffix),
    fromFile: additionalTags.map((additional) => withSuffix(tagPrefix + additional)),
  };
}

/** `-YYYYMMDDHHMM` in UTC, for a time in milliseconds since 1970. */
export function timestampSuffix(now: number): string {
  return `-${new Date(now).toISOString().replace(/\D/g, '').slice(0, 12)}`;
}
