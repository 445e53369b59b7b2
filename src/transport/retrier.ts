// Carries out a retry policy: waits, repeats or restarts, and pauses all exchanges when the registry asks for it.
import { causes } from '../errors.ts';
import type { Clock } from './clock.ts';
import { classifyFailure } from './failure.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { OnTransportEvent } from './transport-event.ts';

/** Retries exchanges as its policy decides. */
export interface Retrier {
  /**
   * Runs one exchange, and again when the policy repeats it. Throws the last failure otherwise, also one that another
   * exchange in it has given up, and the reason of `signal` as soon as that is aborted.
   */
  exchange<Result>(action: () => Promise<Result>, signal?: AbortSignal): Promise<Result>;
  /** Runs an attempt made of several exchanges, and again from its start when the policy restarts it. */
  attempt<Result>(action: () => Promise<Result>): Promise<Result>;
  /** For an exchange that resumes where it failed, such as a download. */
  tries(): Tries;
}

/** The tries of one exchange that resumes where it failed. */
export interface Tries {
  /** Waits until the next try may begin; throws the failure when the policy gives up. */
  failed(error: unknown): Promise<void>;
  /** Some progress was made: the next failure counts as the first one. */
  progressed(): void;
}

/** What a {@link Retrier} needs. */
export interface RetrierOptions {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  /** A number at least 0 and below 1. */
  random(): number;
  readonly onEvent: OnTransportEvent;
  /** Ends waits at once, with its reason, when it is aborted; nothing is retried after that. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Failures for which a retrier has had all its patience. An exchange may contain another one, such as an upload that reads
 * from another registry: what the inner one gives up is final for the outer one, or their patience would add up.
 */
const givenUp = new WeakSet<object>();

function isGivenUp(error: unknown): boolean {
  return [...causes(error)].some((level) => level instanceof Error && givenUp.has(level));
}

/** A retrier whose exchanges share a pause: after a 429 for one of them, all of them wait. */
export function createRetrier(options: RetrierOptions): Retrier {
  const { policy, clock, onEvent } = options;
  let pausedUntil = 0;
  let hasResponded = false;

  const waitOut = async (signal: AbortSignal | undefined) => {
    // Another exchange may make the pause longer while this one waits.
    for (let pause = pausedUntil - clock.now(); pause > 0; pause = pausedUntil - clock.now()) {
      await clock.sleep(pause, signal);
    }
  };

  const begin = (repeats: 'repeat' | 'restart', signal = options.signal): Tries => {
    const start = () => ({ attempt: 0, startedAt: clock.now() });
    let all = start();
    let outage: ReturnType<typeof start> | undefined;
    return {
      async failed(error) {
        signal?.throwIfAborted();
        if (isGivenUp(error)) {
          throw error;
        }
        const failure = classifyFailure(error, clock.now());
        hasResponded ||= failure.outcome.kind === 'status';
        // A registry that restarts is given its time however long the request took before it went away.
        outage = failure.outcome.kind === 'unreachable' ? (outage ?? start()) : undefined;
        const tries = outage ?? all;
        tries.attempt++;
        const decision = policy({
          attempt: tries.attempt,
          outcome: failure.outcome,
          elapsed: clock.now() - tries.startedAt,
          hasResponded,
          retryAfter: failure.retryAfter,
          random: options.random(),
        });
        if (decision.action === 'give-up' && error instanceof Error) {
          givenUp.add(error);
        }
        if (decision.action !== repeats) {
          throw error;
        }
        onEvent({ kind: 'retry', error, wait: decision.wait });
        if (failure.outcome.kind === 'status') {
          pausedUntil = Math.max(pausedUntil, clock.now() + decision.wait);
        } else {
          await clock.sleep(decision.wait, signal);
        }
        await waitOut(signal);
      },
      progressed() {
        hasResponded = true;
        all = start();
        outage = undefined;
      },
    };
  };

  const retry = async <Result>(
    action: () => Promise<Result>,
    repeats: 'repeat' | 'restart',
    own?: AbortSignal,
  ): Promise<Result> => {
    const signals = [own, options.signal].filter((each) => each !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    const tries = begin(repeats, signal);
    await waitOut(signal);
    for (;;) {
      try {
        const result = await action();
        hasResponded = true;
        return result;
      } catch (error) {
        await tries.failed(error);
      }
    }
  };

  return {
    exchange: (action, signal) => retry(action, 'repeat', signal),
    attempt: (action) => retry(action, 'restart'),
    tries: () => begin('repeat'),
  };
}
