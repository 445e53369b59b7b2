// What repositories hold, or what manifests promote into them: names, digests and tags in a fixed order.
import type { Digest } from '../oci/digest.ts';
import type { Pattern } from '../policy/pattern.ts';

/** A digest of a snapshot and its tags, sorted; there may be none. */
export interface SnapshotDigest {
  readonly digest: Digest;
  readonly tags: readonly string[];
}

/** An image of a snapshot, with at least one digest; they are sorted. */
export interface SnapshotImage {
  readonly name: string;
  readonly digests: readonly SnapshotDigest[];
}

/** Images sorted by name, each name once. Everything is sorted by character codes. */
export type Snapshot = readonly SnapshotImage[];

/** A snapshot of images in any order: those of one name are merged, and those without a digest are left out. */
export function createSnapshot(images: Iterable<SnapshotImage>): Snapshot {
  const byName = new Map<string, Map<Digest, Set<string>>>();
  for (const { name, digests } of images) {
    const known = byName.get(name) ?? new Map<Digest, Set<string>>();
    byName.set(name, known);
    for (const { digest, tags } of digests) {
      const knownTags = known.get(digest) ?? new Set<string>();
      known.set(digest, knownTags);
      for (const tag of tags) {
        knownTags.add(tag);
      }
    }
  }
  return sorted(byName.keys())
    .map((name) => ({ name, digests: sortedDigests(byName.get(name) ?? new Map()) }))
    .filter(({ digests }) => digests.length > 0);
}

/** Without the manifests that are children of an index of their image and have no tag. */
export function minimalSnapshot(
  snapshot: Snapshot,
  isChild: (name: string, digest: Digest) => boolean,
): Snapshot {
  return filterDigests(snapshot, (name, { digest, tags }) => tags.length > 0 || !isChild(name, digest));
}

/** Only the tags that match, and their digests. */
export function matchingSnapshot(snapshot: Snapshot, pattern: Pattern): Snapshot {
  const matching = snapshot.map(({ name, digests }) => ({
    name,
    digests: digests.map(({ digest, tags }) => ({
      digest,
      tags: tags.filter((tag) => pattern.matches(tag)),
    })),
  }));
  return filterDigests(matching, (_, { tags }) => tags.length > 0);
}

function filterDigests(
  snapshot: Snapshot,
  keep: (name: string, digest: SnapshotDigest) => boolean,
): Snapshot {
  return snapshot
    .map(({ name, digests }) => ({ name, digests: digests.filter((digest) => keep(name, digest)) }))
    .filter(({ digests }) => digests.length > 0);
}

function sortedDigests(digests: ReadonlyMap<Digest, ReadonlySet<string>>): SnapshotDigest[] {
  return sorted(digests.keys()).map((digest) => ({ digest, tags: sorted(digests.get(digest) ?? []) }));
}

function sorted<Text extends string>(texts: Iterable<Text>): Text[] {
  return [...texts].sort();
}
