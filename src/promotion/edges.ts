// What manifests promote, by destination repository: from which source repositories, which digests, under which tags.
import type { Digest } from '../oci/digest.ts';
import type { ManifestDigest, PromotionManifest } from './promotion-manifest.ts';

/** One step of a promotion: a digest of a source repository under a tag of a destination repository. */
export interface Edge {
  /** `host/path/name`, as is `destination`. */
  readonly source: string;
  readonly destination: string;
  readonly digest: Digest;
  /** Null for a digest that is promoted without a tag. */
  readonly tag: string | null;
}

/** An edge and the name of the image in its manifest. */
export interface ManifestEdge extends Edge {
  readonly name: string;
}

/** What is promoted from one source repository to a destination repository. */
export interface RepositorySource {
  readonly source: string;
  /** The name of the image in its manifest. */
  readonly name: string;
  readonly digests: readonly ManifestDigest[];
}

/** Everything that manifests promote into one repository. Refers to the manifests: it costs no memory by digest. */
export interface RepositoryPromotion {
  readonly destination: string;
  readonly sources: readonly RepositorySource[];
}

/** The promotions of all manifests together, by destination repository; `only` chooses image names. */
export function promotionsOf(
  manifests: readonly PromotionManifest[],
  only: (name: string) => boolean = () => true,
): RepositoryPromotion[] {
  const repositories = new Map<string, RepositorySource[]>();
  for (const { source, destinations, images } of manifests) {
    for (const { name, digests } of images) {
      if (!only(name)) {
        continue;
      }
      const part = { source: `${source.name}/${name}`, name, digests };
      for (const destination of destinations) {
        const repository = `${destination.name}/${name}`;
        const parts = repositories.get(repository);
        if (parts) {
          parts.push(part);
        } else {
          repositories.set(repository, [part]);
        }
      }
    }
  }
  return Array.from(repositories, ([destination, sources]) => ({ destination, sources }));
}

/** The edges of one repository, each once: several manifests may ask for the same. */
export function* edgesOf({ destination, sources }: RepositoryPromotion): Generator<ManifestEdge> {
  // A single list of digests has each digest, and each tag, once.
  const seen = sources.length > 1 ? new Set<string>() : undefined;
  for (const { source, name, digests } of sources) {
    for (const { digest, tags } of digests) {
      for (const tag of tags.length === 0 ? [null] : tags) {
        const key = `${digest} ${tag ?? ''}`;
        if (!seen?.has(key)) {
          seen?.add(key);
          yield { source, destination, name, digest, tag };
        }
      }
    }
  }
}

/** The other sources that have the digest of an edge: where its own source fails, the same content can be read from them. */
export function otherSources({ sources }: RepositoryPromotion, edge: Edge): RepositorySource[] {
  return sources.filter(
    ({ source, digests }) => source !== edge.source && digests.some(({ digest }) => digest === edge.digest),
  );
}

/** How many edges one repository has. */
export function countEdges(promotion: RepositoryPromotion): number {
  let count = 0;
  for (const _ of edgesOf(promotion)) {
    count++;
  }
  return count;
}
