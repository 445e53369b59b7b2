// The tags under which out publishes an image, in push order, and the tags that it refuses before any traffic.
import { UserError } from '../errors.ts';
import { aliasesFor } from './bump-aliases.ts';
import { quote } from './quote.ts';
import { formatVersion, type TagVersion } from './tag-version.ts';

/** The tags that a request names; empty strings and lists are unset. */
export interface RequestedTags {
  /** `source.tag`. */
  readonly tag: string;
  /** `params.version`. */
  readonly version: TagVersion | undefined;
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
}

/** The tags of one put, each list in push order. */
export interface TagsToPush {
  /** The tags that the request names itself. Repeated tags stay. */
  readonly asked: readonly string[];
  /** The aliases of the version that move along. */
  readonly aliases: readonly string[];
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
  const aliases = version && hasAliases(requested) ? aliasesFor(version, variant, existing) : [];
  const all = [...fromSource, ...fromVersion, ...aliases, ...inline, ...fromFile];
  return {
    asked: [...fromSource, ...fromVersion, ...inline, ...fromFile],
    aliases,
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
  checkTags(fromSource, 'source.tag');
  checkTags(fromVersion, 'params.version');
  checkTags(aliases, 'params.bump_aliases');
  checkTags(inline, 'params.tags');
  checkTags(fromFile, 'params.additional_tags');
}

function namedTags({ tag, version, variant, tags, additionalTags, tagPrefix }: RequestedTags) {
  return {
    fromSource: tag === '' ? [] : [tag],
    fromVersion: version ? [formatVersion(version) + (variant === '' ? '' : `-${variant}`)] : [],
    inline: tags,
    fromFile: additionalTags.map((additional) => tagPrefix + additional),
  };
}

/**
 * The words of a text, split at Unicode white space as Go's `strings.Fields` does: other than for `\s`, U+0085 is
 * white space and the byte-order mark is not.
 */
export function splitFields(text: string): string[] {
  return text.split(/[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/).filter(Boolean);
}

// Upstream leaves this to the registry. A tag is written into the path of the request, so one with a slash may lead
// to another repository; additional tags come from files that a build wrote.
const tagGrammar = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** OCI distribution specification, "Pulling manifests": what a tag must look like. */
function checkTags(tags: readonly string[], origin: string): void {
  for (const tag of tags) {
    if (tag.length > 128) {
      throw new UserError(
        `${origin}: the tag ${quote(`${tag.slice(0, 40)}…`)} has ${tag.length} characters`,
        {
          hint: 'a tag has at most 128 characters',
        },
      );
    }
    if (!tagGrammar.test(tag)) {
      throw new UserError(`${origin}: no registry can have the tag ${quote(tag)}`, { hint: tagHint(tag) });
    }
  }
}

function tagHint(tag: string): string {
  if (/^\d[^+]*\+/.test(tag)) {
    return 'a tag cannot have build metadata: leave out the "+" and what follows it';
  }
  return 'a tag consists of letters, digits, "_", "." and "-", and does not begin with "." or "-"';
}
