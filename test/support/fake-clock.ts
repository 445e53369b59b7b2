// A fake clock: only the test advances it, and nothing waits in real time.
import type { Clock } from '../../src/transport/clock.ts';

/** A {@link Clock} that records what was asked of it. */
export interface FakeClock extends Clock {
  /** The length of every wait that was started, in milliseconds and in order. */
  readonly waits: readonly number[];
  /** How many waits have neither ended nor been aborted. */
  readonly sleeping: number;
  /** Moves the time forward and ends the waits that are due by then, in the order of their times. */
  advance(milliseconds: number): void;
  /** Resolves as soon as this many waits are running. */
  untilSleeping(count: number): Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/**
 * A clock that starts on 1 January 2026. In the mode `auto` each wait advances it by its length and ends at once; in
 * the mode `manual` waits last until the test advances it.
 */
export function createFakeClock(mode: 'auto' | 'manual' = 'auto'): FakeClock {
  let time = Date.UTC(2026, 0, 1);
  const waits: number[] = [];
  let sleepers: Sleeper[] = [];
  let watchers: { count: number; resolve: () => void }[] = [];

  const advance = (milliseconds: number) => {
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
        if (mode === 'auto') {
          advance(milliseconds);
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
    advance,
    untilSleeping: (count) =>
      sleepers.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => watchers.push({ count, resolve })),
  };
}
