import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { cleanParts } from '../../src/tar/entry-path.ts';

describe('cleanParts', () => {
  it.each([
    ['etc/passwd', ['etc', 'passwd']],
    ['/etc/passwd', ['etc', 'passwd']],
    ['//etc//passwd/', ['etc', 'passwd']],
    ['./etc/./passwd', ['etc', 'passwd']],
    ['a/../b', ['b']],
    ['a/b/../../c', ['c']],
    ['.', []],
    ['./', []],
    ['/', []],
    ['', []],
    ['...', ['...']],
    ['a\\..\\..\\b', ['a\\..\\..\\b']],
    ['C:/x', ['C:', 'x']],
  ])('splits %j into %j', (name, expected) => {
    expect(cleanParts(name)).toEqual(expected);
  });

  it.each(['..', '../x', '/../x', 'a/../../x', './../x', 'a/b/../../../x/y'])(
    'refuses %j, which leads above the root',
    (name) => {
      expect(() => cleanParts(name)).toThrow(
        `${JSON.stringify(name)} leads out of the image's root directory`,
      );
    },
  );

  test('agrees with the usual cleaning of paths, and returns neither . nor ..', () => {
    const part = fc.constantFrom('a', 'b', '..', '.', '', '...');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const name = parts.join('/');
        const normal = posix.normalize(`./${name}`);
        if (normal.split('/')[0] === '..') {
          expect(() => cleanParts(name)).toThrow();
        } else {
          expect(`/${cleanParts(name).join('/')}`).toBe(posix.resolve('/', normal));
        }
      }),
    );
  });
});
