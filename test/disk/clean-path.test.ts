import { describe, expect, it } from 'vitest';
import { cleanPath, joinPaths } from '../../src/disk/clean-path.ts';

describe('cleanPath', () => {
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
  ])('cleans %j to %j', (path, cleaned) => {
    expect(cleanPath(path)).toBe(cleaned);
  });
});

describe('joinPaths', () => {
  it.each([
    [['a', 'b'], 'a/b'],
    [['a', '/b'], 'a/b'],
    [['a', ''], 'a'],
    [['', 'b/'], 'b'],
    [['', '/b'], '/b'],
    [['a', '../../b'], '../b'],
    [['', ''], ''],
  ])('joins %j to %j', (parts, joined) => {
    expect(joinPaths(...parts)).toBe(joined);
  });
});
