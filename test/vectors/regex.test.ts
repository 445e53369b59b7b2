// Patterns match the same strings as those of Go's regexp package.
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/policy/pattern.ts';
import { loadCases } from './cases.ts';

interface RegexCase {
  re: string;
  ok: boolean;
  match: string[];
  no_match: string[];
}

const cases = loadCases<RegexCase>('regex', (vector) => vector.re);

describe('vectors of patterns', () => {
  it.each(cases)('compiles and matches the pattern $re', ({ re, ok, match, no_match }) => {
    if (!ok) {
      expect(() => compilePattern(re, 'the vector')).toThrow('invalid regex pattern in the vector: "');
      return;
    }
    const pattern = compilePattern(re, 'the vector');
    expect([...match, ...no_match].filter((text) => pattern.matches(text))).toEqual(match);
  });
});
