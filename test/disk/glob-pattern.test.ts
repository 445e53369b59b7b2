import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPattern, compileComponent, hasMeta } from '../../src/disk/glob-pattern.ts';

describe('compileComponent', () => {
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
  ])('matches with %j the name %j', (pattern, name) => {
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
  ])('does not match with %j the name %j', (pattern, name) => {
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

describe('checkPattern and hasMeta', () => {
  it.each(['a/[/b', 'a/b\\', '[a/b]', 'a\\/b', '*/[]'])('refuses the malformed pattern %j', (pattern) => {
    expect(() => checkPattern(pattern)).toThrow(`'${pattern}' is not a valid pattern`);
  });

  it.each(['', '/', 'a/b', '*/?/[a-z]', 'a]', '{a,b'])('accepts the pattern %j', (pattern) => {
    expect(() => checkPattern(pattern)).not.toThrow();
  });

  it.each([
    ['image.tar', false],
    ['{a,b}~!', false],
    ['a*', true],
    ['a?', true],
    ['[a]', true],
    ['a\\b', true],
  ])('detects whether %j has metacharacters: %s', (pattern, expected) => {
    expect(hasMeta(pattern)).toBe(expected);
  });
});
