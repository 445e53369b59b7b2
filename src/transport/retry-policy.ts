// The terms of a retry policy: how an exchange failed, what may follow, and how long to wait.

/**
 * How an exchange failed. `reset`: the connection broke; `early-end`: the data ended before it was complete;
 * `stall`: the server stopped sending; `unreachable`: no connection was made; `corrupt`: the content does not match
 * its digest; `unsettled`: the registry does not know yet what it accepted before; `lost`: it
 * does not know any more what it accepted before; `permanent`: a retry cannot help.
 * `temporary` is what the registry's error codes say.
 */
export type RetryOutcome =
  | { readonly kind: 'status'; readonly status: number; readonly temporary: boolean }
  | {
      readonly kind:
        | 'reset'
        | 'early-end'
        | 'stall'
        | 'unreachable'
        | 'corrupt'
        | 'unsettled'
        | 'lost'
        | 'permanent';
    };

/** What a {@link RetryPolicy} decides by; times are in milliseconds. */
export interface RetryFacts {
  /**
   * How many tries have failed, 1 after the first. Progress since the last failure may set it back to 1. For `unreachable`,
   * how many in a row could not connect.
   */
  readonly attempt: number;
  readonly outcome: RetryOutcome;
  /** Since the first try began; for `unreachable`, since the first of those in a row that could not connect. */
  readonly elapsed: number;
  /** Whether the registry has responded before in this process: then it is there, and only away for a while. */
  readonly hasResponded: boolean;
  /** The wait that the registry asked for. */
  readonly retryAfter?: number | undefined;
  /** At least 0 and below 1. */
  readonly random: number;
}

/** `repeat` the request or `restart` the attempt from its ping after `wait` milliseconds, or fail. */
export type RetryDecision =
  | { readonly action: 'repeat' | 'restart'; readonly wait: number }
  | { readonly action: 'give-up' };

/** Decides what follows a failure. The caller of a session chooses it. */
export type RetryPolicy = (facts: RetryFacts) => RetryDecision;

/**
 * Bounds of retries: `first` and `longest` of each wait, `total` of the time since the first try (all in
 * milliseconds), `tries` of their number.
 */
export interface Backoff {
  readonly first: number;
  readonly longest: number;
  readonly total: number;
  readonly tries: number;
}

/**
 * The wait before the next try in milliseconds, undefined when no try is left. It grows exponentially; a random half of it
 * keeps clients apart, the other half gives a registry the time to recover. A `Retry-After` is honoured up to the longest
 * wait.
 */
export function nextWait(backoff: Backoff, facts: RetryFacts): number | undefined {
  const { attempt, elapsed } = facts;
  if (attempt >= backoff.tries || elapsed >= backoff.total) {
    return undefined;
  }
  const most = Math.min(backoff.longest, backoff.first * 2 ** (attempt - 1));
  const asked = Math.min(backoff.longest, facts.retryAfter ?? 0);
  return Math.min(Math.max((0.5 + facts.random / 2) * most, asked), backoff.total - elapsed);
}

/** Whether a status may pass with time: 408, 429 and 5xx except 501 and 505, which a retry does not change. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/**
 * The wait of a `Retry-After` header in milliseconds, undefined for an invalid one: RFC 9110, section 10.2.3. `now` is
 * milliseconds since the epoch.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d+$/.test(value)) {
    return Number(value) * 1000;
  }
  const date = /^[A-Z][a-z]{2,8}, .* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
