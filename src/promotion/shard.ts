// Which part of a plan a task carries out: by destination host first, then by repository.
import { digestOf } from '../oci/digest.ts';
import type { RepositoryPromotion } from './edges.ts';

/** Part `index` of `count`, counted from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A repository with the number of its edges. */
export interface WeighedRepository {
  readonly destination: string;
  readonly edges: number;
}

/**
 * The destination repositories of one shard; every repository is in exactly one. With fewer shards than hosts a host
 * lies in one shard, so that its budget does; with more, the largest hosts are divided by repository. The same
 * repositories are divided in the same way on every machine.
 */
export function repositoriesOfShard(
  repositories: readonly WeighedRepository[],
  { index, count }: Shard,
): ReadonlySet<string> {
  const hosts = groupByHost(repositories);
  const loads = Array.from({ length: count }, () => 0);
  const mine = new Set<string>();
  const extra = Math.max(0, count - hosts.length);
  const total = hosts.reduce((sum, { edges }) => sum + edges, 0);
  for (const host of hosts) {
    const share = 1 + Math.round((extra * host.edges) / Math.max(1, total));
    const shards = leastLoaded(loads, Math.min(share, count));
    for (const repository of host.repositories) {
      const shard = shards[placeOf(repository.destination, shards.length)] ?? 0;
      loads[shard] = (loads[shard] ?? 0) + repository.edges;
      if (shard === index) {
        mine.add(repository.destination);
      }
    }
  }
  return mine;
}

/** The promotions into the repositories of one shard. */
export function promotionsOfShard(
  promotions: readonly RepositoryPromotion[],
  shard: Shard,
): RepositoryPromotion[] {
  const weighed = promotions.map(({ destination, sources }) => ({
    destination,
    edges: sources
      .flatMap(({ digests }) => digests)
      .reduce((sum, { tags }) => sum + Math.max(1, tags.length), 0),
  }));
  const mine = repositoriesOfShard(weighed, shard);
  return promotions.filter(({ destination }) => mine.has(destination));
}

/**
 * The part of a list that one shard has. Every destination that the list names weighs the same, also one for which nothing
 * was found: whatever the tasks find at the sources, each at another time, none leaves out what is in no other.
 */
export function listOfShard(
  destinations: readonly string[],
  shard: Shard,
): <Part extends { readonly destination: string }>(parts: readonly Part[]) => Part[] {
  const weighed = Array.from(new Set(destinations), (destination) => ({ destination, edges: 1 }));
  const mine = repositoriesOfShard(weighed, shard);
  return (parts) => parts.filter(({ destination }) => mine.has(destination));
}

interface HostGroup {
  readonly host: string;
  readonly edges: number;
  readonly repositories: readonly WeighedRepository[];
}

/** Largest first; equal ones by name. */
function groupByHost(repositories: readonly WeighedRepository[]): HostGroup[] {
  const hosts = new Map<string, WeighedRepository[]>();
  for (const repository of repositories) {
    const host = repository.destination.split('/', 1)[0] ?? '';
    const members = hosts.get(host);
    if (members) {
      members.push(repository);
    } else {
      hosts.set(host, [repository]);
    }
  }
  const groups = Array.from(hosts, ([host, members]) => ({
    host,
    edges: members.reduce((sum, { edges }) => sum + edges, 0),
    repositories: members.toSorted((a, b) => (a.destination < b.destination ? -1 : 1)),
  }));
  return groups.sort((a, b) => b.edges - a.edges || (a.host < b.host ? -1 : 1));
}

function leastLoaded(loads: readonly number[], count: number): number[] {
  const order = loads.map((load, shard) => ({ load, shard }));
  return order
    .sort((a, b) => a.load - b.load || a.shard - b.shard)
    .slice(0, count)
    .map(({ shard }) => shard);
}

function placeOf(repository: string, count: number): number {
  return count === 1 ? 0 : Number(BigInt(`0x${digestOf(repository).slice(7, 23)}`) % BigInt(count));
}
