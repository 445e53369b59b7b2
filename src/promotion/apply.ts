// Carrying out a saved plan: every destination is read again, and one that has changed since is left alone.
import { errorText } from '../errors.ts';
import type { RepositoryPromotion } from './edges.ts';
import { mapByHost } from './hosts.ts';
import { type Inventory, openInventory } from './inventory.ts';
import type { PromotionPlan } from './plan.ts';
import { type DestinationState, failedEdge, isToDo, type PlannedEdge, plannedEdge } from './plan-edges.ts';
import { carryOutPlan, type PromoteOptions, type PromotionResult } from './promote.ts';
import type { ManifestDigest } from './promotion-manifest.ts';
import { reportPlanned } from './promotion-report.ts';

/** How a saved plan is carried out. */
export interface ApplyOptions extends PromoteOptions {
  /** Whether edges that need nothing are listed. */
  readonly all: boolean;
}

/**
 * Carries out a plan that was made earlier. A destination repository in which a tag is neither where the plan saw it
 * nor where it is to be, or in which a digest is gone, is not written to: all its edges fail. What an earlier run has done
 * is present now, and counted; it is listed with `all` only.
 */
export async function applyPlan(plan: PromotionPlan, options: ApplyOptions): Promise<PromotionResult> {
  const inventory = openInventory(options.registries, options.signal);
  const byDestination = [...Map.groupBy(plan.edges, ({ destination }) => destination)];
  const now = await mapByHost(
    byDestination,
    ([destination]) => destination,
    async ([destination, edges]) =>
      edges.some(isToDo) ? await readAgain(destination, edges, inventory, options) : edges,
  );
  const edges = now.flat().filter(({ action }) => options.all || action !== 'present');
  return await carryOutPlan({ edges, total: plan.total }, options);
}

/** The edges of one destination, those that are to be done by what it holds now. */
async function readAgain(
  destination: string,
  edges: readonly PlannedEdge[],
  inventory: Inventory,
  { signal, onEdge }: Pick<PromoteOptions, 'signal' | 'onEdge'>,
): Promise<readonly PlannedEdge[]> {
  const fail = (reason: string) =>
    edges.map((edge) => {
      if (!isToDo(edge)) {
        return edge;
      }
      const failed = failedEdge(edge, reason);
      onEdge(reportPlanned(failed));
      return failed;
    });
  try {
    const state = await inventory.destination(promotionOf(destination, edges));
    const change = edges.map((edge) => changeSince(edge, state)).find((text) => text !== undefined);
    if (change !== undefined) {
      return fail(`the destination has changed since the plan was made: ${change}`);
    }
    return edges.map((edge) => (isToDo(edge) && isDone(edge, state) ? plannedEdge(edge, 'present') : edge));
  } catch (error) {
    signal.throwIfAborted();
    return fail(errorText(error));
  }
}

function promotionOf(destination: string, edges: readonly PlannedEdge[]): RepositoryPromotion {
  return {
    destination,
    sources: edges.map(({ source, digest, tag }) => {
      const entry: ManifestDigest = { digest, tags: tag === null ? [] : [tag], file: '', line: 0 };
      return { source, name: destination, digests: [entry] };
    }),
  };
}

function isDone({ digest, tag }: PlannedEdge, state: DestinationState): boolean {
  return tag === null ? state.has(digest) : state.tag(tag) === digest;
}

/** What is neither as the plan saw it nor as it shall be; an earlier run may have done a part. */
function changeSince(edge: PlannedEdge, state: DestinationState): string | undefined {
  const { digest, tag, was, action } = edge;
  if (action === 'failed' || isDone(edge, state)) {
    return undefined;
  }
  const now = tag === null ? undefined : state.tag(tag);
  // A tag that was present was on the digest; of a lost digest, or a tag without a move, `was` is what the plan saw.
  const seen = action === 'present' && tag !== null ? digest : was;
  if (now !== seen) {
    return now === undefined ? `tag ${tag}, which was on ${seen}, is gone` : `tag ${tag} is on ${now}`;
  }
  const isNeeded = action === 'tag' || action === 'present';
  return isNeeded && !state.has(digest) ? `${digest} is gone` : undefined;
}
