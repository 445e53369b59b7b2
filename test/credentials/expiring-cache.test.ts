// A value is fetched once, and again before it expires.
import { describe, expect, it } from 'vitest';
import { cachedUntilExpiry } from '../../src/credentials/expiring-cache.ts';
import { createFakeClock } from '../support/fake-clock.ts';

/** A source whose n-th value is n, each valid for so many milliseconds. */
function counted(lifetime: number | undefined) {
  const clock = createFakeClock();
  let count = 0;
  const get = cachedUntilExpiry(clock, async () => {
    count += 1;
    return { count, expires: lifetime === undefined ? undefined : clock.now() + lifetime };
  });
  return { clock, get, wait: (milliseconds: number) => clock.sleep(milliseconds) };
}

describe('cachedUntilExpiry', () => {
  it('keeps a value until two minutes before it expires', async () => {
    const { get, wait } = counted(900_000);
    expect((await get()).count).toBe(1);
    await wait(779_999);
    expect((await get()).count).toBe(1);
    await wait(1);
    expect((await get()).count).toBe(2);
    expect((await get()).count).toBe(2);
  });

  it('keeps a value without an expiry for ever', async () => {
    const { get, wait } = counted(undefined);
    await get();
    await wait(365 * 86_400_000);
    expect((await get()).count).toBe(1);
  });

  it('fetches again when the value was refused', async () => {
    const { get } = counted(900_000);
    await get();
    expect((await get(true)).count).toBe(2);
    expect((await get()).count).toBe(2);
  });

  it('shares one fetch among concurrent callers', async () => {
    const { get } = counted(900_000);
    const answers = await Promise.all([get(), get(), get()]);
    expect(answers.map(({ count }) => count)).toEqual([1, 1, 1]);
  });
});

it('does not cache a failure', async () => {
  const outcomes = [Promise.reject(new Error('not yet')), Promise.resolve({ expires: undefined })];
  outcomes[0]?.catch(() => {});
  const get = cachedUntilExpiry(
    createFakeClock(),
    () => outcomes.shift() ?? Promise.reject(new Error('asked too often')),
  );
  await expect(get()).rejects.toThrow('not yet');
  await expect(get()).resolves.toEqual({ expires: undefined });
  await expect(get()).resolves.toEqual({ expires: undefined });
});
