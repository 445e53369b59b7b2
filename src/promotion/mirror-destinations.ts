// The promotions of a list for mirror by destination repository; a tag on two digests is a conflict.
import type { Digest } from '../oci/digest.ts';
import type { Edge, RepositoryPromotion } from './edges.ts';
import type { ManifestDigest, ManifestProblem } from './promotion-manifest.ts';

/** An edge and its line in the list. */
export interface MirrorEdge extends Edge {
  readonly line: number;
}

/** What is copied into one repository. */
interface Destination {
  readonly tags: Map<string, MirrorEdge>;
  /** The digests of each source with their tags. */
  readonly sources: Map<string, Map<Digest, { readonly line: number; readonly tags: Set<string> }>>;
}

/** Collects edges. */
export class DestinationTags {
  readonly conflicts: ManifestProblem[] = [];
  readonly #file: string;
  readonly #destinations = new Map<string, Destination>();

  constructor(file: string) {
    this.#file = file;
  }

  /** Adds an edge; one that is there already counts once. */
  add(edge: MirrorEdge): void {
    const { source, destination, digest, tag, line } = edge;
    const known = this.#destinations.get(destination) ?? { tags: new Map(), sources: new Map() };
    this.#destinations.set(destination, known);
    const first = tag === null ? undefined : known.tags.get(tag);
    if (first) {
      if (first.digest !== digest) {
        const message = `the tag ${destination}:${tag} is on two digests: ${first.digest} of ${first.source} (line ${first.line}) and ${digest} of ${source}`;
        this.conflicts.push({ file: this.#file, line, message });
      }
      return;
    }
    const digests = known.sources.get(source) ?? new Map();
    known.sources.set(source, digests);
    const tags = digests.get(digest) ?? { line, tags: new Set() };
    digests.set(digest, tags);
    if (tag !== null) {
      tags.tags.add(tag);
      known.tags.set(tag, edge);
    }
  }

  /** The promotions, in the order in which their destinations were added. */
  promotions(): RepositoryPromotion[] {
    const file = this.#file;
    return Array.from(this.#destinations, ([destination, { sources }]) => ({
      destination,
      sources: Array.from(sources, ([source, digests]) => ({
        source,
        name: destination.slice(destination.indexOf('/') + 1),
        digests: Array.from(
          digests,
          ([digest, { line, tags }]): ManifestDigest => ({ digest, tags: [...tags], file, line }),
        ),
      })),
    }));
  }
}
