// The plan of a promotion: every edge with what becomes of it, repository by repository.
import { errorText } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { edgesOf, type ManifestEdge, otherSources, type RepositoryPromotion } from './edges.ts';
import { mapByHost } from './hosts.ts';
import type { Inventory } from './inventory.ts';
import {
  type DestinationState,
  failedEdge,
  type PlanFacts,
  type PlannedEdge,
  planEdge,
  type SourceState,
} from './plan-edges.ts';
import { Places, PlannedEdges, RepositoryEdges } from './repository-edges.ts';

/** Everything that a promotion would do. Edges that need nothing are counted, and listed only when asked for. */
export interface PromotionPlan {
  readonly edges: PlannedEdges;
  /** How many edges there are, those that are not listed too. */
  readonly total: number;
}

/** How a plan is made. */
export interface PlanOptions {
  readonly inventory: Inventory;
  /** Whether a tag that is on another digest may move. */
  mayMove(edge: ManifestEdge): boolean;
  /** Whether edges that need nothing are listed. */
  readonly all: boolean;
  readonly signal: AbortSignal;
  /** Called for every destination (`host/path/name`) that was read, or could not be. */
  onRead?: ((destination: string) => void) | undefined;
}

/** Reads what the registries hold, and decides about every edge. A repository that cannot be read fails by itself. */
export async function planPromotion(
  promotions: readonly RepositoryPromotion[],
  { inventory, mayMove, all, signal, onRead }: PlanOptions,
): Promise<PromotionPlan> {
  let total = 0;
  const listed = function* (edges: Iterable<PlannedEdge>): Generator<PlannedEdge> {
    for (const edge of edges) {
      total++;
      if (all || edge.action !== 'present') {
        yield edge;
      }
    }
  };
  const places = new Places();
  const planOne = async (promotion: RepositoryPromotion) => {
    const edges = await planRepository(promotion, inventory, mayMove, signal);
    onRead?.(promotion.destination);
    return new RepositoryEdges(promotion.destination, listed(edges), places);
  };
  const repositories = await mapByHost(promotions, ({ destination }) => destination, planOne);
  return { edges: new PlannedEdges(repositories), total };
}

async function planRepository(
  promotion: RepositoryPromotion,
  inventory: Inventory,
  mayMove: (edge: ManifestEdge) => boolean,
  signal: AbortSignal,
): Promise<Iterable<PlannedEdge>> {
  let destination: DestinationState;
  try {
    destination = await inventory.destination(promotion.destination, edgesOf(promotion));
  } catch (error) {
    signal.throwIfAborted();
    const reason = errorText(error);
    return edgesOf(promotion).map((edge) => failedEdge(edge, reason));
  }
  const sources = await sourceStates(promotion, destination, inventory);
  const source = (repository: string, digest: Digest): SourceState =>
    sources.get(repository)?.get(digest) ?? 'missing';
  const facts = { destination, source, mayMove };
  return edgesOf(promotion).map((edge) => planFromAnySource(edge, promotion, facts));
}

/** Plans an edge from the first source that has the digest: several may promote it into one repository. */
function planFromAnySource(
  edge: ManifestEdge,
  promotion: RepositoryPromotion,
  facts: PlanFacts,
): PlannedEdge {
  let planned = planEdge(edge, facts);
  if (promotion.sources.length === 1 || !isUnavailable(planned)) {
    return planned;
  }
  for (const { source } of otherSources(promotion, edge)) {
    const other = planEdge({ ...edge, source }, facts);
    if (!isUnavailable(other)) {
      return other;
    }
    // What one source cannot say is not certainly lost.
    planned = planned.action === 'lost' ? other : planned;
  }
  return planned;
}

function isUnavailable({ action }: PlannedEdge): boolean {
  return action === 'lost' || action === 'failed';
}

/** What the sources hold of the digests that the destination lacks. */
async function sourceStates(
  { sources }: RepositoryPromotion,
  destination: DestinationState,
  inventory: Inventory,
): Promise<ReadonlyMap<string, ReadonlyMap<Digest, SourceState>>> {
  const states = new Map<string, ReadonlyMap<Digest, SourceState>>();
  for (const { source, digests } of sources) {
    const lacking = digests.filter(
      ({ digest, tags }) => !destination.has(digest) && !tags.some((tag) => destination.tag(tag) === digest),
    );
    if (lacking.length > 0) {
      const wanted = lacking.map(({ digest }) => digest);
      const answers = await inventory.source(source, wanted);
      const known = states.get(source);
      states.set(source, known ? new Map([...known, ...answers]) : answers);
    }
  }
  return states;
}
