// Works on repositories host by host, so that a slow host does not hold up another.
import { collectGarbage } from '../garbage.ts';
import { mapConcurrently } from '../limiter.ts';

/** How many repositories of one host are worked on at a time; the budget of the host counts too. */
const repositoriesPerHost = 64;

/** After so many repositories garbage is collected: the answers about them are mostly buffers, which the runtimes count little. */
const repositoriesPerCollection = 500;

/** The results of an action on every item, by the host of its repository (`host/path/name`). Of many items, the garbage is collected. */
export async function mapByHost<Item, Result>(
  items: readonly Item[],
  repositoryOf: (item: Item) => string,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const hosts = Map.groupBy(items, (item) => repositoryOf(item).split('/', 1)[0] ?? '');
  if (items.length > repositoriesPerCollection) {
    // What the items were read from is needed no more.
    collectGarbage();
  }
  let done = 0;
  const counted = async (item: Item) => {
    const result = await action(item);
    if (++done % repositoriesPerCollection === 0) {
      collectGarbage();
    }
    return result;
  };
  const results = await Promise.all(
    Array.from(hosts.values(), (ofHost) => mapConcurrently(ofHost, repositoriesPerHost, counted)),
  );
  return results.flat();
}
