// What a policy decides is carried out: waits, repetitions, restarts, and one pause for all exchanges.
import { describe, expect, it } from 'vitest';
import { type RetryPolicies, retryPolicies } from '../../src/access/retry-policies.ts';
import { UserError } from '../../src/errors.ts';
import { RegistryError } from '../../src/transport/registry-error.ts';
import { createRetrier } from '../../src/transport/retrier.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { recordedLog, testRetrier } from '../support/test-session.ts';

type Use = keyof RetryPolicies;

function refusal(status: number, retryAfter?: string): RegistryError {
  return new RegistryError({ method: 'GET', url: 'https://registry/v2/', status, body: '', retryAfter });
}

function reset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}

function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
}

/** An action that fails with these errors in turn and then succeeds. */
function failing(...errors: readonly Error[]) {
  const left = [...errors];
  const action = async () => {
    action.calls += 1;
    const error = left.shift();
    if (error) {
      throw error;
    }
    return 'done';
  };
  action.calls = 0;
  return action;
}

function retrier(use: Use, clock = createFakeClock()) {
  const log = recordedLog(clock);
  return { ...testRetrier(clock, use, log), clock, log };
}

describe('exchange', () => {
  it('runs an action once when it succeeds', async () => {
    const { exchange, clock, log } = retrier('check');
    const action = failing();
    expect(await exchange(action)).toBe('done');
    expect([action.calls, clock.waits, log.text]).toEqual([1, [], '']);
  });

  it.each<[Use, Error]>([
    ['check', refusal(429)],
    ['check', refusal(503)],
    ['in', refusal(500)],
    ['in', reset()],
    ['out', refusal(429)],
    ['out', reset()],
  ])('by the policy of %s repeats an action after: %s', async (use, error) => {
    const { exchange, clock, log } = retrier(use);
    const action = failing(error, error);
    expect(await exchange(action)).toBe('done');
    expect(action.calls).toBe(3);
    expect(clock.waits).toHaveLength(2);
    expect(clock.waits[1]).toBeGreaterThan(clock.waits[0] ?? 0);
    expect(log.text.match(/transient error: .*; retrying in \d/g)).toHaveLength(2);
  });

  it.each<[Use, Error]>([
    ['check', refusal(404)],
    ['check', new UserError('wrong')],
    ['in', refusal(429)],
    ['in', refusal(403)],
    ['out', refusal(401)],
  ])('by the policy of %s does not repeat an action after: %s', async (use, error) => {
    const { exchange, clock } = retrier(use);
    const action = failing(error);
    await expect(exchange(action)).rejects.toBe(error);
    expect([action.calls, clock.waits]).toEqual([1, []]);
  });

  it.each<Use>(['check', 'in', 'out'])(
    'by the policy of %s repeats an action for a minute while a registry that has responded is away',
    async (use) => {
      const { exchange, clock } = retrier(use);
      await exchange(failing());
      const start = clock.now();
      const away = () => (clock.now() - start < 61_000 ? Promise.reject(refused()) : Promise.resolve('done'));
      expect(await exchange(away)).toBe('done');
      expect(clock.waits[0]).toBeGreaterThanOrEqual(500);
    },
  );

  it('counts an outage from its beginning, however long the request took before', async () => {
    const { exchange, clock } = retrier('out');
    let calls = 0;
    const action = async () => {
      calls += 1;
      if (calls === 1) {
        await clock.sleep(600_000);
        throw reset();
      }
      if (calls < 5) {
        throw refused();
      }
      return 'done';
    };
    await exchange(failing());
    expect(await exchange(action)).toBe('done');
  });

  it('gives up a registry that never responded after some seconds', async () => {
    const { exchange, clock } = retrier('in');
    const start = clock.now();
    await expect(exchange(() => Promise.reject(refused()))).rejects.toThrow('ECONNREFUSED');
    expect(clock.now() - start).toBeLessThanOrEqual(5_000);
    expect(clock.waits.length).toBeGreaterThanOrEqual(3);
  });

  it('counts a refusal as a response', async () => {
    const { exchange, clock } = retrier('in');
    await expect(exchange(failing(refusal(404)))).rejects.toThrow('404');
    const start = clock.now();
    await expect(exchange(() => Promise.reject(refused()))).rejects.toThrow('ECONNREFUSED');
    expect(clock.now() - start).toBeGreaterThan(60_000);
  });

  it.each<[string, () => Error, number]>([
    ['a registry that is away', refused, 90],
    ['a status that passes', () => refusal(503), 300],
    ['a broken connection', reset, 3600],
  ])('is not repeated for %s that an exchange within it has given up', async (_, failure, seconds) => {
    const outer = retrier('out');
    const inner = retrier('in', outer.clock);
    await inner.exchange(failing());
    const start = outer.clock.now();
    const reading = outer.exchange(async () => {
      try {
        return await inner.exchange(() => Promise.reject(failure()));
      } catch (cause) {
        throw new UserError('the layer cannot be read', { cause });
      }
    });
    await expect(reading).rejects.toThrow('the layer cannot be read');
    expect(outer.log.text).not.toContain('retrying');
    expect((outer.clock.now() - start) / 1000).toBeLessThanOrEqual(seconds);
  });

  it('is repeated for a failure that an exchange within it leaves to an attempt', async () => {
    const { exchange, attempt } = retrier('in');
    const action = failing(refusal(429));
    expect(await attempt(() => exchange(action))).toBe('done');
    expect(action.calls).toBe(2);
  });

  it('waits as long as the registry asks', async () => {
    const { exchange, clock } = retrier('out');
    await exchange(failing(refusal(429, '42')));
    expect(clock.waits).toEqual([42_000]);
  });

  it('throws the last failure when the policy gives up', async () => {
    const { exchange, clock } = retrier('check');
    const start = clock.now();
    const action = failing(...Array.from({ length: 99 }, () => refusal(503)));
    await expect(exchange(action)).rejects.toThrow('503');
    expect(action.calls).toBe(5);
    expect(clock.now() - start).toBeLessThanOrEqual(30_000);
  });
});

