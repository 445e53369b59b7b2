// Under which tags out publishes an image, in which order, and which tags it refuses before any traffic.
import { UserError } from '../errors.ts';
import { quoted } from './quoted-text.ts';
import { type TagVersion, versionText } from './tag-version.ts';

/** What the user asked for; empty texts and lists mean nothing was asked. */
export interface RequestedTags {
  /** `source.tag`. */
  readonly tag: string;
  /** `params.version`. */
  readonly version: TagVersion | undefined;
  /** `source.variant`; it is put behind the version. */
  readonly variant: string;
  /** What `params.bump_aliases` leads to, variant included. */
  readonly aliases: readonly string[];
  /** `params.tags`. */
  readonly tags: readonly string[];
  /** What the file of `params.additional_tags` lists. */
  readonly additionalTags: readonly string[];
  /** `params.tag_prefix`; it is put in front of the additional tags only. */
  readonly tagPrefix: string;
}

/**
 * The tags in push order: source tag, version, aliases, inline tags, additional tags. Duplicates stay, since the answer lists
 * them; {@link uniqueTags} has each once. UserErrors when there is no tag, when `tag_prefix` has nothing to stand
 * in front of, and when no registry can have a tag.
 */
export function tagsToPush(requested: RequestedTags): string[] {
  const { tag, version, variant, aliases, additionalTags, tagPrefix } = requested;
  const suffix = variant === '' ? '' : `-${variant}`;
  const fromSource = tag === '' ? [] : [tag];
  const fromVersion = version ? [versionText(version) + suffix] : [];
  const fromFile = additionalTags.map((additional) => tagPrefix + additional);
  if (tagPrefix !== '' && additionalTags.length === 0) {
    throw new UserError('tag_prefix can only be used when additional_tags are specified', {
      hint: 'set params.additional_tags to a file that lists tags, or remove params.tag_prefix',
    });
  }
  const tags = [...fromSource, ...fromVersion, ...aliases, ...requested.tags, ...fromFile];
  if (tags.length === 0) {
    throw new UserError('no tag specified', {
      hint: "need either 'version:' in params or 'tag:' in source",
    });
  }
  checkTags(fromSource, 'source.tag');
  checkTags(fromVersion, 'params.version');
  checkTags(aliases, 'params.bump_aliases');
  checkTags(requested.tags, 'params.tags');
  checkTags(fromFile, 'params.additional_tags');
  return tags;
}

/** The tags without repetitions, in their order. */
export function uniqueTags(tags: readonly string[]): string[] {
  return [...new Set(tags)];
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
        `${origin}: the tag ${quoted(`${tag.slice(0, 40)}…`)} has ${tag.length} characters`,
        {
          hint: 'a tag has at most 128 characters',
        },
      );
    }
    if (!tagGrammar.test(tag)) {
      throw new UserError(`${origin}: no registry can have the tag ${quoted(tag)}`, { hint: tagHint(tag) });
    }
  }
}

function tagHint(tag: string): string {
  if (/^\d[^+]*\+/.test(tag)) {
    return 'a tag can\'t have build metadata: leave out the "+" and what follows it';
  }
  return 'a tag consists of letters, digits, "_", "." and "-", and does not begin with "." or "-"';
}
