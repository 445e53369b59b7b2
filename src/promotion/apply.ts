// Carrying out a saved plan: every destination is read again, and one that has changed since is left alone.
import { errorText } from '../errors.ts';
import { mapByHost } from './hosts.ts';
import { type Inventory, openInventory } from './inventory.ts';
import type { PromotionPlan } from './plan.ts';
import { type DestinationState, failedEdge, isToDo, type PlannedEdge, plannedEdge } from './plan-edges.ts';
import { carryOutPlan, type PromoteOptions, type PromotionResult } from './promote.ts';
import { reportPlanned } from './promotion-report.ts';
import { Places, PlannedEdges, RepositoryEdges } from './repository-edges.ts';

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
  const places = new Places();
  const repositories = await mapByHost(
    plan.edges.repositories,
    ({ destination }) => destination,
    async (edges) => {
      const isRead = Iterator.from(edges).some(isToDo);
      const now = Iterator.from(isRead ? await readAgain(edges, inventory, options) : edges);
      const listed = now.filter(({ action }) => options.all || action !== 'present');
      return new RepositoryEdges(edges.destination, listed, places);
    },
  );
  return await carryOutPlan({ edges: new PlannedEdges(repositories), total: plan.total }, options);
}

/** The edges of one destination, those that are to be done by what it holds now. */
async function readAgain(
  edges: RepositoryEdges,
  inventory: Inventory,
  { signal, onEdge }: Pick<PromoteOptions, 'signal' | 'onEdge'>,
): Promise<Iterable<PlannedEdge>> {
  const fail = (reason: string) =>
    Array.from(edges, (edge) => {
      if (!isToDo(edge)) {
        return edge;
      }
      const failed = failedEdge(edge, reason);
      onEdge(reportPlanned(failed));
      return failed;
    });
  try {
    const state = await inventory.destination(edges.destination, edges);
    const change = firstChange(edges, state);
    if (change !== undefined) {
      return fail(`the destination has changed since the plan was made: ${change}`);
    }
    return Array.from(edges, (edge) =>
      isToDo(edge) && isDone(edge, state) ? plannedEdge(edge, 'present') : edge,
    );
  } catch (error) {
    signal.throwIfAborted();
    return fail(errorText(error));
  }
}

function firstChange(edges: Iterable<PlannedEdge>, state: DestinationState): string | undefined {
  for (const edge of edges) {
    const change = changeSince(edge, state);
    if (change !== undefined) {
      return change;
    }
  }
  return undefined;
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
