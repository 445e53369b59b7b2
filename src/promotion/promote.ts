// A promotion from manifests: planned, and carried out when it is confirmed.
import type { Registries } from '../access/registries.ts';
import type { Digest } from '../oci/digest.ts';
import { createCarriedOutcomes } from './carried-outcomes.ts';
import { type CarryOutOptions, carryOut } from './carry-out.ts';
import type { ManifestEdge, RepositoryPromotion } from './edges.ts';
import { openInventory, withSeenSources } from './inventory.ts';
import { type PromotionPlan, planPromotion } from './plan.ts';
import {
  addSummaries,
  type PromotionSummary,
  type ReportedEdge,
  type ReportedEdges,
  reportCarried,
  reportedEdges,
  reportPlanned,
  summarize,
  summarizePlan,
} from './promotion-report.ts';

/** What is planned. */
export interface PlanRequest {
  readonly promotions: readonly RepositoryPromotion[];
  /** Whether a tag that is on another digest may move. */
  mayMove(edge: ManifestEdge): boolean;
  /** Whether edges that need nothing are listed. */
  readonly all: boolean;
  /** Whether a digest was seen in a source repository already: it is not asked for again. */
  isAtSource?: ((repository: string, digest: Digest) => boolean) | undefined;
}

/** What a promotion came to. */
export interface PromotionResult {
  readonly summary: PromotionSummary;
  readonly edges: ReportedEdges;
}

/** What carrying out a plan takes, beside its edges. */
export interface PromoteOptions extends Omit<CarryOutOptions, 'onEdge'> {
  /** Called for every edge that was carried out or failed, as soon as that is known. */
  onEdge(edge: ReportedEdge): void;
}

/** The plan for promotions, by what the registries hold now. `onRead` is called for every destination that was read. */
export async function makePlan(
  { promotions, mayMove, all, isAtSource }: PlanRequest,
  registries: Registries,
  signal: AbortSignal,
  onRead?: (destination: string) => void,
): Promise<PromotionPlan> {
  const opened = openInventory(registries, signal);
  const inventory = isAtSource ? withSeenSources(opened, isAtSource) : opened;
  return await planPromotion(promotions, { inventory, mayMove, all, signal, onRead });
}

/** A plan as the result of a dry run. */
export function dryRun({ edges, total }: PromotionPlan): PromotionResult {
  const reported = reportedEdges(edges, reportPlanned);
  return { summary: summarizePlan(edges, total), edges: reported };
}

/** A result with what was set aside before there was a plan. */
export function withSetAside(
  { summary, edges }: PromotionResult,
  setAside: readonly ReportedEdge[],
): PromotionResult {
  const all = {
    length: edges.length + setAside.length,
    *[Symbol.iterator]() {
      yield* edges;
      yield* setAside;
    },
  };
  return { summary: addSummaries(summary, summarize(setAside, setAside.length)), edges: all };
}

/** Carries out a plan; edges that the plan set aside stay so. */
export async function carryOutPlan(
  { edges, total }: PromotionPlan,
  options: PromoteOptions,
): Promise<PromotionResult> {
  const outcomes = createCarriedOutcomes(edges.length);
  await carryOut(edges, {
    ...options,
    onEdge(each) {
      outcomes.set(each.position, each.outcome);
      options.onEdge(reportCarried(each.edge, each.outcome));
    },
  });
  const reported = reportedEdges(edges, (edge, position) => {
    const outcome = outcomes.get(position);
    return outcome ? reportCarried(edge, outcome) : reportPlanned(edge);
  });
  const summary = addSummaries(summarizePlan(edges, total), outcomes.changes());
  return { summary, edges: reported };
}
