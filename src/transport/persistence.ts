// Carries out what retry.ts decides: waits, asks again, pauses everybody when the registry asks for it.
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock } from './clock.ts';
import { classifyFailure } from './failure.ts';
import { decideRetry, type RetryStage } from './retry.ts';

/** How a command keeps trying. */
export interface Persistence {
  /** Runs one exchange, and again after failures that may pass. A failure that ends the attempt is thrown. */
  exchange<Result>(action: () => Promise<Result>): Promise<Result>;
  /** Runs an attempt made of several exchanges, and again from its start when a failure asks for that. */
  attempt<Result>(action: () => Promise<Result>): Promise<Result>;
}

/** What a {@link Persistence} goes by; `test` shrinks every wait to milliseconds. */
export interface PersistenceOptions {
  readonly stage: RetryStage;
  readonly test: boolean;
  readonly clock: Clock;
  random(): number;
  readonly log: Log;
}

/** Keeps trying as the stage demands. Exchanges of one persistence share a pause: one 429 slows all of them down. */
export function createPersistence(options: PersistenceOptions): Persistence {
  const { clock, log } = options;
  let pausedUntil = 0;

  const persist = async <Result>(
    action: () => Promise<Result>,
    repeats: 'repeat' | 'restart',
  ): Promise<Result> => {
    const startedAt = clock.now();
    for (let attempt = 1; ; attempt++) {
      const pause = pausedUntil - clock.now();
      if (pause > 0) {
        await clock.sleep(pause);
      }
      try {
        return await action();
      } catch (error) {
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
          await clock.sleep(decision.wait);
        }
      }
    }
  };

  return {
    exchange: (action) => persist(action, 'repeat'),
    attempt: (action) => persist(action, 'restart'),
  };
}

function waitText(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.ceil(milliseconds)}ms` : `${(milliseconds / 1000).toFixed(1)}s`;
}
