import { describe, expect, it, test } from 'vitest';
import { isPassing, nextWait, parseRetryAfter, type RetryFacts } from '../../src/transport/retry-policy.ts';

const backoff = { first: 1_000, longest: 8_000, total: 60_000, tries: 10 };

function facts(some: Partial<RetryFacts> = {}): RetryFacts {
  return { attempt: 1, outcome: { kind: 'reset' }, elapsed: 0, random: 0.5, hasResponded: true, ...some };
}

describe('nextWait', () => {
  it.each([
    ['half of the first and half of a random part', {}, 750],
    ['half of the first at least', { random: 0 }, 500],
    ['the first at most', { random: 1 }, 1_000],
    ['twice as long after the next failure', { attempt: 2 }, 1_500],
    ['never longer than the longest', { attempt: 9, random: 1 }, 8_000],
    ['what the registry asks for', { retryAfter: 2_500 }, 2_500],
    ['the longest when the registry asks for more', { retryAfter: 3_600_000 }, 8_000],
    ['the random one when the registry asks for less', { retryAfter: 100 }, 750],
    ['what is left of the total', { attempt: 4, retryAfter: 8_000, elapsed: 59_000 }, 1_000],
    ['none after the last try', { attempt: 10 }, undefined],
    ['none after the total', { elapsed: 60_000 }, undefined],
  ])('is %s', (_name, some, wait) => {
    expect(nextWait(backoff, facts(some))).toBe(wait);
  });
});

test.each([
  [408, true],
  [429, true],
  [500, true],
  [503, true],
  [522, true],
  [501, false],
  [505, false],
  [400, false],
  [404, false],
])('status %i may pass: %s', (status, passing) => {
  expect(isPassing(status)).toBe(passing);
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
