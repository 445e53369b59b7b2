// The versions of check with a pattern for tags.
import { describe, expect, it } from 'vitest';
import { parseCreated } from '../../src/policy/creation-time.ts';
import { compilePattern } from '../../src/policy/pattern.ts';
import { matchingTags, selectMatches } from '../../src/policy/select-matches.ts';

describe('matchingTags and selectMatches', () => {
  it('keep the order of the list and repeated tags', () => {
    const tags = matchingTags(['grey', 'v2', 'gray', 'groy', 'grey'], compilePattern('gr(a|e)y', 'a test'));
    expect(tags).toEqual(['grey', 'gray', 'grey']);
    const digests = new Map([
      ['gray', 'A'],
      ['grey', 'A'],
    ]);
    expect(selectMatches(tags, digests).map(({ tag }) => tag)).toEqual(['grey', 'gray', 'grey']);
  });

  it('leave out tags that do not exist', () => {
    expect(selectMatches(['a', 'b'], new Map([['b', 'B']]))).toEqual([{ tag: 'b', digest: 'B' }]);
  });
});

describe('selectMatches with creation times', () => {
  const sorted = (times: Record<string, string>) => {
    const tags = Object.keys(times);
    const created = new Map(tags.map((tag) => [tag, parseCreated(times[tag]!, tag)]));
    return selectMatches(tags, new Map(tags.map((tag) => [tag, 'D'])), created).map(({ tag }) => tag);
  };

  it.each([
    [
      'puts the oldest first',
      { c: '2024-05-01T05:00:00Z', a: '2024-05-01T00:00:00Z', b: '2024-05-01T04:00:00Z' },
      ['a', 'b', 'c'],
    ],
    [
      'keeps the order of the list for equal times',
      { z: '2024-05-01T00:00:00Z', y: '2024-05-01T02:00:00+02:00', x: '2024-05-01T00:00:00.000Z' },
      ['z', 'y', 'x'],
    ],
    [
      'distinguishes nanoseconds',
      { b: '2024-05-01T00:00:00.000000002Z', a: '2024-05-01T00:00:00.000000001Z' },
      ['a', 'b'],
    ],
    [
      'reads offsets',
      { b: '2024-05-01T00:30:00Z', c: '2024-05-01T00:00:00-01:00', a: '2024-05-01T02:00:00+02:00' },
      ['a', 'b', 'c'],
    ],
    [
      'reads an absent time as the first day of year 1',
      { b: '0001-01-01T00:00:01Z', a: '', c: '1970-01-01T00:00:00Z' },
      ['a', 'b', 'c'],
    ],
  ])('%s', (_, times, expected) => {
    expect(sorted(times)).toEqual(expected);
  });
});
