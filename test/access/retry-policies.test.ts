// What check, in, out and a mirror do after each failure, how often, and for how long.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RetryPolicies, retryPolicies } from '../../src/access/retry-policies.ts';
import type { RetryFacts, RetryOutcome } from '../../src/transport/retry-policy.ts';

type Use = keyof RetryPolicies;

const uses: readonly Use[] = ['check', 'in', 'out', 'mirror'];
const policies = retryPolicies('real');
const shrunk = retryPolicies('shrunk');
const status = (code: number, temporary = false): RetryOutcome => ({
  kind: 'status',
  status: code,
  temporary,
});

function facts(some: Partial<RetryFacts> & Pick<RetryFacts, 'outcome'>): RetryFacts {
  return { attempt: 1, elapsed: 0, random: 0.5, hasResponded: true, ...some };
}

describe('after a first failure', () => {
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
    ['a server that stopped sending', { kind: 'stall' }, 'repeat', 'repeat', 'repeat', 'repeat'],
    ['a host that cannot be reached', { kind: 'unreachable' }, 'repeat', 'repeat', 'repeat', 'repeat'],
    ['content with a wrong digest', { kind: 'corrupt' }, 'give-up', 'restart', 'give-up', 'give-up'],
    ['content that is not known yet', { kind: 'unsettled' }, 'give-up', 'give-up', 'repeat', 'give-up'],
    ['an upload that is lost', { kind: 'lost' }, 'give-up', 'give-up', 'repeat', 'give-up'],
    ['anything else', { kind: 'permanent' }, 'give-up', 'give-up', 'give-up', 'give-up'],
  ])('%s: check, in, out and mirror decide, and a promotion as out', (_name, outcome, ...actions) => {
    for (const table of [policies, shrunk]) {
      expect(uses.map((use) => table[use](facts({ outcome })).action)).toEqual(actions);
      expect(table.promotion(facts({ outcome })).action).toBe(table.out(facts({ outcome })).action);
    }
  });
});

/** The waits until a policy gives up after one outcome again and again; only waiting takes time. */
function exhaust(use: Use, outcome: RetryOutcome, others: Partial<RetryFacts> = {}, table = policies) {
  const waits: number[] = [];
  let elapsed = 0;
  for (let attempt = 1; attempt < 10_000; attempt++) {
    const decision = table[use](facts({ outcome, attempt, elapsed, ...others }));
    if (decision.action === 'give-up') {
      break;
    }
    waits.push(decision.wait);
    elapsed += decision.wait;
  }
  return { waits, elapsed };
}

const hour = 3_600_000;

it.each<[Use, RetryOutcome]>([
  ['in', status(429)],
  ['out', status(429)],
  ['out', { kind: 'reset' }],
  ['in', { kind: 'reset' }],
  ['in', { kind: 'early-end' }],
])('%s retries %j for an hour, as upstream', (use, outcome) => {
  expect(exhaust(use, outcome)).toMatchObject({ elapsed: hour });
});

it.each([status(503, true), status(408, true), { kind: 'stall' } as const])(
  'in retries %j ten times or for five minutes',
  (outcome) => {
    const { waits, elapsed } = exhaust('in', outcome, { random: 0.999 });
    expect(waits).toHaveLength(9);
    expect(elapsed).toBeLessThanOrEqual(300_000);
    expect(policies.in(facts({ outcome, attempt: 2, elapsed: 300_000 })).action).toBe('give-up');
  },
);

it.each([status(429), status(503), { kind: 'reset' } as const])(
  'check gives up after 5 tries or 30 seconds of %j',
  (outcome) => {
    expect(exhaust('check', outcome, { random: 0 }).waits).toHaveLength(4);
    const patient = exhaust('check', outcome, { random: 0.999, retryAfter: hour });
    expect(patient).toMatchObject({ waits: [10_000, 10_000, 10_000], elapsed: 30_000 });
  },
);

it.each<RetryOutcome>([
  status(429),
  status(503, true),
  { kind: 'reset' },
  { kind: 'stall' },
  { kind: 'unreachable' },
])('a mirror gets two tries and a wait of at most 2 seconds after %j', (outcome) => {
  const { waits, elapsed } = exhaust('mirror', outcome, { random: 0.999, retryAfter: hour });
  expect(waits).toHaveLength(1);
  expect(elapsed).toBeLessThanOrEqual(2_000);
});

