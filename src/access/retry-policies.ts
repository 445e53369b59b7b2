// The retry policies of the product: what check, in, out and a mirror do after a failure, and how long they wait.
import {
  type Backoff,
  isPassing,
  nextWait,
  type RetryOutcome,
  type RetryPolicy,
} from '../transport/retry-policy.ts';

/** One policy for each use of a registry. */
export interface RetryPolicies {
  readonly check: RetryPolicy;
  readonly in: RetryPolicy;
  readonly out: RetryPolicy;
  /** For registries whose hosts have budgets: as `out`, but after a rate limit the budget is what slows requests down. */
  readonly promotion: RetryPolicy;
  /** For a registry that stands in for another one, which is asked when this one fails. */
  readonly mirror: RetryPolicy;
}

interface Rule {
  readonly action: 'repeat' | 'restart';
  readonly backoff: Backoff;
}

type Rules = (outcome: RetryOutcome, hasResponded: boolean) => Rule | undefined;

const minute = 60_000;
const unlimited = Number.POSITIVE_INFINITY;

const backoffs = {
  /** For rate limits and broken connections, which pass with time: upstream's hour. */
  long: { first: 5_000, longest: 5 * minute, total: 60 * minute, tries: unlimited },
  /** For the rate limit of a host with a budget, which was lowered: a longer wait would leave the host idle. */
  limited: { first: 500, longest: 5 * minute, total: 60 * minute, tries: unlimited },
  /** For a registry that is overloaded or sends nothing. */
  short: { first: 1_000, longest: 30_000, total: 5 * minute, tries: 10 },
  /** For a wrong digest, or an upload that is lost: that may not happen again, but if it is stored or configured, it does. */
  again: { first: 1_000, longest: 5_000, total: 60 * minute, tries: 3 },
  /** For a registry that has not noticed yet what was just uploaded. */
  unsettled: { first: 1_000, longest: 3_000, total: 10_000, tries: 5 },
  /** For a refusal of an upload whose code may mean anything: a registry that means it says so again. */
  doubtful: { first: 1_000, longest: 3_000, total: 10_000, tries: 3 },
  /** For a registry that has responded before and cannot be reached now: it may be restarting. */
  outage: { first: 1_000, longest: 10_000, total: 90_000, tries: unlimited },
  /** For a registry that never responded: its name or port is wrong, or the network is not ready yet. */
  contact: { first: 1_000, longest: 2_000, total: 5_000, tries: 4 },
  /** Short, because Concourse runs a check every minute. */
  check: { first: 500, longest: 10_000, total: 30_000, tries: 5 },
  mirror: { first: 500, longest: 2_000, total: minute, tries: 2 },
};

/** The same with waits of milliseconds; only tries are limited, so that a slow machine changes nothing. */
const shrunkBackoffs: typeof backoffs = {
  long: { first: 5, longest: 50, total: unlimited, tries: 20 },
  limited: { first: 1, longest: 50, total: unlimited, tries: 20 },
  short: { first: 1, longest: 20, total: unlimited, tries: 10 },
  again: { first: 1, longest: 20, total: unlimited, tries: 3 },
  unsettled: { first: 1, longest: 20, total: unlimited, tries: 5 },
  doubtful: { first: 1, longest: 20, total: unlimited, tries: 3 },
  outage: { first: 5, longest: 200, total: unlimited, tries: 32 },
  contact: { first: 1, longest: 20, total: unlimited, tries: 4 },
  check: { first: 1, longest: 20, total: unlimited, tries: 5 },
  mirror: { first: 1, longest: 20, total: unlimited, tries: 2 },
};

