// A clock that only the test turns: nothing ever waits in real time.
import type { Clock } from '../../src/transport/clock.ts';

/** A {@link Clock} with everything that was asked of it. */
export interface TurnedClock extends Clock {
  /** Every wait that was begun, in milliseconds and in order. */
  readonly waits: readonly number[];
  /** How many waits are neither over nor aborted. */
  readonly sleeping: number;
  /** Turns the clock on and ends the waits that are over by then, in the order of their times. */
  turn(milliseconds: number): void;
  /** Resolves as soon as so many waits are under way. */
  asleep(count: number): Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/**
 * A clock that starts on 1 January 2026. By itself each wait turns it on by its length and is over at once; `held`,
 * waits last until the test turns it.
 */
export function createTurnedClock(mode: 'running' | 'held' = 'running'): TurnedClock {
  let time = Date.UTC(2026, 0, 1);
  const waits: number[] = [];
  let sleepers: Sleeper[] = [];
  let watchers: { count: number; resolve: () => void }[] = [];

  const turn = (milliseconds: number) => {
    time += milliseconds;
    const due = sleepers.filter(({ until }) => until <= time).sort((a, b) => a.until - b.until);
    sleepers = sleepers.filter(({ until }) => until > time);
    for (const { wake } of due) {
      wake();
    }
  };

  return {
    waits,
    get sleeping() {
      return sleepers.length;
    },
    now: () => time,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        waits.push(milliseconds);
        const sleeper = { until: time + milliseconds, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal.reason);
        });
        if (mode === 'running') {
          turn(milliseconds);
        }
        const [ready, others] = [
          watchers.filter(({ count }) => count <= sleepers.length),
          watchers.filter(({ count }) => count > sleepers.length),
        ];
        watchers = others;
        for (const watcher of ready) {
          watcher.resolve();
        }
      }),
    turn,
    asleep: (count) =>
      sleepers.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => watchers.push({ count, resolve })),
  };
}
