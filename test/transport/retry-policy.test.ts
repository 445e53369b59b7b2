import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  decideRetry,
  parseRetryAfter,
  type RetryFacts,
  type RetryOutcome,
  type RetryStage,
} from '../../src/transport/retry-policy.ts';

const stages: readonly RetryStage[] = ['check', 'in', 'out', 'mirror'];
const status = (code: number, temporary = false): RetryOutcome => ({
  kind: 'status',
  status: code,
  temporary,
});

function decide(facts: Partial<RetryFacts> & Pick<RetryFacts, 'stage' | 'outcome'>) {
  return decideRetry({ attempt: 1, elapsed: 0, random: 0.5, test: false, ...facts });
}

describe('what follows a first failure', () => {
  it.each<[string, RetryOutcome, string, string, string, string]>([
    // what failed, outcome, check, in, out, mirror
    ['429', status(429, true), 'repeat', 'restart', 'repeat', 'repeat'],
    ['429 with another code', status(429), 'repeat', 'restart', 'repeat', 'repeat'],
    ['408', status(408, true), 'repeat', 'repeat', 'repeat', 'repeat'],
    ['500', status(500, true), 'repeat', 'repeat', 'repeat', 'repeat'],
    ['500 with a code', status(500), 'repeat', 'repeat', 'repeat', 'repeat'],
    ['502', status(502, true), 'repeat', 'repeat', 'repeat', 'repeat'],
    ['503', status(503, true), 'repeat', 'repeat', 'repeat', 'repeat'],
    ['504', status(504, true), 'repeat', 'repeat', 'repeat', 'repeat'],
    ['522', status(522), 'repeat', 'repeat', 'repeat', 'repeat'],
    ['501', status(501), 'give-up', 'give-up', 'give-up', 'give-up'],
    ['505', status(505), 'give-up', 'give-up', 'give-up', 'give-up'],
    ['400', status(400), 'give-up', 'give-up', 'give-up', 'give-up'],
    ['400 BLOB_UPLOAD_INVALID', status(400, true), 'give-up', 'give-up', 'repeat', 'give-up'],
    ['416 UNKNOWN', status(416, true), 'give-up', 'give-up', 'repeat', 'give-up'],
    ['401', status(401), 'give-up', 'give-up', 'give-up', 'give-up'],
    ['401 UNKNOWN', status(401, true), 'give-up', 'give-up', 'give-up', 'give-up'],
    ['403 UNKNOWN', status(403, true), 'give-up', 'give-up', 'give-up', 'give-up'],
    ['404 UNKNOWN', status(404, true), 'give-up', 'give-up', 'give-up', 'give-up'],
    ['a connection that broke', { kind: 'reset' }, 'repeat', 'repeat', 'repeat', 'repeat'],
    ['data that ended early', { kind: 'early-end' }, 'repeat', 'repeat', 'repeat', 'repeat'],
    ['silence', { kind: 'stall' }, 'repeat', 'repeat', 'repeat', 'repeat'],
    ['a host that can not be reached', { kind: 'unreachable' }, 'give-up', 'give-up', 'give-up', 'repeat'],
    ['content with the wrong digest', { kind: 'corrupt' }, 'give-up', 'restart', 'give-up', 'give-up'],
    ['anything else', { kind: 'permanent' }, 'give-up', 'give-up', 'give-up', 'give-up'],
  ])('%s', (_name, outcome, ...actions) => {
    for (const test of [false, true]) {
      expect(stages.map((stage) => decide({ stage, outcome, test }).action)).toEqual(actions);
    }
  });
});

/** Fails with one outcome until it is given up; waiting is all that takes time. */
function persist(stage: RetryStage, outcome: RetryOutcome, others: Partial<RetryFacts> = {}) {
  const waits: number[] = [];
  let elapsed = 0;
  for (let attempt = 1; attempt < 10_000; attempt++) {
    const decision = decide({ stage, outcome, attempt, elapsed, ...others });
    if (decision.action === 'give-up') {
      break;
    }
    waits.push(decision.wait);
    elapsed += decision.wait;
  }
  return { waits, elapsed };
}

const hour = 3_600_000;

