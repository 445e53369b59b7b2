// Works on repositories host by host, so that a slow host does not hold up another.
import { mapConcurrently } from '../limiter.ts';

/** How many repositories of one host are worked on at a time; the budget of the host counts too. */
const repositoriesPerHost = 64;

/** The results of an action on every item, by the host of its repository (`host/path/name`). */
export async function mapByHost<Item, Result>(
  items: readonly Item[],
  repositoryOf: (item: Item) => string,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const hosts = Map.groupBy(items, (item) => repositoryOf(item).split('/', 1)[0] ?? '');
  const results = await Promise.all(
    Array.from(hosts.values(), (ofHost) => mapConcurrently(ofHost, repositoriesPerHost, action)),
  );
  return results.flat();
}
