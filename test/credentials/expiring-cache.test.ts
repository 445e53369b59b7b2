// Credentials are fetched once, and again before they are refused.
import { describe, expect, it } from 'vitest';
import { cachedUntilExpiry } from '../../src/credentials/expiring-cache.ts';
import { createFakeClock } from '../support/fake-clock.ts';

/** A source whose n-th value is n, each valid for so many milliseconds. */
function counted(lifetime: number | undefined) {
  const clock = createFakeClock();
  let count = 0;
  const give = cachedUntilExpiry(clock, async () => {
    count += 1;
    return { count, expires: lifetime === undefined ? undefined : clock.now() + lifetime };
  });
  return { clock, give, wait: (milliseconds: number) => clock.sleep(milliseconds) };
}

describe('what was fetched', () => {
  it('is kept until two minutes before it expires', async () => {
    const { give, wait } = counted(900_000);
    expect((await give()).count).toBe(1);
    await wait(779_999);
    expect((await give()).count).toBe(1);
    await wait(1);
    expect((await give()).count).toBe(2);
    expect((await give()).count).toBe(2);
  });

  it('is kept for good when it has no end', async () => {
    const { give, wait } = counted(undefined);
    await give();
    await wait(365 * 86_400_000);
    expect((await give()).count).toBe(1);
  });

  it('is shared by all who ask meanwhile', async () => {
    const { give } = counted(900_000);
    const answers = await Promise.all([give(), give(), give()]);
    expect(answers.map(({ count }) => count)).toEqual([1, 1, 1]);
  });
});

it('a failure is not kept', async () => {
  const outcomes = [Promise.reject(new Error('not yet')), Promise.resolve({ expires: undefined })];
  outcomes[0]?.catch(() => {});
  const give = cachedUntilExpiry(
    createFakeClock(),
    () => outcomes.shift() ?? Promise.reject(new Error('asked too often')),
  );
  await expect(give()).rejects.toThrow('not yet');
  await expect(give()).resolves.toEqual({ expires: undefined });
  await expect(give()).resolves.toEqual({ expires: undefined });
});
