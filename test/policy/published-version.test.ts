// The version in the answer of a put exists in the registry, even when tags were skipped.
import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { publishedVersion } from '../../src/policy/published-version.ts';

const root = digestOf('image');
const old = digestOf('old');
const older = digestOf('older');

it.each([
  ['the first tag, when no tag was skipped', [], { tag: 'a', digest: root, tags: ['a', 'b', 'a'] }],
  [
    'the first tag that was not skipped',
    [{ tag: 'a', digest: old }],
    { tag: 'b', digest: root, tags: ['b'] },
  ],
  [
    'what the first tag points at, when every tag was skipped',
    [
      { tag: 'a', digest: old },
      { tag: 'b', digest: older },
    ],
    { tag: 'a', digest: old, tags: ['a', 'a'] },
  ],
])('is %s', (_, skipped, expected) => {
  expect(publishedVersion(['a', 'b', 'a'], root, skipped)).toEqual(expected);
});

it('is an error of the program without any tag', () => {
  expect(() => publishedVersion([], root, [])).toThrow('under no tag');
});
