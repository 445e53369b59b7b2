// Works on promotions host by host, so that a slow host does not hold up another.
import { mapConcurrently } from '../limiter.ts';
import type { RepositoryPromotion } from './edges.ts';

/** How many repositories of one host are worked on at a time; the budget of the host counts too. */
const repositoriesPerHost = 64;

/** The results of an action on every promotion, by the host of its destination. */
export async function mapByHost<Result>(
  promotions: readonly RepositoryPromotion[],
  action: (promotion: RepositoryPromotion) => Promise<Result>,
): Promise<Result[]> {
  const hosts = Map.groupBy(promotions, ({ destination }) => destination.split('/', 1)[0] ?? '');
  const results = await Promise.all(
    Array.from(hosts.values(), (ofHost) => mapConcurrently(ofHost, repositoriesPerHost, action)),
  );
  return results.flat();
}