/** The policies with the waits for users (`real`), or with waits of milliseconds for black-box tests (`shrunk`). */
export function retryPolicies(waits: 'real' | 'shrunk'): RetryPolicies {
  const backoff = waits === 'shrunk' ? shrunkBackoffs : backoffs;
  const { long, limited, short, again, unsettled, doubtful, check, mirror } = backoff;

  const repeatWhatPasses: Rules = (outcome) => {
    const duration = durationOf(outcome);
    return duration && { action: 'repeat', backoff: duration === 'long' ? long : short };
  };

  /** A registry that cannot be reached is tried again in every command; the other rules come after it. */
  const withOutages =
    (rules: Rules): Rules =>
    (outcome, hasResponded) =>
      outcome.kind === 'unreachable'
        ? { action: 'repeat', backoff: hasResponded ? backoff.outage : backoff.contact }
        : rules(outcome, hasResponded);

  const push = withOutages((outcome, hasResponded) => {
    if (outcome.kind === 'unsettled') {
      return { action: 'repeat', backoff: unsettled };
    }
    if (outcome.kind === 'lost') {
      return { action: 'repeat', backoff: again };
    }
    return (
      repeatWhatPasses(outcome, hasResponded) ??
      (hasTemporaryCode(outcome) ? { action: 'repeat', backoff: doubtful } : undefined)
    );
  });

  return {
    check: policy(withOutages((outcome) => durationOf(outcome) && { action: 'repeat', backoff: check })),
    mirror: policy((outcome) =>
      outcome.kind === 'unreachable' || durationOf(outcome)
        ? { action: 'repeat', backoff: mirror }
        : undefined,
    ),
    // A rate limit counts for the whole attempt, and content with a wrong digest may be unpacked already.
    in: policy(
      withOutages((outcome, hasResponded) => {
        if (outcome.kind === 'corrupt') {
          return { action: 'restart', backoff: again };
        }
        return isRateLimit(outcome)
          ? { action: 'restart', backoff: long }
          : repeatWhatPasses(outcome, hasResponded);
      }),
    ),
    out: policy(push),
    promotion: policy((outcome, hasResponded) =>
      isRateLimit(outcome) ? { action: 'repeat', backoff: limited } : push(outcome, hasResponded),
    ),
  };
}

/** For how long, and how often, `in` asks again for a digest that a registry does not have. In milliseconds. */
export interface MissingPatience {
  readonly total: number;
  readonly pause: number;
}

/** A registry may need some seconds to show what was just pushed. Black-box tests expect its 404 to count at once. */
export function missingPatience(waits: 'real' | 'shrunk'): MissingPatience {
  return waits === 'shrunk' ? noPatience : { total: 15_000, pause: 2_000 };
}

/** For a mirror: the registry is asked next. */
export const noPatience: MissingPatience = { total: 0, pause: 0 };

function policy(rules: Rules): RetryPolicy {
  return (facts) => {
    const rule = rules(facts.outcome, facts.hasResponded);
    const wait = rule && nextWait(rule.backoff, facts);
    return rule && wait !== undefined ? { action: rule.action, wait } : { action: 'give-up' };
  };
}

/** How long a failure may last; undefined when a retry cannot help. */
function durationOf(outcome: RetryOutcome): 'long' | 'short' | undefined {
  switch (outcome.kind) {
    case 'reset':
    case 'early-end':
      return 'long';
    case 'stall':
      return 'short';
    case 'status':
      return isRateLimit(outcome) ? 'long' : isPassing(outcome.status) ? 'short' : undefined;
    case 'unreachable':
    case 'corrupt':
    case 'unsettled':
    case 'lost':
    case 'permanent':
      return undefined;
  }
}

function isRateLimit(outcome: RetryOutcome): boolean {
  return outcome.kind === 'status' && outcome.status === 429;
}

/** In an upload, codes such as BLOB_UPLOAD_INVALID may be temporary whatever their status. */
function hasTemporaryCode(outcome: RetryOutcome): boolean {
  return (
    outcome.kind === 'status' &&
    outcome.temporary &&
    outcome.status >= 400 &&
    ![401, 403, 404].includes(outcome.status)
  );
}
