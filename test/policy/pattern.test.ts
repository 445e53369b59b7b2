// Patterns beyond the vectors: syntax that re2js does not have, and error messages.
import { describe, expect, it } from 'vitest';
import { errorHint, errorText } from '../../src/errors.ts';
import { compilePattern } from '../../src/policy/pattern.ts';

const found = (re: string, inputs: string[]) => {
  const pattern = compilePattern(re, 'a test');
  return inputs.filter((input) => pattern.matches(input));
};

describe('names of character classes', () => {
  it.each([
    ['\\p{Letter}', ['a', 'é']],
    ['\\P{Letter}', ['1', '-', ' ']],
    ['\\p{^letter}', ['1', '-', ' ']],
    ['\\P{^LETTER}', ['a', 'é']],
    ['\\p{decimal number}', ['1']],
    ['\\p{digit}', ['1']],
    ['\\pl', ['a', 'é']],
    ['\\p{greek}|\\p{ASCII}', ['a', '1', '-', ' ']],
    ['[\\p{ASCII}]', ['a', '1', '-', ' ']],
    ['[^\\p{ASCII}]', ['é']],
    ['\\P{ASCII}', ['é']],
    ['[\\P{ascii}1]', ['é', '1']],
    ['[]\\p{lowercase_letter}]', ['a', 'é']],
    ['[[:digit:]\\p{lu}]', ['1']],
    ['\\p{assigned}', ['a', 'é', '1', '-', ' ']],
  ])('match what they match in Go: %s', (re, expected) => {
    expect(new Set(found(re, ['a', 'é', '1', '-', ' ']))).toEqual(new Set(expected));
  });

  it('are literal in a quotation', () => {
    expect(found('\\Q\\p{Letter}(?P<n>\\E|(?P<n>x)(?P<n>y)', ['\\p{Letter}(?P<n>', 'a', 'xy'])).toEqual([
      '\\p{Letter}(?P<n>',
      'xy',
    ]);
  });

  it('match in any letter case as in Go', () => {
    expect(found('(?i)^\\p{ASCII}$', ['k', '\u212a', 'ſ', 'é'])).toEqual(['k', '\u212a', 'ſ']);
    expect(found('(?i)[\\P{ASCII}]', ['k', '\u212a', 'ſ', 'é'])).toEqual(['é']);
  });

  it.each(['[a-\\p{ASCII}]', '[$-\\P{ascii}]', '(?P<n>?)\\p{Letter}', '\\p{}', '\\p{Lettr}', '[\\p{ASCII}'])(
    'do not make %s a valid pattern',
    (re) => {
      expect(() => compilePattern(re, 'a test')).toThrow('invalid regex pattern');
    },
  );
});

it('accepts a group name that is also a property of every object', () => {
  expect(found('(?P<constructor>a)', ['a', 'b'])).toEqual(['a']);
});

it('matches in linear time where backtracking would not end', () => {
  const evil = compilePattern('^(a|a?)+(a+)+$', 'a test');
  expect(evil.matches(`${'a'.repeat(5000)}!`)).toBe(false);
});

it('names an invalid pattern, its key and the reason', () => {
  let error: unknown;
  try {
    compilePattern('v[0-9', 'source.tag_regex');
  } catch (caught) {
    error = caught;
  }
  expect(errorText(error)).toBe(
    'invalid regex pattern in source.tag_regex: "v[0-9": error parsing regexp: missing closing ]: `[0-9`',
  );
  expect(errorHint(error)).toContain('RE2');
});
