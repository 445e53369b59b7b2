// What registries hold of what manifests name: as few requests as each registry allows.
import type { Registries } from '../access/registries.ts';
import { errorText } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { parseRepository } from '../oci/reference.ts';
import { lookUpDigest } from '../registry/manifest-endpoint.ts';
import { listTagDigests, type RepositoryListing, type TagListing } from '../registry/tag-digests.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { isPassing } from '../transport/retry-policy.ts';
import type { Session } from '../transport/session.ts';
import type { Edge } from './edges.ts';
import type { DestinationState, SourceState } from './plan-edges.ts';

/** How many tags or digests of one repository are asked for at a time; the budget of its host counts too. */
const lookUpConcurrency = 8;

/** What the state of a destination is to answer about an edge. */
export type WantedContent = Pick<Edge, 'digest' | 'tag'>;

/** Reads repositories; each answer is kept for the run. */
export interface Inventory {
  /** The state of a destination (`host/path/name`) for the edges into it. Throws what the registry said. */
  destination(destination: string, edges: Iterable<WantedContent>): Promise<DestinationState>;
  /** Which of these digests a source repository holds. */
  source(repository: string, digests: readonly Digest[]): Promise<ReadonlyMap<Digest, SourceState>>;
}

/** An inventory by requests: a tag list with digests where the host has them, else a HEAD for each name. */
export function openInventory(registries: Registries, signal: AbortSignal): Inventory {
  const hosts = new Map<string, HostListing>();
  const listings = new Map<string, Promise<Listing>>();
  const sources = new Map<string, Map<Digest, Promise<SourceState>>>();

  const list = async (host: HostListing, session: Session): Promise<Listing> => {
    let listed: TagListing;
    try {
      listed = await listTagDigests(session, signal);
    } catch (error) {
      if (!(error instanceof RegistryError) || error.status < 400 || isPassing(error.status)) {
        throw error;
      }
      return { kind: 'none', refusal: error };
    }
    if (listed.kind === 'missing') {
      return host.listsDigests ? { kind: 'digests', listing: emptyListing } : { kind: 'untagged' };
    }
    host.listsDigests ??= listed.kind === 'digests';
    return listed.kind === 'digests' ? listed : { kind: 'none' };
  };

  /** The listing of a repository. The first repository that exists shows which kind its host has. */
  const listingOf = async (name: string, session: Session): Promise<Listing> => {
    const { registry } = session.repository;
    const host = hosts.get(registry) ?? {};
    hosts.set(registry, host);
    await host.first?.catch(() => undefined);
    if (host.listsDigests === false) {
      return { kind: 'none' };
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
      if (listing.kind === 'digests') {
        return listing.listing.digests.has(digest) ? 'present' : 'missing';
      }
      const found = await orRefusal(listing, () => lookUpDigest(session, digest));
      const { refusal } = listing;
      // Registries that forbid a repository may hide what is in it.
      const isHidden = found === undefined && refusal !== undefined && [401, 403].includes(refusal.status);
      return isHidden ? { failure: errorText(refusal) } : found === undefined ? 'missing' : 'present';
    } catch (error) {
      signal.throwIfAborted();
      return { failure: errorText(error) };
    }
  };

  return {
    async destination(destination, edges) {
      const session = await registries.writer(parseRepository(destination));
      const listing = await listingOf(destination, session);
      if (!sources.has(destination)) {
        // It is asked for once; only what is in its state is kept.
        listings.delete(destination);
      }
      return listing.kind === 'digests'
        ? listedState(listing.listing)
        : await orRefusal(listing, () => askedState(session, edges, listing.kind === 'untagged'));
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

/** What the tag list of a repository says. */
type Listing =
  | { readonly kind: 'digests'; readonly listing: RepositoryListing }
  /** It has no tags; whether it has digests is not known. */
  | { readonly kind: 'untagged'; readonly refusal?: undefined }
  /** It says nothing about digests, or the registry refuses it. */
  | { readonly kind: 'none'; readonly refusal?: RegistryError };

/** The result of requests without a body in their answers. Throws what the registry said when it refused the list, if it did. */
async function orRefusal<Result>(
  { refusal }: { readonly refusal?: RegistryError | undefined },
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof RegistryError && refusal ? refusal : error;
  }
}

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

/** A HEAD for each tag, unless there are none; for a digest only where no tag shows that it is there. */
async function askedState(
  session: Session,
  wanted: Iterable<WantedContent>,
  isUntagged: boolean,
): Promise<DestinationState> {
  const edges = [...wanted];
  const tags = new Map<string, Digest>();
  const digests = new Set<Digest>();
  const named = new Set(isUntagged ? [] : edges.flatMap(({ tag }) => tag ?? []));
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
