// A promotion from manifests: planned, and carried out when it is confirmed.
import type { Registries } from '../access/registries.ts';
import type { OnContentEvent } from '../content/content-event.ts';
import type { AttachmentFilter } from './attachments.ts';
import { carryOut } from './carry-out.ts';
import { type Edge, promotionsOf } from './edges.ts';
import { openInventory } from './inventory.ts';
import { type PromotionPlan, planPromotion } from './plan.ts';
import type { PlannedEdge } from './plan-edges.ts';
import type { PromotionManifest } from './promotion-manifest.ts';
import {
  type PromotionSummary,
  type ReportedEdge,
  reportCarried,
  reportPlanned,
  summarize,
} from './promotion-report.ts';

/** What is planned. */
export interface PlanRequest {
  readonly manifests: readonly PromotionManifest[];
  /** Chooses image names. */
  only(name: string): boolean;
  mayMove(edge: Edge): boolean;
  /** Whether edges that need nothing are listed. */
  readonly all: boolean;
}

/** What a promotion came to. */
export interface PromotionResult {
  readonly summary: PromotionSummary;
  readonly edges: readonly ReportedEdge[];
}

/** What carrying out a plan takes, beside its edges. */
export interface PromoteOptions {
  readonly registries: Registries;
  readonly attachments: AttachmentFilter | undefined;
  readonly signal: AbortSignal;
  readonly on: OnContentEvent;
  /** Called for every edge that was carried out or failed, as soon as that is known. */
  onEdge(edge: ReportedEdge): void;
}

/** The plan for manifests, by what the registries hold now. */
export async function makePlan(
  { manifests, only, mayMove, all }: PlanRequest,
  registries: Registries,
  signal: AbortSignal,
): Promise<PromotionPlan> {
  const inventory = openInventory(registries, signal);
  return await planPromotion(promotionsOf(manifests, only), { inventory, mayMove, all, signal });
}

/** A plan as the result of a dry run. */
export function dryRun({ edges, total }: PromotionPlan): PromotionResult {
  const reported = edges.map(reportPlanned);
  return { summary: summarize(reported, total), edges: reported };
}

/** Carries out a plan; edges that the plan set aside stay so. */
export async function carryOutPlan(
  { edges, total }: PromotionPlan,
  options: PromoteOptions,
): Promise<PromotionResult> {
  const carried = new Map<PlannedEdge, ReportedEdge>();
  await carryOut(edges, {
    ...options,
    onEdge(each) {
      const reported = reportCarried(each);
      carried.set(each.edge, reported);
      options.onEdge(reported);
    },
  });
  const reported = edges.map((edge) => carried.get(edge) ?? reportPlanned(edge));
  return { summary: summarize(reported, total), edges: reported };
}
