// What is fetched once and used until it is about to expire.
import type { Clock } from '../transport/clock.ts';

/** Something with an end: milliseconds since the epoch, undefined when it has none. */
export interface Expiring {
  readonly expires: number | undefined;
}

/** Credentials are replaced this long before their end, in milliseconds: a request may be on its way that long. */
const margin = 120_000;

/**
 * A function that gives what `fetch` gave last, and fetches anew two minutes before that expires. Those who ask while
 * it is fetched share the answer; a failure is not kept.
 */
export function cachedUntilExpiry<Value extends Expiring>(
  clock: Clock,
  fetch: () => Promise<Value>,
): () => Promise<Value> {
  let kept: Value | undefined;
  let fetching: Promise<Value> | undefined;
  return async () => {
    if (kept && (kept.expires === undefined || clock.now() < kept.expires - margin)) {
      return kept;
    }
    fetching ??= fetch().finally(() => {
      fetching = undefined;
    });
    kept = await fetching;
    return kept;
  };
}
