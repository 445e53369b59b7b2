// How fast one host is asked: requests a second and at a time, lowered when it answers 429 and raised again.
import type { Clock } from '../transport/clock.ts';
import type { HttpClient } from '../transport/http-client.ts';

/** The most that a host is asked. */
export interface HostLimits {
  readonly maxRequestsPerSecond?: number | undefined;
  readonly maxConcurrent?: number | undefined;
}

/** Requests that wait for their answer at the same time, where nothing else is configured. */
const usualConcurrency = 16;
/** After a 429 the rate and the concurrency are multiplied by this. */
const decrease = 0.7;
/** The least time between two decreases, in milliseconds: the answers to one burst count once. */
const decreasePause = 1_000;
/** How many requests must succeed before the concurrency is raised by one. */
const raiseAfter = 8;
/** Within this time after a decrease, in milliseconds, the rate grows back to what is configured. */
const recovery = 10_000;

/** Makes a client keep to the budget of a host, which all clients of one budget share. */
export type HostBudget = (client: HttpClient) => HttpClient;

/** The limits of a host for which several are configured: each the lowest. */
export function strictest(limits: readonly HostLimits[]): HostLimits {
  const least = (values: readonly (number | undefined)[]) => {
    const known = values.filter((value) => value !== undefined);
    return known.length > 0 ? Math.min(...known) : undefined;
  };
  return {
    maxRequestsPerSecond: least(limits.map(({ maxRequestsPerSecond }) => maxRequestsPerSecond)),
    maxConcurrent: least(limits.map(({ maxConcurrent }) => maxConcurrent)),
  };
}

/** The budget of one host. */
export function createHostBudget(limits: HostLimits, clock: Clock): HostBudget {
  const budget = createBudget(limits, clock);
  return (client) => ({
    ...client,
    async send(request) {
      await budget.acquire(request.signal);
      try {
        const response = await client.send(request);
        budget.observe(response.status);
        return response;
      } finally {
        // Not at the end of the body: a copy within one host would wait for itself.
        budget.release();
      }
    },
  });
}

interface Budget {
  /** Resolves when a request may be sent. */
  acquire(signal: AbortSignal | undefined): Promise<void>;
  release(): void;
  observe(status: number): void;
}

function createBudget(limits: HostLimits, clock: Clock): Budget {
  const { maxRequestsPerSecond, maxConcurrent = usualConcurrency } = limits;
  let concurrency = maxConcurrent;
  let running = 0;
  let successes = 0;
  const waiting: (() => void)[] = [];
  /** When the next request may be sent, by the rate. */
  let nextAt = 0;
  let factor = 1;
  let loweredAt = Number.NEGATIVE_INFINITY;

  const currentRate = () => {
    const grown = Math.min(1, (clock.now() - loweredAt) / recovery);
    return (maxRequestsPerSecond ?? Number.POSITIVE_INFINITY) * (factor + (1 - factor) * grown);
  };
  const admit = () => {
    while (running < concurrency) {
      const next = waiting.shift();
      if (!next) {
        return;
      }
      running++;
      next();
    }
  };
  const release = () => {
    running--;
    admit();
  };

  return {
    async acquire(signal) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        admit();
      });
      const now = clock.now();
      const at = Math.max(now, nextAt);
      nextAt = at + 1000 / currentRate();
      if (at > now) {
        try {
          await clock.sleep(at - now, signal);
        } catch (error) {
          release();
          throw error;
        }
      }
    },
    release,
    observe(status) {
      if (status === 429) {
        successes = 0;
        if (clock.now() - loweredAt >= decreasePause) {
          loweredAt = clock.now();
          factor = decrease;
          concurrency = Math.max(1, Math.floor(concurrency * decrease));
        }
      } else if (++successes >= raiseAfter && concurrency < maxConcurrent) {
        successes = 0;
        concurrency++;
        admit();
      }
    },
  };
}
