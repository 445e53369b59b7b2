import { describe, expect, it } from 'vitest';
import { cleanPath, joinPaths } from '../../src/disk/clean-path.ts';

describe('cleaning a path', () => {
  it.each([
    ['', '.'],
    ['.', '.'],
    ['/', '/'],
    ['//', '/'],
    ['a/', 'a'],
    ['a//b', 'a/b'],
    ['./a/./b/.', 'a/b'],
    ['a/b/../c', 'a/c'],
    ['a/..', '.'],
    ['../', '..'],
    ['a/../../b', '../b'],
    ['/../a', '/a'],
    ['a\\/b', 'a\\/b'],
  ])('%j is %j', (path, cleaned) => {
    expect(cleanPath(path)).toBe(cleaned);
  });
});

describe('joining paths', () => {
  it.each([
    [['a', 'b'], 'a/b'],
    [['a', '/b'], 'a/b'],
    [['a', ''], 'a'],
    [['', 'b/'], 'b'],
    [['', '/b'], '/b'],
    [['a', '../../b'], '../b'],
    [['', ''], ''],
  ])('%j is %j', (parts, joined) => {
    expect(joinPaths(...parts)).toBe(joined);
  });
});
