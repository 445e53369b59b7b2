// What becomes of each edge of a promotion, by what source and destination hold: one pure decision.
import type { Digest } from '../oci/digest.ts';
import type { Edge, ManifestEdge } from './edges.ts';

/** What a destination repository holds of what is promoted into it. */
export interface DestinationState {
  /** Where a tag that the manifests name points; undefined when it does not exist. */
  tag(tag: string): Digest | undefined;
  /** Whether it holds a digest that the manifests name. */
  has(digest: Digest): boolean;
}

/** What is known of a digest at its source; a failure is what the registry said. */
export type SourceState = 'present' | 'missing' | { readonly failure: string };

/** Every action. Edges are kept by its position here. */
export const edgeActions = ['present', 'copy', 'tag', 'lost', 'tag-move', 'failed'] as const;

/**
 * `present`: nothing to do; `copy`: the content must travel; `tag`: the content is there, the tag is new or moves;
 * `lost`: neither source nor destination holds the digest; `tag-move`: the tag is on another digest and may not move;
 * `failed`: the source could not be read.
 */
export type EdgeAction = (typeof edgeActions)[number];

/** An edge and what becomes of it. */
export interface PlannedEdge extends Edge {
  readonly action: EdgeAction;
  /** Where the tag points now, when that is another digest. */
  readonly was?: Digest;
  /** Why the edge is not carried out, as a sentence for reports. */
  readonly reason?: string;
}

/** What the plan of one repository depends on. */
export interface PlanFacts {
  readonly destination: DestinationState;
  source(repository: string, digest: Digest): SourceState;
  /** Whether a tag that is on another digest may move. */
  mayMove(edge: ManifestEdge): boolean;
}

/** Decides about one edge. Set semantics of promotion: manifests, source and destination as sets of digests and tags. */
export function planEdge(edge: ManifestEdge, { destination, source, mayMove }: PlanFacts): PlannedEdge {
  const { digest, tag } = edge;
  const now = tag === null ? undefined : destination.tag(tag);
  const isThere = now === digest || destination.has(digest);
  if (tag === null ? isThere : now === digest) {
    return plannedEdge(edge, 'present');
  }
  if (!isThere) {
    const state = source(edge.source, digest);
    if (typeof state === 'object') {
      return plannedEdge(edge, 'failed', now, state.failure);
    }
    if (state === 'missing') {
      return plannedEdge(
        edge,
        'lost',
        now,
        `neither ${edge.source} nor ${edge.destination} holds the digest`,
      );
    }
  }
  if (now !== undefined && !mayMove(edge)) {
    return plannedEdge(edge, 'tag-move', now, `the tag is on ${now} and may not move`);
  }
  return plannedEdge(edge, isThere ? 'tag' : 'copy', now);
}

/** Whether an edge is to be carried out. */
export function isToDo({ action }: PlannedEdge): boolean {
  return action === 'copy' || action === 'tag';
}

/** An edge of a repository that could not be read. */
export function failedEdge(edge: Edge, reason: string): PlannedEdge {
  return plannedEdge(edge, 'failed', undefined, reason);
}

/** An edge with what is to be done about it. Without `was` and `reason` these members are left out: plans have many edges. */
export function plannedEdge(edge: Edge, action: EdgeAction, was?: Digest, reason?: string): PlannedEdge {
  const { source, destination, digest, tag } = edge;
  return was === undefined && reason === undefined
    ? { source, destination, digest, tag, action }
    : {
        source,
        destination,
        digest,
        tag,
        action,
        ...(was === undefined ? {} : { was }),
        ...(reason === undefined ? {} : { reason }),
      };
}
