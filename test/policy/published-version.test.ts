// The version that a put answers exists in the registry, whatever was skipped.
import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { publishedVersion } from '../../src/policy/published-version.ts';

const root = digestOf('image');
const old = digestOf('old');
const older = digestOf('older');

it.each([
  ['the first tag with the image', [], { tag: 'a', digest: root, tags: ['a', 'b', 'a'] }],
  [
    'the first tag that was not skipped',
    [{ tag: 'a', digest: old }],
    { tag: 'b', digest: root, tags: ['b'] },
  ],
  [
    'what is there already when every tag stays',
    [
      { tag: 'a', digest: old },
      { tag: 'b', digest: older },
    ],
    { tag: 'a', digest: old, tags: ['a', 'a'] },
  ],
])('%s', (_, skipped, expected) => {
  expect(publishedVersion(['a', 'b', 'a'], root, skipped)).toEqual(expected);
});

it('never claims a version without a tag', () => {
  expect(() => publishedVersion([], root, [])).toThrow('under no tag');
});
