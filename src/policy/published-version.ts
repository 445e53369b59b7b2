// The version in the answer of a put: the first tag on the image, or what a tag points at when all were skipped.

import type { ConflictingTag } from '../content/tag-state.ts';
import type { Digest } from '../oci/digest.ts';

/** A version in the registry, and the tags of the put that point at it. */
export interface PublishedVersion {
  readonly tag: string;
  readonly digest: Digest;
  /** In push order, with repetitions. */
  readonly tags: readonly string[];
}

/**
 * The version that a put published under `tags`, of which `skipped` stayed on other digests. When all were skipped,
 * nothing was pushed, and the version is that of the first tag: Concourse fetches the version that a put returns.
 */
export function publishedVersion(
  tags: readonly string[],
  root: Digest,
  skipped: readonly ConflictingTag[],
): PublishedVersion {
  const digestOf = (tag: string) => skipped.find((other) => other.tag === tag)?.digest ?? root;
  const first = tags.find((tag) => digestOf(tag) === root) ?? tags[0];
  if (first === undefined) {
    throw new Error('an image cannot have been published under no tag');
  }
  const digest = digestOf(first);
  return { tag: first, digest, tags: tags.filter((tag) => digestOf(tag) === digest) };
}
