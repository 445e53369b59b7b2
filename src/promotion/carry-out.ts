// Carries out the edges of a plan: each digest once, to all its destinations, no host waiting for another.
import type { Registries } from '../access/registries.ts';
import { collectGarbage } from '../garbage.ts';
import { createBudget, createLimiter, type Limiter, mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { repositoryName } from '../oci/reference.ts';
import type { SourceGate } from '../signing/prefix-gates.ts';
import type { Progress } from '../transfer/progress.ts';
import { createSharedMemory } from '../transfer/shared-reads.ts';
import { type AttachmentFilter, type AttachmentFinder, attachmentFinder } from './attachments.ts';
import { copyDigest, type SignDestination } from './copy-digest.ts';
import type { DestinationTags, OnPromotionEvent } from './copy-image.ts';
import { isToDo, type PlannedEdge } from './plan-edges.ts';
import type { PlannedEdges } from './repository-edges.ts';
import type { TagOutcome } from './set-tags.ts';

/** How many digests are under way at a time. They wait for the budgets of hosts. */
const digestConcurrency = 1_000;

/** How many edges these digests may have together: each copy that waits takes some kilobytes. */
const edgesUnderWay = 8_000;

/** How many copies to one host are begun at a time; the requests of each keep to the budget of the host. */
const copiesPerHost = 16;

/** After so many copies garbage is collected: the runtimes let hundreds of megabytes of it wait. */
const copiesPerCollection = 1_000;

/** What became of an edge that was to be carried out. */
export type CarriedOutcome = Pick<TagOutcome, 'outcome' | 'reason'>;

/** An edge that was to be carried out, and what became of it. */
export interface CarriedEdge {
  /** Among all edges of the plan. */
  readonly position: number;
  readonly edge: PlannedEdge;
  readonly outcome: CarriedOutcome;
}

/** What copies between registries take. */
export interface CopyOptions {
  readonly registries: Registries;
  /** Verifies an image of a registry before it is copied. */
  readonly verify: SourceGate;
  /** Signs an image at a destination; undefined when nothing is signed. */
  readonly sign: SignDestination | undefined;
  /** Chooses what travels with an image; undefined when nothing does. */
  readonly attachments: AttachmentFilter | undefined;
  readonly signal: AbortSignal;
  /** Shows the blobs that are read from sources; undefined where nothing is shown. */
  readonly progress: Progress | undefined;
  readonly on: OnPromotionEvent;
}

/** How edges are carried out. */
export interface CarryOutOptions extends CopyOptions {
  /** Whether a tag of an attachment may leave what a destination has under it; without this, none may. */
  readonly mayReplace?: ((destination: string, tag: string) => boolean) | undefined;
  /** Called for every edge, as soon as it is decided. */
  onEdge(carried: CarriedEdge): void;
}

/** Carries out the edges whose action is `copy` or `tag`; the others are left alone. */
export async function carryOut(edges: PlannedEdges, options: CarryOutOptions): Promise<void> {
  const { registries, verify, sign, attachments, mayReplace, signal, progress, on } = options;
  const memory = createSharedMemory();
  const finders = new Map<string, AttachmentFinder>();
  const hosts = new Map<string, Limiter>();
  let copies = 0;
  const copyOptions = {
    registries,
    verify,
    sign,
    memory,
    mayReplace,
    signal,
    progress,
    on,
    finder(session: Parameters<typeof attachmentFinder>[0]) {
      if (!attachments) {
        return undefined;
      }
      const { registry, path } = session.repository;
      const key = `${registry}/${path}`;
      const name = repositoryName(session.repository);
      const onMissing = (tag: string) => on({ type: 'attachment-missing', name, tag }, registry);
      const finder = finders.get(key) ?? attachmentFinder(session, attachments, onMissing);
      finders.set(key, finder);
      return finder;
    },
    async admit<Result>(host: string, copying: () => Promise<Result>): Promise<Result> {
      const limiter = hosts.get(host) ?? createLimiter(copiesPerHost);
      hosts.set(host, limiter);
      const release = await limiter.acquire();
      try {
        signal.throwIfAborted();
        return await copying();
      } finally {
        release();
        if (++copies % copiesPerCollection === 0) {
          collectGarbage();
        }
      }
    },
  };
  const carryOutDigest = async ({ source, digest, positions }: DigestGroup) => {
    const own = positions.map((position) => ({ position, edge: edges.at(position) }));
    const byDestination = Map.groupBy(own, ({ edge }) => edge.destination);
    const destinations = Array.from(
      byDestination,
      ([destination, members]): DestinationTags => ({
        destination,
        tags: members.flatMap(({ edge: { tag, was } }) => (tag === null ? [] : [{ tag, was }])),
      }),
    );
    await copyDigest(source, digest, destinations, copyOptions, ({ destination }, outcomes) => {
      for (const { position, edge } of byDestination.get(destination) ?? []) {
        options.onEdge({ position, edge, outcome: outcomeOf(edge, outcomes) });
      }
    });
  };
  const underWay = createBudget(edgesUnderWay);
  await mapConcurrently(groupByDigest(edges), digestConcurrency, async (group) => {
    const release = await underWay.acquire(group.positions.length);
    await carryOutDigest(group).finally(release);
  });
}

function outcomeOf(edge: PlannedEdge, outcomes: readonly TagOutcome[]): CarriedOutcome {
  // A digest that is wanted with and without a tag is there as soon as one of its tags is.
  const own = outcomes.find(({ tag }) => tag === edge.tag) ?? outcomes[0];
  if (!own) {
    throw new Error('a copy must say what became of each of its tags');
  }
  const { outcome, reason } = own;
  return reason === undefined ? { outcome } : { outcome, reason };
}

interface DigestGroup {
  readonly source: string;
  readonly digest: Digest;
  /** Of its edges among all of the plan. */
  readonly positions: number[];
}

/** The edges to carry out, by source and digest. */
function groupByDigest(edges: PlannedEdges): DigestGroup[] {
  const groups: DigestGroup[] = [];
  const sources = new Map<string, Map<Digest, DigestGroup>>();
  let position = 0;
  for (const edge of edges) {
    if (isToDo(edge)) {
      const { source, digest } = edge;
      const digests = sources.get(source) ?? new Map<Digest, DigestGroup>();
      sources.set(source, digests);
      let group = digests.get(digest);
      if (!group) {
        group = { source, digest, positions: [] };
        digests.set(digest, group);
        groups.push(group);
      }
      group.positions.push(position);
    }
    position++;
  }
  return groups;
}
