import { describe, expect, it } from 'vitest';
import { parseWhiteout } from '../../src/tar/whiteout-name.ts';

describe('parseWhiteout', () => {
  it.each([
    ['.wh..wh..opq', { kind: 'opaque' }],
    ['.wh.file', { kind: 'remove', name: 'file' }],
    ['.wh..hidden', { kind: 'remove', name: '.hidden' }],
    ['.wh..wh.plnk', { kind: 'remove', name: '.wh.plnk' }],
    ['.wh', undefined],
    ['file.wh.x', undefined],
    ['.whx.file', undefined],
  ])('reads the file name %s as %j', (base, expected) => {
    expect(parseWhiteout(base)).toEqual(expected);
  });

  it.each(['.wh.', '.wh..', '.wh...'])(
    'refuses %s, which would remove its own directory or the parent',
    (base) => {
      expect(() => parseWhiteout(base)).toThrow('names no file to remove');
    },
  );
});
