// What registries hold of what manifests name: as few requests as each registry allows.
import type { Registries } from '../access/registries.ts';
import { errorText } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { parseRepository } from '../oci/reference.ts';
import { lookUpDigest } from '../registry/manifest-endpoint.ts';
import { listTagDigests, type RepositoryListing } from '../registry/tag-digests.ts';
import type { Session } from '../transport/session.ts';
import { edgesOf, type RepositoryPromotion } from './edges.ts';
import type { DestinationState, SourceState } from './plan-edges.ts';

/** How many tags or digests of one repository are asked for at a time; the budget of its host counts too. */
const lookUpConcurrency = 8;

/** Reads repositories; each answer is kept for the run. */
export interface Inventory {
  /** The state of a destination for what is promoted into it. Throws what the registry said. */
  destination(promotion: RepositoryPromotion): Promise<DestinationState>;
  /** Which of these digests a source repository holds. */
  source(repository: string, digests: readonly Digest[]): Promise<ReadonlyMap<Digest, SourceState>>;
}

/** An inventory by requests: a tag list with digests where the host has them, else a HEAD for each name. */
export function openInventory(registries: Registries, signal: AbortSignal): Inventory {
  const hosts = new Map<string, HostListing>();
  const listings = new Map<string, Promise<RepositoryListing | undefined>>();
  const sources = new Map<string, Map<Digest, Promise<SourceState>>>();

  const list = async (host: HostListing, session: Session): Promise<RepositoryListing | undefined> => {
    const listed = await listTagDigests(session, signal);
    if (listed.kind === 'missing') {
      return emptyListing;
    }
    host.listsDigests ??= listed.kind === 'digests';
    return listed.kind === 'digests' ? listed.listing : undefined;
  };

  /** The listing of a repository; undefined where its host has none. The first repository that exists shows which. */
  const listingOf = async (name: string, session: Session): Promise<RepositoryListing | undefined> => {
    const { registry } = session.repository;
    const host = hosts.get(registry) ?? {};
    hosts.set(registry, host);
    await host.first?.catch(() => undefined);
    if (host.listsDigests === false) {
      return undefined;
    }
    const listing = listings.get(name) ?? list(host, session);
    listings.set(name, listing);
    host.first ??= listing;
    return await listing;
  };

  const readSource = async (repository: string, digest: Digest): Promise<SourceState> => {
    try {
      const session = await registries.reader(parseRepository(repository));
      const listing = await listingOf(repository, session);
      if (listing) {
        return listing.digests.has(digest) ? 'present' : 'missing';
      }
      return (await lookUpDigest(session, digest)) === undefined ? 'missing' : 'present';
    } catch (error) {
      signal.throwIfAborted();
      return { failure: errorText(error) };
    }
  };

  return {
    async destination(promotion) {
      const session = await registries.writer(parseRepository(promotion.destination));
      const listing = await listingOf(promotion.destination, session);
      return listing ? listedState(listing) : await askedState(session, promotion);
    },
    async source(repository, digests) {
      const asked = sources.get(repository) ?? new Map<Digest, Promise<SourceState>>();
      sources.set(repository, asked);
      const states = new Map<Digest, SourceState>();
      await mapConcurrently(digests, lookUpConcurrency, async (digest) => {
        const state = asked.get(digest) ?? readSource(repository, digest);
        asked.set(digest, state);
        states.set(digest, await state);
      });
      return states;
    },
  };
}

/** An inventory that does not ask a source for digests that were seen there. */
export function withSeenSources(
  inventory: Inventory,
  isSeen: (repository: string, digest: Digest) => boolean,
): Inventory {
  return {
    ...inventory,
    async source(repository, digests) {
      const unseen = digests.filter((digest) => !isSeen(repository, digest));
      const states = new Map(await inventory.source(repository, unseen));
      for (const digest of digests) {
        if (!states.has(digest)) {
          states.set(digest, 'present');
        }
      }
      return states;
    },
  };
}

const emptyListing: RepositoryListing = { tags: new Map(), digests: new Set(), mediaTypes: new Map() };

/** What is known of the tag lists of a host. */
interface HostListing {
  /** The first listing, which the others wait for. */
  first?: Promise<unknown>;
  /** Whether they have digests; undefined as long as no repository was found. */
  listsDigests?: boolean;
}

function listedState({ tags, digests }: RepositoryListing): DestinationState {
  return { tag: (tag) => tags.get(tag), has: (digest) => digests.has(digest) };
}

/** A HEAD for each tag; for a digest only where no tag shows that it is there. */
async function askedState(session: Session, promotion: RepositoryPromotion): Promise<DestinationState> {
  const edges = [...edgesOf(promotion)];
  const tags = new Map<string, Digest>();
  const digests = new Set<Digest>();
  const named = new Set(edges.flatMap(({ tag }) => tag ?? []));
  await mapConcurrently([...named], lookUpConcurrency, async (tag) => {
    const digest = await lookUpDigest(session, tag);
    if (digest !== undefined) {
      tags.set(tag, digest);
      digests.add(digest);
    }
  });
  const unknown = new Set(edges.map(({ digest }) => digest).filter((digest) => !digests.has(digest)));
  await mapConcurrently([...unknown], lookUpConcurrency, async (digest) => {
    if ((await lookUpDigest(session, digest)) !== undefined) {
      digests.add(digest);
    }
  });
  return { tag: (tag) => tags.get(tag), has: (digest) => digests.has(digest) };
}
