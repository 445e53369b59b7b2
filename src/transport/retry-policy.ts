// When to ask a registry again: one pure decision.

/** What is being done; asking a mirror is a stage of its own, because another registry waits behind it. */
export type RetryStage = 'check' | 'in' | 'out' | 'mirror';

/**
 * How an exchange failed. `reset`: the connection broke; `early-end`: the data ended before it was complete;
 * `stall`: the server fell silent; `unreachable`: no connection came about; `corrupt`: the content was not
 * what its digest says; `permanent`: asking again can't help. `temporary` is what the registry's error codes
 * say.
 */
export type RetryOutcome =
  | { readonly kind: 'status'; readonly status: number; readonly temporary: boolean }
  | { readonly kind: 'reset' | 'early-end' | 'stall' | 'unreachable' | 'corrupt' | 'permanent' };

/** What {@link decideRetry} goes by; times are in milliseconds. */
export interface RetryFacts {
  readonly stage: RetryStage;
  /** How many tries have failed, 1 after the first. Progress since the last failure may set it back to 1. */
  readonly attempt: number;
  readonly outcome: RetryOutcome;
  /** Since the first try began. */
  readonly elapsed: number;
  /** What the registry asked for. */
  readonly retryAfter?: number | undefined;
  /** At least 0 and below 1. */
  readonly random: number;
  /** Shrinks every wait to milliseconds and counts tries only. */
  readonly test: boolean;
}

/**
 * `repeat` the request, or `restart` the attempt from its ping, after `wait` milliseconds; or tell the user.
 */
export type RetryDecision =
  | { readonly action: 'repeat' | 'restart'; readonly wait: number }
  | { readonly action: 'give-up' };

/**
 * `first` and `longest` bound the waits, `total` the time since the first try (all in ms), `tries` their
 * number.
 */
interface Patience {
  readonly first: number;
  readonly longest: number;
  readonly total: number;
  readonly tries: number;
}

const minute = 60_000;
const patiences = {
  /** Rate limits and broken connections pass with time: upstream's hour. */
  long: { first: 5_000, longest: 5 * minute, total: 60 * minute, tries: Number.POSITIVE_INFINITY },
  short: { first: 1_000, longest: 30_000, total: 5 * minute, tries: 10 },
  /** Damage on the way may not happen again; a registry that keeps wrong bytes will send them again. */
  corrupt: { first: 1_000, longest: 5_000, total: 60 * minute, tries: 3 },
  /** A check is asked for again every minute. */
  check: { first: 500, longest: 10_000, total: 30_000, tries: 5 },
  mirror: { first: 500, longest: 2_000, total: minute, tries: 2 },
};
const testPatiences: typeof patiences = {
  long: { first: 5, longest: 50, total: Number.POSITIVE_INFINITY, tries: 20 },
  short: { first: 1, longest: 20, total: Number.POSITIVE_INFINITY, tries: 10 },
  corrupt: { first: 1, longest: 20, total: Number.POSITIVE_INFINITY, tries: 3 },
  check: { first: 1, longest: 20, total: Number.POSITIVE_INFINITY, tries: 5 },
  mirror: { first: 1, longest: 20, total: Number.POSITIVE_INFINITY, tries: 2 },
};

/**
 * What to do after a failure. Waits grow exponentially with full jitter; `Retry-After` is waited for, up to
 * the longest wait. In `in` a 429 and corrupt content end the attempt, since what was unpacked can't be kept;
 * everything else that may pass repeats the request.
 */
export function decideRetry(facts: RetryFacts): RetryDecision {
  const { stage, attempt, outcome, elapsed, test } = facts;
  const length = patienceFor(stage, outcome);
  if (length === undefined) {
    return { action: 'give-up' };
  }
  const patience: Patience = (test ? testPatiences : patiences)[length];
  if (attempt >= patience.tries || elapsed >= patience.total) {
    return { action: 'give-up' };
  }
  const most = Math.min(patience.longest, patience.first * 2 ** (attempt - 1));
  const asked = Math.min(patience.longest, facts.retryAfter ?? 0);
  const wait = Math.min(Math.max(facts.random * most, asked), patience.total - elapsed);
  const restarts = stage === 'in' && (isRateLimit(outcome) || outcome.kind === 'corrupt');
  return { action: restarts ? 'restart' : 'repeat', wait };
}

/**
 * The wait of a `Retry-After` header in milliseconds: RFC 9110, section 10.2.3. `now` is ms since the epoch.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) {
    return Number(text) * 1000;
  }
  const date = /^[A-Z][a-z]{2,8}, .* GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function isRateLimit(outcome: RetryOutcome): boolean {
  return outcome.kind === 'status' && outcome.status === 429;
}

function patienceFor(stage: RetryStage, outcome: RetryOutcome): keyof typeof patiences | undefined {
  const length = lengthFor(stage, outcome);
  return length !== undefined && (stage === 'check' || stage === 'mirror') ? stage : length;
}

function lengthFor(stage: RetryStage, outcome: RetryOutcome): 'long' | 'short' | 'corrupt' | undefined {
  switch (outcome.kind) {
    case 'reset':
    case 'early-end':
      return 'long';
    case 'stall':
      return 'short';
    case 'corrupt':
      return stage === 'in' ? 'corrupt' : undefined;
    case 'unreachable':
      return stage === 'mirror' ? 'short' : undefined;
    case 'permanent':
      return undefined;
    case 'status':
      return outcome.status === 429 ? 'long' : mayPass(stage, outcome) ? 'short' : undefined;
  }
}

/**
 * Whether a status is one of a moment: 408, 429 and 5xx but for 501 and 505, which say that it can't be done.
 */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

function mayPass(stage: RetryStage, { status, temporary }: { status: number; temporary: boolean }): boolean {
  if (isPassing(status)) {
    return true;
  }
  // While uploading, codes such as BLOB_UPLOAD_INVALID say that it may work again, whatever their status.
  return stage === 'out' && temporary && status >= 400 && ![401, 403, 404].includes(status);
}
