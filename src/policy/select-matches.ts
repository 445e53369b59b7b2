// The versions of check with a pattern for tags: every matching tag, in the order of the list or by creation time.
import { neverCreated } from './creation-time.ts';
import type { Pattern } from './pattern.ts';
import type { Version } from './select-tag.ts';

/** The listed tags that match, in their order. A tag that is listed twice stays twice, as in upstream. */
export function matchingTags(tags: readonly string[], pattern: Pattern): string[] {
  return tags.filter((tag) => pattern.matches(tag));
}

/**
 * The versions for matching tags. `digests` has the digest of each tag that exists. With `created`, the creation time of
 * the image of each existing tag in nanoseconds since 1970, the oldest comes first and equal times keep their order.
 */
export function selectMatches(
  tags: readonly string[],
  digests: ReadonlyMap<string, string>,
  created?: ReadonlyMap<string, bigint>,
): Version[] {
  const found = tags.flatMap((tag) => {
    const digest = digests.get(tag);
    return digest === undefined ? [] : [{ tag, digest }];
  });
  if (!created) {
    return found;
  }
  const age = (tag: string) => created.get(tag) ?? neverCreated;
  return found.sort((a, b) => (age(a.tag) < age(b.tag) ? -1 : age(a.tag) > age(b.tag) ? 1 : 0));
}
