// As many things at a time as allowed, in the order in which they came, and none after a failure.
import { describe, expect, it } from 'vitest';
import { createBudget, createLimiter, mapConcurrently } from '../src/limiter.ts';

/** Actions that end when the test says so. */
function gate() {
  const doors = new Map<number, PromiseWithResolvers<void>>();
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const door = (item: number) => {
    const found = doors.get(item) ?? Promise.withResolvers<void>();
    doors.set(item, found);
    return found;
  };
  return {
    started,
    most: () => most,
    open: (item: number) => door(item).resolve(),
    fail: (item: number, error: Error) => door(item).reject(error),
    async action(item: number) {
      started.push(item);
      running += 1;
      most = Math.max(most, running);
      await door(item).promise.finally(() => {
        running -= 1;
      });
      return item * 10;
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('limiter', () => {
  it('let in as many as there are, then in order', async () => {
    const limiter = createLimiter(2);
    const inside: number[] = [];
    const releases = [1, 2, 3, 4].map(async (who) => {
      const release = await limiter.acquire();
      inside.push(who);
      return release;
    });
    await settled();
    expect(inside).toEqual([1, 2]);
    (await releases[1])?.();
    await settled();
    expect(inside).toEqual([1, 2, 3]);
    (await releases[0])?.();
    await settled();
    expect(inside).toEqual([1, 2, 3, 4]);
  });

  it('let nobody in who has given up, and keep the order of the others', async () => {
    const limiter = createLimiter(1);
    const release = await limiter.acquire();
    const controller = new AbortController();
    const reason = new Error('given up');
    const outcome = limiter.acquire(controller.signal);
    const next = limiter.acquire(new AbortController().signal);
    controller.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    await expect(limiter.acquire(controller.signal)).rejects.toBe(reason);
    release();
    (await next)();
    (await limiter.acquire())();
  });

  it('that were given back are free', async () => {
    const limiter = createLimiter(1);
    (await limiter.acquire())();
    const release = await limiter.acquire();
    let second = false;
    void limiter.acquire().then(() => {
      second = true;
    });
    await settled();
    expect(second).toBe(false);
    release();
    await settled();
    expect(second).toBe(true);
  });
});

describe('results of many actions', () => {
  it('come in the order of the items, however the actions end', async () => {
    const { action, open, started, most } = gate();
    const results = mapConcurrently([1, 2, 3, 4, 5], 3, action);
    await settled();
    expect(started).toEqual([1, 2, 3]);
    for (const item of [3, 4, 2, 5, 1]) {
      open(item);
      await settled();
    }
    expect(await results).toEqual([10, 20, 30, 40, 50]);
    expect(most()).toBe(3);
  });

  it('of none are none', async () => {
    expect(await mapConcurrently([], 3, gate().action)).toEqual([]);
  });

  it('are the first failure, and nothing new is started after it', async () => {
    const { action, open, fail, started } = gate();
    const results = mapConcurrently([1, 2, 3, 4, 5], 2, action);
    fail(2, new Error('second'));
    await expect(results).rejects.toThrow('second');
    open(1);
    await settled();
    expect(started).toEqual([1, 2]);
  });
});

describe('budget', () => {
  it('admits in order what fits', async () => {
    const budget = createBudget(10);
    const inside: number[] = [];
    const releases = [6, 4, 8, 1].map(async (size) => {
      const release = await budget.acquire(size);
      inside.push(size);
      return release;
    });
    await settled();
    expect(inside).toEqual([6, 4]);
    (await releases[1])?.();
    await settled();
    expect(inside).toEqual([6, 4]);
    (await releases[0])?.();
    await settled();
    expect(inside).toEqual([6, 4, 8, 1]);
  });

  it('admits what is larger than the limit alone', async () => {
    const budget = createBudget(10);
    const release = await budget.acquire(11);
    let second = false;
    const next = budget.acquire(0).then(() => {
      second = true;
    });
    await settled();
    expect(second).toBe(false);
    release();
    await next;
    expect(second).toBe(true);
  });
});
