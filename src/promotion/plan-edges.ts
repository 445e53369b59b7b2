// What becomes of each edge of a promotion, by what source and destination hold: one pure decision.
import type { Digest } from '../oci/digest.ts';
import type { Edge } from './edges.ts';

/** What a destination repository holds of what is promoted into it. */
export interface DestinationState {
  /** Where a tag that the manifests name points; undefined when it does not exist. */
  tag(tag: string): Digest | undefined;
  /** Whether it holds a digest that the manifests name. */
  has(digest: Digest): boolean;
}

/** What is known of a digest at its source; a failure is what the registry said. */
export type SourceState = 'present' | 'missing' | { readonly failure: string };

/**
 * `present`: nothing to do; `copy`: the content must travel; `tag`: the content is there, the tag is new or moves;
 * `lost`: neither source nor destination holds the digest; `tag-move`: the tag is on another digest and may not move;
 * `failed`: the source could not be read.
 */
export type EdgeAction = 'present' | 'copy' | 'tag' | 'lost' | 'tag-move' | 'failed';

/** An edge and what becomes of it. */
export interface PlannedEdge extends Edge {
  readonly action: EdgeAction;
  /** Where the tag points now, when that is another digest. */
  readonly was?: Digest;
  /** For people, when the edge is set aside. */
  readonly reason?: string;
}

/** What the plan of one repository depends on. */
export interface PlanFacts {
  readonly destination: DestinationState;
  source(repository: string, digest: Digest): SourceState;
  /** Whether a tag that is on another digest may move. */
  mayMove(edge: Edge): boolean;
}

/** Decides about one edge. Set semantics of promotion: manifests, source and destination as sets of digests and tags. */
export function planEdge(edge: Edge, { destination, source, mayMove }: PlanFacts): PlannedEdge {
  const { digest, tag } = edge;
  const now = tag === null ? undefined : destination.tag(tag);
  const isThere = destination.has(digest) || now === digest;
  if (tag === null ? isThere : now === digest) {
    return { ...edge, action: 'present' };
  }
  const was = now === undefined ? {} : { was: now };
  if (!isThere) {
    const state = source(edge.source, digest);
    if (typeof state === 'object') {
      return { ...edge, ...was, action: 'failed', reason: state.failure };
    }
    if (state === 'missing') {
      const reason = `neither ${edge.source} nor ${edge.destination} holds the digest`;
      return { ...edge, ...was, action: 'lost', reason };
    }
  }
  if (now !== undefined && !mayMove(edge)) {
    return { ...edge, was: now, action: 'tag-move', reason: `the tag is on ${now} and may not move` };
  }
  return { ...edge, ...was, action: isThere ? 'tag' : 'copy' };
}