describe('attempt', () => {
  it('by the policy of in starts over after a 429, but not after a 500', async () => {
    const { attempt } = retrier('in');
    const action = failing(refusal(429), refusal(429));
    expect(await attempt(action)).toBe('done');
    expect(action.calls).toBe(3);
    await expect(attempt(failing(refusal(500)))).rejects.toThrow('500');
  });

  it('by the policy of in starts over when one of its exchanges has a 429', async () => {
    const { attempt, exchange } = retrier('in');
    const first = failing();
    const second = failing(refusal(429));
    expect(
      await attempt(async () => {
        await exchange(first);
        return await exchange(second);
      }),
    ).toBe('done');
    expect([first.calls, second.calls]).toEqual([2, 2]);
  });

  it('by the policy of check never starts over', async () => {
    const { attempt } = retrier('check');
    const action = failing(refusal(429));
    await expect(attempt(action)).rejects.toThrow('429');
    expect(action.calls).toBe(1);
  });
});

describe('tries', () => {
  it('gives up without progress', async () => {
    const { tries, clock } = retrier('check');
    const download = tries();
    for (let count = 1; count < 5; count++) {
      await download.failed(reset());
    }
    const last = reset();
    await expect(download.failed(last)).rejects.toBe(last);
    expect(clock.waits).toHaveLength(4);
  });

  it('continues as long as there is progress', async () => {
    const { tries, clock } = retrier('check');
    const download = tries();
    for (let count = 0; count < 50; count++) {
      clock.advance(60_000);
      download.progressed();
      await download.failed(reset());
    }
    expect(new Set(clock.waits).size).toBe(1);
  });
});

describe('a pause', () => {
  it('after a status delays every exchange', async () => {
    const clock = createFakeClock('manual');
    const { exchange } = retrier('check', clock);
    const refused = exchange(failing(refusal(429, '5')));
    await clock.untilSleeping(1);
    const other = failing();
    const others = exchange(other);
    await clock.untilSleeping(2);
    expect(other.calls).toBe(0);
    clock.advance(5_000);
    expect(await Promise.all([refused, others])).toEqual(['done', 'done']);
  });

  it('that becomes longer is waited for to its new end', async () => {
    const clock = createFakeClock('manual');
    const { exchange } = retrier('check', clock);
    const slowRefusal = Promise.withResolvers<never>();
    const answers = [() => slowRefusal.promise, async () => 'done'];
    const slow = exchange(async () => await answers.shift()?.());
    const quick = exchange(failing(refusal(429, '2')));
    await clock.untilSleeping(1);
    slowRefusal.reject(refusal(429, '9'));
    await clock.untilSleeping(2);
    expect(clock.waits).toEqual([2_000, 9_000]);
    clock.advance(2_000);
    await clock.untilSleeping(2);
    expect(clock.waits).toEqual([2_000, 9_000, 7_000]);
    clock.advance(7_000);
    expect(await Promise.all([slow, quick])).toEqual(['done', 'done']);
  });

  it('after a broken connection delays no other exchange', async () => {
    const clock = createFakeClock('manual');
    const { exchange } = retrier('check', clock);
    const broken = exchange(failing(reset()));
    await clock.untilSleeping(1);
    expect(await exchange(failing())).toBe('done');
    clock.advance(1_000);
    expect(await broken).toBe('done');
  });
});

describe('an abort', () => {
  const reason = new Error('interrupted');

  it.each([
    ['after a broken connection', reset()],
    ['that a status caused', refusal(429, '60')],
  ])('ends a wait %s at once, with the reason of the signal', async (_name, error) => {
    const clock = createFakeClock('manual');
    const { signal, abort } = abortable();
    const { exchange } = testRetrier(clock, 'check', recordedLog(clock), signal);
    const action = failing(error);
    const outcome = exchange(action);
    await clock.untilSleeping(1);
    abort(reason);
    await expect(outcome).rejects.toBe(reason);
    expect([action.calls, clock.sleeping]).toEqual([1, 0]);
  });

  it('is not followed by a retry of what it ended', async () => {
    const clock = createFakeClock();
    const { signal, abort } = abortable();
    const log = recordedLog(clock);
    const { exchange } = testRetrier(clock, 'check', log, signal);
    const outcome = exchange(async () => {
      abort(reason);
      throw reset();
    });
    await expect(outcome).rejects.toBe(reason);
    expect([clock.waits, log.text]).toEqual([[], '']);
  });
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason: Error) => controller.abort(reason) };
}

it('waits for milliseconds in a test run, whatever the registry asks for', async () => {
  const clock = createFakeClock();
  const { exchange } = createRetrier({
    policy: retryPolicies('shrunk').out,
    clock,
    random: () => 0.5,
    onEvent: () => {},
  });
  await exchange(failing(refusal(429, '3600'), refusal(503), reset()));
  expect(Math.max(...clock.waits)).toBeLessThanOrEqual(50);
});
