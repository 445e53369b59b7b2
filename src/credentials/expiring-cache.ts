// A cache of one value that is fetched again before it expires.
import type { Clock } from '../transport/clock.ts';

/** A value with an expiry in milliseconds since the epoch; undefined when it does not expire. */
export interface Expiring {
  readonly expires: number | undefined;
}

/** How long before its expiry a value is replaced, in milliseconds: a request may take that long. */
const margin = 120_000;

/**
 * A function that returns the last result of `fetch`, and fetches again two minutes before that expires, or when it is
 * called with `fresh`. Concurrent callers share one fetch; a failure is not cached.
 */
export function cachedUntilExpiry<Value extends Expiring>(
  clock: Clock,
  fetch: () => Promise<Value>,
): (fresh?: boolean) => Promise<Value> {
  let kept: Value | undefined;
  let fetching: Promise<Value> | undefined;
  return async (fresh = false) => {
    if (!fresh && kept && (kept.expires === undefined || clock.now() < kept.expires - margin)) {
      return kept;
    }
    fetching ??= fetch().finally(() => {
      fetching = undefined;
    });
    kept = await fetching;
    return kept;
  };
}
