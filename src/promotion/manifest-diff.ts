// Compares two states of promotion manifests: tags that are added, removed or moved, destinations that are new or gone.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { nearestKey } from '../policy/nearest-key.ts';
import { quote } from '../policy/quote.ts';
import { pairManifests } from './pair-manifests.ts';
import type { ManifestImage, ManifestRegistry, PromotionManifest } from './promotion-manifest.ts';
import { canonicalRegistry } from './registry-name.ts';

/** What became of a tag of an image, or of a digest without tags. */
export type ChangeKind = 'added' | 'removed' | 'moved';

/** One change of what a manifest promotes, whatever the number of its destinations. */
export interface TagChange {
  /** The folder of a thin manifest, the file of a plain one. */
  readonly manifest: string;
  readonly name: string;
  /** The digest afterwards; of what is removed, the one before. */
  readonly digest: Digest;
  /** Null for a digest without tags. */
  readonly tag: string | null;
  readonly kind: ChangeKind;
  /** The digest before, of a tag that moved. */
  readonly was: Digest | null;
  /** Of a digest without tags that is removed as such: whether it is still promoted, now with tags. */
  readonly isStillPromoted?: true;
}

/** A destination, or the source, that a manifest has only before or only afterwards. */
export interface RegistryChange {
  readonly manifest: string;
  readonly registry: string;
  readonly kind: 'new' | 'gone';
}

/** What differs between two states of manifests. */
export interface ManifestDiff {
  readonly summary: Readonly<Record<ChangeKind, number>>;
  /** By image name, then tag. */
  readonly changes: readonly TagChange[];
  readonly destinations: readonly RegistryChange[];
  readonly sources: readonly RegistryChange[];
}

/**
 * The differences, counted as (image name, digest, tag) for each manifest; a digest without tags counts once, with the tag
 * null. A tag that is on another digest afterwards has moved, and is neither added nor removed.
 */
export function diffManifests(
  before: readonly PromotionManifest[],
  after: readonly PromotionManifest[],
): ManifestDiff {
  const pairs = pairManifests(before, after);
  const changes = pairs.flatMap(({ label, old, now }) =>
    imageChanges(old?.images ?? [], now?.images ?? []).map((change) => ({ manifest: label, ...change })),
  );
  const registryChanges = (registries: (manifest: PromotionManifest) => readonly ManifestRegistry[]) =>
    pairs.flatMap(({ label, old, now }) => {
      const [gone, added] = [old ? registries(old) : [], now ? registries(now) : []];
      return [...only(gone, added, 'gone'), ...only(added, gone, 'new')].map((change) => ({
        manifest: label,
        ...change,
      }));
    });
  const count = (kind: ChangeKind) => changes.filter((change) => change.kind === kind).length;
  return {
    summary: { added: count('added'), removed: count('removed'), moved: count('moved') },
    changes: changes.sort(byNameAndTag),
    destinations: registryChanges(({ destinations }) => destinations),
    sources: registryChanges(({ source }) => [source]),
  };
}

/** Whether a change is forbidden. A digest that only got its first tag is still promoted: that is not a removal. */
export function isForbidden(
  { kind, isStillPromoted }: TagChange,
  forbidden: ReadonlySet<ChangeKind>,
): boolean {
  return forbidden.has(kind) && !isStillPromoted;
}

/** The exit code of a comparison: 0 without differences, 1 when a forbidden change is among them, else 2. */
export function diffExitCode(diff: ManifestDiff, forbidden: ReadonlySet<ChangeKind>): 0 | 1 | 2 {
  const { changes, destinations, sources } = diff;
  if (changes.some((change) => isForbidden(change, forbidden))) {
    return 1;
  }
  return changes.length + destinations.length + sources.length === 0 ? 0 : 2;
}

const changeKinds: readonly ChangeKind[] = ['added', 'removed', 'moved'];

/** The changes of a list such as `removed,moved`. Throws a UserError for another word. */
export function parseForbiddenChanges(list: string): ReadonlySet<ChangeKind> {
  const words = list.split(',').map((word) => word.trim());
  return new Set(
    words.map((word) => {
      const kind = changeKinds.find((known) => known === word);
      if (kind === undefined) {
        const nearest = nearestKey(word, changeKinds);
        throw new UserError(`${quote(word)} is not a change: it must be one of ${changeKinds.join(', ')}`, {
          hint: nearest === undefined ? undefined : `did you mean ${nearest}?`,
        });
      }
      return kind;
    }),
  );
}

type ImageChange = Omit<TagChange, 'manifest'>;

function imageChanges(before: readonly ManifestImage[], after: readonly ManifestImage[]): ImageChange[] {
  const [old, now] = [imagesByName(before), imagesByName(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const [wasImage, isImage] = [old.get(name) ?? noImage, now.get(name) ?? noImage];
    return [...tagChanges(wasImage, isImage), ...untaggedChanges(wasImage, isImage)].map((change) => ({
      name,
      ...change,
    }));
  });
}

/** The tags of an image, and all of its digests with the number of their tags. */
interface Image {
  readonly tags: ReadonlyMap<string, Digest>;
  readonly digests: ReadonlyMap<Digest, number>;
}

const noImage: Image = { tags: new Map(), digests: new Map() };

function imagesByName(images: readonly ManifestImage[]): ReadonlyMap<string, Image> {
  return new Map(
    images.map(({ name, digests }) => [
      name,
      {
        tags: new Map(digests.flatMap(({ digest, tags }) => tags.map((tag) => [tag, digest] as const))),
        digests: new Map(digests.map(({ digest, tags }) => [digest, tags.length])),
      },
    ]),
  );
}

function* tagChanges(old: Image, now: Image): Generator<Omit<ImageChange, 'name'>> {
  for (const [tag, digest] of now.tags) {
    const was = old.tags.get(tag);
    if (was === undefined) {
      yield { digest, tag, kind: 'added', was: null };
    } else if (was !== digest) {
      yield { digest, tag, kind: 'moved', was };
    }
  }
  for (const [tag, digest] of old.tags) {
    if (!now.tags.has(tag)) {
      yield { digest, tag, kind: 'removed', was: null };
    }
  }
}

function* untaggedChanges(old: Image, now: Image): Generator<Omit<ImageChange, 'name'>> {
  for (const [digest, tags] of now.digests) {
    if (tags === 0 && old.digests.get(digest) !== 0) {
      yield { digest, tag: null, kind: 'added', was: null };
    }
  }
  for (const [digest, tags] of old.digests) {
    if (tags === 0 && now.digests.get(digest) !== 0) {
      const removed = { digest, tag: null, kind: 'removed', was: null } as const;
      yield now.digests.has(digest) ? { ...removed, isStillPromoted: true } : removed;
    }
  }
}

function only(
  some: readonly ManifestRegistry[],
  others: readonly ManifestRegistry[],
  kind: RegistryChange['kind'],
): Omit<RegistryChange, 'manifest'>[] {
  const known = new Set(others.map(({ name }) => canonicalRegistry(name)));
  return some
    .filter(({ name }) => !known.has(canonicalRegistry(name)))
    .map(({ name }) => ({ registry: name, kind }));
}

function byNameAndTag(a: TagChange, b: TagChange): number {
  const [keyOfA, keyOfB] = [a, b].map(({ name, tag, digest }) => `${name}\n${tag ?? ''}\n${digest}`);
  return (keyOfA ?? '') < (keyOfB ?? '') ? -1 : 1;
}
