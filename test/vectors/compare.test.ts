// The order of versions equals that of Masterminds/semver.
import { describe, expect, it } from 'vitest';
import { compareVersions, requireVersion } from '../../src/policy/tag-version.ts';
import { loadCases } from './cases.ts';

interface CompareCase {
  a: string;
  b: string;
  cmp: number;
}

const cases = loadCases<CompareCase>('compare', ({ a, b }) => `${a} and ${b}`);

describe('vectors of compared versions', () => {
  it.each(cases)('compares $a with $b', ({ a, b, cmp }) => {
    const [left, right] = [requireVersion(a), requireVersion(b)];
    expect(Math.sign(compareVersions(left, right))).toBe(cmp);
    expect(Math.sign(compareVersions(right, left)) + cmp).toBe(0);
  });
});
