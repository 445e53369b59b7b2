// What a put answers: the first tag that points at the image, or what was published before when all tags stayed.

import type { ConflictingTag } from '../content/tag-state.ts';
import type { Digest } from '../oci/digest.ts';

/** A version that exists in the registry, and the tags of the put that point at it. */
export interface PublishedVersion {
  readonly tag: string;
  readonly digest: Digest;
  /** In push order, repeated ones too. */
  readonly tags: readonly string[];
}

/**
 * The version that a put has published under `tags`, of which `skipped` stayed on other digests. When all of them did,
 * nothing was pushed, and it is what the first of them points at: Concourse fetches what a put answers.
 */
export function publishedVersion(
  tags: readonly string[],
  root: Digest,
  skipped: readonly ConflictingTag[],
): PublishedVersion {
  const placeOf = (tag: string) => skipped.find((other) => other.tag === tag)?.digest ?? root;
  const first = tags.find((tag) => placeOf(tag) === root) ?? tags[0];
  if (first === undefined) {
    throw new Error('an image cannot have been published under no tag');
  }
  const digest = placeOf(first);
  return { tag: first, digest, tags: tags.filter((tag) => placeOf(tag) === digest) };
}
