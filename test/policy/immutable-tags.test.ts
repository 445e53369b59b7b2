// Which tags are protected: asked for and aliases, by true and by patterns.
import { expect, it } from 'vitest';
import { immutableTags } from '../../src/policy/immutable-tags.ts';

const asked = ['edge', '1.2.3'];
const aliases = ['latest', '1', '1.2'];

it.each<[string, boolean | string[], string[]]>([
  ['false protects nothing', false, []],
  ['no pattern protects nothing', [], []],
  ['true protects all tags but the aliases, which are made to move', true, ['edge', '1.2.3']],
  ['a pattern is found anywhere in a tag', ['2'], ['1.2.3', '1.2']],
  ['an anchored pattern leaves the aliases alone', ['^\\d+\\.\\d+\\.\\d+$'], ['1.2.3']],
  ['a pattern may name an alias', ['^latest$', 'dg'], ['edge', 'latest']],
])('%s', (_, setting, expected) => {
  expect([...immutableTags(setting)(asked, aliases)]).toEqual(expected);
});

it('a tag that is asked for and an alias too is protected', () => {
  expect([...immutableTags(true)([...asked, 'latest'], aliases)]).toContain('latest');
});

it('a malformed pattern is an error that names its place', () => {
  expect(() => immutableTags(['ok', '(?=x)'])).toThrow(
    'invalid regex pattern in params.immutable_tags: "(?=x)"',
  );
});
