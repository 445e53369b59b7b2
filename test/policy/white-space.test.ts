// White space in files, by Go's rules.
import { describe, expect, it } from 'vitest';
import { splitFields, trimSpace } from '../../src/policy/white-space.ts';

describe('splitFields', () => {
  it.each([
    ['at spaces and line ends', ' a  b\n\tc\r\nd\v\fe\n', ['a', 'b', 'c', 'd', 'e']],
    [
      'at Unicode spaces',
      'a\u0085b\u00a0c\u1680d\u2000e\u200af\u2028g\u2029h\u202fi\u205fj\u3000k',
      [...'abcdefghijk'],
    ],
    [
      'not at characters that only look like space',
      'a\ufeffb\u200bc\u180ed\u001ce',
      ['a\ufeffb\u200bc\u180ed\u001ce'],
    ],
    ['white space alone into no tag', ' \n', []],
    ['an empty string into no tag', '', []],
  ])('splits a list of tags %s', (_, text, expected) => {
    expect(splitFields(text)).toEqual(expected);
  });
});

describe('trimSpace', () => {
  it.each([
    ['\n  v1.2\t\r\n', 'v1.2'],
    ['\u0085a b\u3000', 'a b'],
    ['\ufeffa', '\ufeffa'],
    [' \n', ''],
  ])('makes of %j the string %j', (text, expected) => {
    expect(trimSpace(text)).toBe(expected);
  });
});
