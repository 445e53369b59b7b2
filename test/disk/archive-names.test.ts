import { describe, expect, it } from 'vitest';
import { entryFinder } from '../../src/disk/archive-names.ts';
import { errorHint } from '../../src/errors.ts';
import type { ArchiveEntry } from '../../src/tar/archive-index.ts';

let position = 0;
function entry(name: string, type: ArchiveEntry['type'] = 'file', linkName = ''): ArchiveEntry {
  return { name, type, linkName, size: 0, offset: position++ };
}

const file = entry('a/layer.tar');
const find = entryFinder([
  file,
  entry('./a/layer.tar', 'directory'),
  entry('b/soft', 'symlink', '../a/layer.tar'),
  entry('b/hard', 'hardlink', '../a/layer.tar'),
  entry('b/from-root', 'hardlink', 'a/layer.tar'),
  entry('top', 'hardlink', 'a/layer.tar'),
  entry('absolute', 'symlink', '/a/layer.tar'),
  entry('b/chain', 'symlink', 'soft'),
  entry('loop', 'symlink', 'back'),
  entry('back', 'symlink', './loop'),
  entry('dir/', 'directory'),
  entry('pipe', 'fifo'),
]);

describe('entryFinder', () => {
  it('explains why a blob may be missing', () => {
    const hintOf = (name: string) => {
      try {
        return find(name);
      } catch (error) {
        return errorHint(error);
      }
    };
    expect(hintOf('blobs/sha256/abc')).toMatch(/saved without all of its content: pull it again/);
    expect(hintOf('layer.tar')).toBeUndefined();
  });

  it.each([
    'a/layer.tar',
    './a//layer.tar',
    'b/../a/layer.tar',
    'b/soft',
    'b/hard',
    'top',
    'absolute',
    'b/chain',
  ])('finds the file by the name %s', (name) => {
    expect(find(name)).toBe(file);
  });

  it.each([
    ['gone', 'file gone not found in the tarball'],
    ['', 'file . not found in the tarball'],
    ['b/from-root', 'file b/a/layer.tar, to which b/from-root is a link, not found'],
    ['loop', 'the links of loop in the tarball form a cycle'],
    ['dir', 'dir in the tarball is not a file (directory)'],
    ['pipe', 'pipe in the tarball is not a file (fifo)'],
  ])('refuses the name %j', (name, message) => {
    expect(() => find(name)).toThrow(message);
  });
});
