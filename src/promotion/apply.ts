// Carrying out a saved plan: every destination is read again, and one that has changed since is left alone.
import { errorText } from '../errors.ts';
import type { RepositoryPromotion } from './edges.ts';
import { openInventory } from './inventory.ts';
import type { PromotionPlan } from './plan.ts';
import type { DestinationState, PlannedEdge } from './plan-edges.ts';
import { carryOutPlan, type PromoteOptions, type PromotionResult } from './promote.ts';
import type { ManifestDigest } from './promotion-manifest.ts';

/**
 * Carries out a plan that was made earlier. A destination repository in which a tag is neither where the plan saw it
 * nor where it is to be, or in which a digest is gone, is not written to: all its edges fail.
 */
export async function applyPlan(plan: PromotionPlan, options: PromoteOptions): Promise<PromotionResult> {
  const { registries, signal } = options;
  const inventory = openInventory(registries, signal);
  const byDestination = Map.groupBy(plan.edges.filter(isToDo), ({ destination }) => destination);
  const refused = new Map<string, string>();
  await Promise.all(
    Array.from(byDestination, async ([destination, edges]) => {
      try {
        const state = await inventory.destination(promotionOf(destination, edges));
        const change = edges.map((edge) => changeSince(edge, state)).find((text) => text !== undefined);
        if (change !== undefined) {
          refused.set(destination, `the destination has changed since the plan was made: ${change}`);
        }
      } catch (error) {
        signal.throwIfAborted();
        refused.set(destination, errorText(error));
      }
    }),
  );
  const edges = plan.edges.map((edge): PlannedEdge => {
    const reason = isToDo(edge) ? refused.get(edge.destination) : undefined;
    return reason === undefined ? edge : { ...edge, action: 'failed', reason };
  });
  return await carryOutPlan({ edges, total: plan.total }, options);
}

function isToDo({ action }: PlannedEdge): boolean {
  return action === 'copy' || action === 'tag';
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

/** What is neither as the plan saw it nor as it shall be; an earlier run may have done a part. */
function changeSince({ digest, tag, was, action }: PlannedEdge, state: DestinationState): string | undefined {
  const now = tag === null ? undefined : state.tag(tag);
  if (now !== undefined && now !== digest && now !== was) {
    return `tag ${tag} is on ${now}`;
  }
  if (now === undefined && was !== undefined) {
    return `tag ${tag}, which was on ${was}, is gone`;
  }
  return action === 'tag' && !state.has(digest) ? `${digest} is gone` : undefined;
}
