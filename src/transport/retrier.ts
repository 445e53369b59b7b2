// Carries out what retry.ts decides: waits, asks again, pauses everybody when the registry asks for it.
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock } from './clock.ts';
import { classifyFailure } from './failure.ts';
import { decideRetry, type RetryStage } from './retry-policy.ts';

/** How a command keeps trying. */
export interface Retrier {
  /** Runs one exchange, and again after failures that may pass. A failure that ends the attempt is thrown. */
  exchange<Result>(action: () => Promise<Result>): Promise<Result>;
  /** Runs an attempt made of several exchanges, and again from its start when a failure asks for that. */
  attempt<Result>(action: () => Promise<Result>): Promise<Result>;
  /** For an exchange that goes on where it failed, such as a download. */
  tries(): Tries;
}

/** The tries of one exchange that may get further with each of them. */
export interface Tries {
  /** Waits until the next try may begin; throws the failure when there is none. */
  failed(error: unknown): Promise<void>;
  /** Something was achieved: patience with the next failure begins anew. */
  progressed(): void;
}

/** What a {@link Retrier} goes by; `test` shrinks every wait to milliseconds. */
export interface RetrierOptions {
  readonly stage: RetryStage;
  readonly test: boolean;
  readonly clock: Clock;
  random(): number;
  readonly log: Log;
  /** Ends waits at once, with its reason, when it is aborted; nothing is retried after that. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keeps trying as the stage demands. Exchanges of one retrier share a pause: one 429 slows all of them
 * down.
 */
export function createRetrier(options: RetrierOptions): Retrier {
  const { clock, log, signal } = options;
  let pausedUntil = 0;

  const waitOut = async () => {
    // Another exchange may make the pause longer while this one waits.
    for (let pause = pausedUntil - clock.now(); pause > 0; pause = pausedUntil - clock.now()) {
      await clock.sleep(pause, signal);
    }
  };

  const begin = (repeats: 'repeat' | 'restart'): Tries => {
    let startedAt = clock.now();
    let attempt = 0;
    return {
      async failed(error) {
        signal?.throwIfAborted();
        attempt++;
        const failure = classifyFailure(error, clock.now());
        const decision = decideRetry({
          stage: options.stage,
          attempt,
          outcome: failure.outcome,
          elapsed: clock.now() - startedAt,
          retryAfter: failure.retryAfter,
          random: options.random(),
          test: options.test,
        });
        if (decision.action !== repeats) {
          throw error;
        }
        log.warn(`transient error: ${errorText(error)}; retrying in ${waitText(decision.wait)}`);
        if (failure.outcome.kind === 'status') {
          pausedUntil = Math.max(pausedUntil, clock.now() + decision.wait);
        } else {
          await clock.sleep(decision.wait, signal);
        }
        await waitOut();
      },
      progressed() {
        startedAt = clock.now();
        attempt = 0;
      },
    };
  };

  const persist = async <Result>(
    action: () => Promise<Result>,
    repeats: 'repeat' | 'restart',
  ): Promise<Result> => {
    const tries = begin(repeats);
    await waitOut();
    for (;;) {
      try {
        return await action();
      } catch (error) {
        await tries.failed(error);
      }
    }
  };

  return {
    exchange: (action) => persist(action, 'repeat'),
    attempt: (action) => persist(action, 'restart'),
    tries: () => begin('repeat'),
  };
}

function waitText(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.ceil(milliseconds)}ms` : `${(milliseconds / 1000).toFixed(1)}s`;
}
