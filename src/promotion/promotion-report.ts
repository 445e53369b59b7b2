// The result of a promotion for people and scripts: each edge with its outcome, and how many there are of each.
import type { Digest } from '../oci/digest.ts';
import type { CarriedOutcome } from './carry-out.ts';
import type { EdgeAction, PlannedEdge } from './plan-edges.ts';
import type { PlannedEdges } from './repository-edges.ts';

/**
 * `present`: it was so already; `pending`: a dry run would do it; `copied`: content travelled or was mounted; `tagged`: the
 * digest was there, the tag is new or moved; `lost`, `tag-move`: set aside; `failed`: could not be done.
 */
export type EdgeOutcome = 'present' | 'pending' | 'copied' | 'tagged' | 'lost' | 'tag-move' | 'failed';

/** One edge as it is reported. */
export interface ReportedEdge {
  readonly source: string;
  readonly destination: string;
  /** Null for an image that its source does not have, or that could not be read, under a tag. */
  readonly digest: Digest | null;
  readonly tag: string | null;
  readonly outcome: EdgeOutcome;
  /** Why it is not done, or what it replaces; empty when there is nothing to say. */
  readonly reason: string;
}

/** The edges of a result, in order. There may be hundreds of thousands: each is made when it is asked for, and not kept. */
export interface ReportedEdges extends Iterable<ReportedEdge> {
  readonly length: number;
}

/** How many edges there are of each outcome; `edges` counts all. */
export interface PromotionSummary {
  readonly edges: number;
  readonly present: number;
  readonly pending: number;
  readonly copied: number;
  readonly tagged: number;
  readonly lost: number;
  readonly tag_moves: number;
  readonly failed: number;
}

const plannedOutcomes: Readonly<Record<EdgeAction, EdgeOutcome>> = {
  present: 'present',
  copy: 'pending',
  tag: 'pending',
  lost: 'lost',
  'tag-move': 'tag-move',
  failed: 'failed',
};

/** An edge of a plan that was not carried out. */
export function reportPlanned(edge: PlannedEdge): ReportedEdge {
  return { ...placeOf(edge), outcome: plannedOutcomes[edge.action], reason: edge.reason ?? moveText(edge) };
}

/** An edge that was carried out, or failed. */
export function reportCarried(edge: PlannedEdge, { outcome, reason }: CarriedOutcome): ReportedEdge {
  return { ...placeOf(edge), outcome, reason: reason ?? (outcome === 'present' ? '' : moveText(edge)) };
}

/** The edges of a plan as `report` makes them of an edge and its position, whenever they are asked for. */
export function reportedEdges(
  edges: PlannedEdges,
  report: (edge: PlannedEdge, position: number) => ReportedEdge,
): ReportedEdges {
  return { length: edges.length, [Symbol.iterator]: () => edges[Symbol.iterator]().map(report) };
}

/** Counts outcomes. `total` is the number of all edges; those that are not reported are present. */
export function summarize(edges: Iterable<ReportedEdge>, total: number): PromotionSummary {
  const counts = { present: 0, pending: 0, copied: 0, tagged: 0, lost: 0, tag_moves: 0, failed: 0 };
  let reported = 0;
  for (const { outcome } of edges) {
    reported++;
    counts[outcome === 'tag-move' ? 'tag_moves' : outcome]++;
  }
  return { edges: total, ...counts, present: counts.present + total - reported };
}

/** Counts the edges of a plan before it is carried out. `total` is the number of all; those that are not listed are present. */
export function summarizePlan(edges: PlannedEdges, total: number): PromotionSummary {
  return {
    edges: total,
    present: edges.count('present') + total - edges.length,
    pending: edges.count('copy') + edges.count('tag'),
    copied: 0,
    tagged: 0,
    lost: edges.count('lost'),
    tag_moves: edges.count('tag-move'),
    failed: edges.count('failed'),
  };
}

/** The counts of two parts of a result together. */
export function addSummaries(one: PromotionSummary, other: PromotionSummary): PromotionSummary {
  return {
    edges: one.edges + other.edges,
    present: one.present + other.present,
    pending: one.pending + other.pending,
    copied: one.copied + other.copied,
    tagged: one.tagged + other.tagged,
    lost: one.lost + other.lost,
    tag_moves: one.tag_moves + other.tag_moves,
    failed: one.failed + other.failed,
  };
}

/** 1 when something could not be done, 2 when something would be done, else 0; lost images count unless allowed. */
export function promotionCode(summary: PromotionSummary, allowLost: boolean): 0 | 1 | 2 {
  const { pending, lost, tag_moves: moves, failed } = summary;
  if (failed > 0 || moves > 0 || (lost > 0 && !allowLost)) {
    return 1;
  }
  return pending > 0 ? 2 : 0;
}

function placeOf({ source, destination, digest, tag }: PlannedEdge) {
  return { source, destination, digest, tag };
}

function moveText({ was }: PlannedEdge): string {
  return was === undefined ? '' : `was on ${was}`;
}
