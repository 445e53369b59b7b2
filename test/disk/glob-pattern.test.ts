import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPattern, compileComponent, hasMeta } from '../../src/disk/glob-pattern.ts';

describe('a component of a pattern', () => {
  it.each([
    ['', ''],
    ['*', ''],
    ['*', '.hidden'],
    ['a*b*c', 'aXbXbc'],
    ['*a*b', 'aab'],
    ['**', 'abc'],
    ['a?c', 'a😀c'],
    ['[*]', '*'],
    ['[^a]', '😀'],
    ['[\\]-a]', '^'],
    ['\\*', '*'],
    ['[a]]', 'a]'],
  ])('%s matches %s', (pattern, name) => {
    expect(compileComponent(pattern)(name)).toBe(true);
  });

  it.each([
    ['', 'a'],
    ['a', ''],
    ['?', ''],
    ['a*', 'ba'],
    ['*a', 'ab'],
    ['a*b*c', 'acb'],
    ['[^a]', 'a'],
    ['[z-a]', 'm'],
    ['\\*', 'x'],
    ['[a]', 'ab'],
  ])('%s does not match %s', (pattern, name) => {
    expect(compileComponent(pattern)(name)).toBe(false);
  });

  it('matches in bounded time however many stars there are', () => {
    expect(compileComponent(`${'a*'.repeat(200)}b`)('a'.repeat(20_000))).toBe(false);
  });

  it('matches every name when it is the name with each character escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const pattern = [...name].map((character) => `\\${character}`).join('');
        expect(compileComponent(pattern)(name)).toBe(true);
      }),
    );
  });

  it('matches as the regular expression with the same meaning', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(patterns, letters, (pattern, name) => {
        const expression = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`);
        expect(compileComponent(pattern)(name)).toBe(expression.test(name));
      }),
    );
  });
});

describe('a pattern', () => {
  it.each(['a/[/b', 'a/b\\', '[a/b]', 'a\\/b', '*/[]'])('%s is malformed', (pattern) => {
    expect(() => checkPattern(pattern)).toThrow(`'${pattern}' is not a valid pattern`);
  });

  it.each(['', '/', 'a/b', '*/?/[a-z]', 'a]', '{a,b'])('%s is well formed', (pattern) => {
    expect(() => checkPattern(pattern)).not.toThrow();
  });

  it.each([
    ['image.tar', false],
    ['{a,b}~!', false],
    ['a*', true],
    ['a?', true],
    ['[a]', true],
    ['a\\b', true],
  ])('%s has metacharacters: %s', (pattern, expected) => {
    expect(hasMeta(pattern)).toBe(expected);
  });
});