describe('patience', () => {
  it.each<[RetryStage, RetryOutcome, number]>([
    ['in', status(429), hour],
    ['out', status(429), hour],
    ['out', { kind: 'reset' }, hour],
    ['in', { kind: 'reset' }, hour],
    ['in', { kind: 'early-end' }, hour],
  ])('in %s after %j lasts an hour, as upstream', (stage, outcome, total) => {
    expect(persist(stage, outcome)).toMatchObject({ elapsed: total });
  });

  it('with an overloaded registry ends after ten tries or five minutes', () => {
    for (const outcome of [status(503, true), status(408, true), { kind: 'stall' } as const]) {
      const { waits, elapsed } = persist('in', outcome, { random: 0.999 });
      expect(waits).toHaveLength(9);
      expect(elapsed).toBeLessThanOrEqual(300_000);
      expect(decide({ stage: 'in', outcome, attempt: 2, elapsed: 300_000 }).action).toBe('give-up');
    }
  });

  it.each([status(429), status(503), { kind: 'reset' } as const])(
    'of a check with %j ends after 30 s',
    (outcome) => {
      const eager = persist('check', outcome, { random: 0 });
      expect(eager.waits).toHaveLength(4);
      const patient = persist('check', outcome, { random: 0.999, retryAfter: hour });
      expect(patient).toMatchObject({ waits: [10_000, 10_000, 10_000], elapsed: 30_000 });
    },
  );

  it('waits longer each time, at random between nothing and the longest', () => {
    const most = persist('in', status(429), { random: 0.999_999 }).waits.map(Math.round);
    expect(most.slice(0, 8)).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    expect(decide({ stage: 'in', outcome: status(429), attempt: 9, random: 0 })).toEqual({
      action: 'restart',
      wait: 0,
    });
  });

  it('waits as long as the registry asks, up to the longest wait', () => {
    const outcome = status(429);
    expect(decide({ stage: 'in', outcome, retryAfter: 60_000 })).toMatchObject({ wait: 60_000 });
    expect(decide({ stage: 'in', outcome, retryAfter: 10 * hour })).toMatchObject({ wait: 300_000 });
    expect(decide({ stage: 'in', outcome, retryAfter: 0, random: 0.5 })).toMatchObject({ wait: 2_500 });
  });

  it.each<RetryOutcome>([
    status(429),
    status(503, true),
    { kind: 'reset' },
    { kind: 'stall' },
    { kind: 'unreachable' },
  ])('with a mirror after %j ends after two tries and a short wait', (outcome) => {
    const { waits, elapsed } = persist('mirror', outcome, { random: 0.999, retryAfter: hour });
    expect(waits).toHaveLength(1);
    expect(elapsed).toBeLessThanOrEqual(2_000);
  });

  it.each(stages)('of %s is milliseconds in tests, and absorbs a dozen 429s where there is time', (stage) => {
    const { waits, elapsed } = persist(stage, status(429), { test: true, random: 0.999, retryAfter: hour });
    expect(waits.length).toBe(stage === 'check' ? 4 : stage === 'mirror' ? 1 : 19);
    expect(elapsed).toBeLessThanOrEqual(1_000);
    // However slow the machine: only tries count.
    expect(decide({ stage, outcome: status(429), test: true, elapsed: hour }).action).not.toBe('give-up');
  });

  it('always ends, and never waits less than nothing or past its end', () => {
    const facts = fc.record({
      stage: fc.constantFrom(...stages),
      outcome: fc.constantFrom<RetryOutcome>(status(429), status(503), { kind: 'reset' }, { kind: 'stall' }),
      attempt: fc.integer({ min: 1, max: 3000 }),
      elapsed: fc.integer({ min: 0, max: 2 * hour }),
      retryAfter: fc.option(fc.integer({ min: 0, max: 10 * hour }), { nil: undefined }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      test: fc.boolean(),
    });
    fc.assert(
      fc.property(facts, (state) => {
        const decision = decideRetry(state);
        if (decision.action !== 'give-up') {
          expect(decision.wait).toBeGreaterThanOrEqual(0);
          expect(decision.wait + (state.test ? 0 : state.elapsed)).toBeLessThanOrEqual(hour);
        }
      }),
    );
  });
});

const now = Date.UTC(2026, 0, 1, 12, 0, 0);

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5_000],
  ['Thu, 01 Jan 2026 12:01:00 GMT', 60_000],
  ['Thursday, 01-Jan-26 12:01:00 GMT', 60_000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  [undefined, undefined],
  ['', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['soon', undefined],
  ['Thu, 99 Foo 2026 12:01:00 GMT', undefined],
  ['2026-01-01', undefined],
])('Retry-After: %s means %s ms', (header, wait) => {
  expect(parseRetryAfter(header, now)).toBe(wait);
});
