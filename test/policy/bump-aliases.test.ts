// Aliases such as latest, 1 and 1.2 that move along with a pushed version.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aliasesFor } from '../../src/policy/bump-aliases.ts';
import { requireVersion } from '../../src/policy/tag-version.ts';

describe('aliasesFor', () => {
  it.each([
    ['nothing exists', '', [], ['latest', '1', '1.2']],
    ['only an older version exists', '', ['1.2.2'], ['latest', '1', '1.2']],
    ['the same version exists', '', ['1.2.3', 'v1.2.3', '1.2', '1', 'latest'], ['latest', '1', '1.2']],
    ['a newer patch exists', '', ['1.2.4'], []],
    ['a newer minor exists', '', ['1.3.0'], ['1.2']],
    ['a newer major exists', '', ['2.0.0'], ['1', '1.2']],
    ['a newer major with the same minor exists', '', ['2.2.4'], ['1', '1.2']],
    ['a newer major exists with a v', '', ['v2.0.0'], ['1', '1.2']],
    ['a newer major exists as an alias', '', ['2'], ['1', '1.2']],
    ['a newer minor exists as an alias', '', ['1.3'], ['1.2']],
    ['a date is among the tags', '', ['20240101'], ['1', '1.2']],
    ['each part is newer somewhere', '', ['2.0.0', '1.2.4'], []],
    ['only a newer prerelease exists', '', ['2.0.0-rc.1', '1.2.4-rc.1'], ['latest', '1', '1.2']],
    ['other tags are no versions', '', ['stable', 'V9', '9.9.9.9', '9.9.9-01'], ['latest', '1', '1.2']],
    ['build metadata differs', '', ['1.2.3+9'], ['latest', '1', '1.2']],
    ['numbers are beyond 2^53', '', ['1.2.18446744073709551615'], []],
    ['only a newer version without the variant exists', 'lts', ['1.3.0'], ['lts', '1-lts', '1.2-lts']],
    ['only another variant is newer', 'hello', ['2.0.0-goodbye'], ['hello', '1-hello', '1.2-hello']],
    ['a newer major of the variant exists', 'hello', ['2.0.0-hello'], ['1-hello', '1.2-hello']],
    ['a newer minor of the variant exists', 'hello', ['1.3.0-hello'], ['1.2-hello']],
    ['a newer patch of the variant exists', 'hello', ['1.2.4-hello'], []],
    ['an older version of the variant exists', 'hello', ['1.2.2-hello'], ['hello', '1-hello', '1.2-hello']],
    ['a longer variant is newer', 'foo', ['2.0.0-bar-foo'], ['foo', '1-foo', '1.2-foo']],
    ['only the bare variant exists', 'foo', ['foo', 'latest'], ['foo', '1-foo', '1.2-foo']],
  ])('chooses the aliases of 1.2.3 when %s', (_, variant, existing, expected) => {
    expect(aliasesFor(requireVersion('1.2.3'), variant, existing).moved).toEqual(expected);
  });
});

it.each([
  ['a newer major', '', ['1.0.0', '2.0.0', 'v3.1', '2.5.0'], [['latest', 'v3.1']]],
  ['a date', '', ['20240115'], [['latest', '20240115']]],
  [
    'a newer patch',
    '',
    ['1.2.4', '1.2.10'],
    [
      ['latest', '1.2.10'],
      ['1', '1.2.10'],
      ['1.2', '1.2.10'],
    ],
  ],
  [
    'a newer minor of the variant',
    'x',
    ['1.3.0-x', '9.0.0'],
    [
      ['x', '1.3.0-x'],
      ['1-x', '1.3.0-x'],
    ],
  ],
])('names the newest tag that keeps an alias from 1.2.3: %s', (_, variant, existing, expected) => {
  const { kept } = aliasesFor(requireVersion('1.2.3'), variant, existing);
  expect(kept.map(({ alias, newer }) => [alias, newer])).toEqual(expected);
});

it('moves no alias to a prerelease', () => {
  const none = { moved: [], kept: [] };
  expect(aliasesFor(requireVersion('1.2.3-alpha.1'), '', ['2.0.0'])).toEqual(none);
  expect(aliasesFor(requireVersion('1.2.3-alpha.1'), 'lts', ['1.0.0-lts'])).toEqual(none);
});

it('writes aliases without v and without leading zeros', () => {
  expect(aliasesFor(requireVersion('v01.2'), '', []).moved).toEqual(['latest', '1', '1.2']);
});

it('never moves more aliases than in an empty repository, and never more because of further tags', () => {
  const tag = fc
    .tuple(fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1, 2))
    .map((numbers) => numbers.join('.'));
  fc.assert(
    fc.property(tag, fc.array(tag), fc.array(tag), (pushed, existing, more) => {
      const version = requireVersion(pushed);
      const before = aliasesFor(version, '', existing).moved;
      const { moved: after, kept } = aliasesFor(version, '', [...existing, ...more]);
      expect(after.length + kept.length).toBe(3);
      expect(aliasesFor(version, '', []).moved).toEqual(expect.arrayContaining([...before]));
      expect(before).toEqual(expect.arrayContaining([...after]));
    }),
  );
});