it('a promotion waits half a second at most after a first 429, or as long as the host asks for', () => {
  const first = facts({ outcome: status(429), random: 0.999 });
  expect(policies.promotion(first)).toEqual({ action: 'repeat', wait: expect.closeTo(500, 0) });
  expect(policies.promotion({ ...first, retryAfter: 1_000 })).toEqual({ action: 'repeat', wait: 1_000 });
  expect(exhaust('promotion', status(429))).toMatchObject({ elapsed: hour });
});

it('out repeats a 4xx with a doubtful code twice, within seconds', () => {
  const { waits, elapsed } = exhaust('out', status(400, true), { random: 0.999, retryAfter: hour });
  expect(waits).toHaveLength(2);
  expect(elapsed).toBeLessThanOrEqual(10_000);
});

it.each(['check', 'in', 'out'] as const)(
  '%s retries a registry that is away for a minute at least',
  (use) => {
    const { waits, elapsed } = exhaust(use, { kind: 'unreachable' }, { random: 0 });
    expect(elapsed).toBeGreaterThanOrEqual(60_000);
    expect(waits[0]).toBeGreaterThanOrEqual(500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
  },
);

it.each(['check', 'in', 'out'] as const)('%s retries a registry that never responded for seconds', (use) => {
  const never = { random: 0.999, hasResponded: false };
  const { waits, elapsed } = exhaust(use, { kind: 'unreachable' }, never);
  expect(waits.length).toBeGreaterThanOrEqual(3);
  expect(elapsed).toBeLessThanOrEqual(5_000);
});

it('content with a wrong digest is requested three times', () => {
  expect(exhaust('in', { kind: 'corrupt' }).waits).toHaveLength(2);
});

it('an upload that is lost is tried three times, however long each try takes', () => {
  expect(exhaust('out', { kind: 'lost' }).waits).toHaveLength(2);
  expect(policies.out(facts({ outcome: { kind: 'lost' }, elapsed: hour / 2 })).action).toBe('repeat');
});

it('out repeats the PUT of a manifest whose content is not known yet for some seconds', () => {
  const { waits, elapsed } = exhaust('out', { kind: 'unsettled' }, { random: 0.999 });
  expect(waits).toHaveLength(4);
  expect(elapsed).toBeLessThanOrEqual(10_000);
});

it('the waits between attempts of in double from 5 seconds to 5 minutes', () => {
  const most = exhaust('in', status(429), { random: 0.999_999 }).waits.map(Math.round);
  expect(most.slice(0, 8)).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
});

it.each<[Use, number]>([
  ['check', 4],
  ['in', 19],
  ['out', 19],
  ['mirror', 1],
])('%s waits milliseconds in a test run, with %i retries of a 429', (use, count) => {
  const limits = { random: 0.999, retryAfter: hour };
  const { waits, elapsed } = exhaust(use, status(429), limits, shrunk);
  expect(waits).toHaveLength(count);
  expect(elapsed).toBeLessThanOrEqual(1_000);
  // Only tries count, however slow the machine is.
  expect(shrunk[use](facts({ outcome: status(429), elapsed: hour })).action).not.toBe('give-up');
});

it('every policy ends within an hour, and no wait is negative', () => {
  const state = fc.record({
    outcome: fc.constantFrom<RetryOutcome>(
      status(429),
      status(503),
      { kind: 'reset' },
      { kind: 'stall' },
      { kind: 'unreachable' },
    ),
    attempt: fc.integer({ min: 1, max: 3000 }),
    elapsed: fc.integer({ min: 0, max: 2 * hour }),
    hasResponded: fc.boolean(),
    retryAfter: fc.option(fc.integer({ min: 0, max: 10 * hour }), { nil: undefined }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.constantFrom(...uses), state, (use, given) => {
      const decisions = [
        { decision: policies[use](given), spent: given.elapsed },
        { decision: shrunk[use](given), spent: 0 },
      ];
      for (const { decision, spent } of decisions) {
        if (decision.action !== 'give-up') {
          expect(decision.wait).toBeGreaterThanOrEqual(0);
          expect(decision.wait + spent).toBeLessThanOrEqual(hour);
        }
      }
    }),
  );
});
