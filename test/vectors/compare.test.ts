// The order of versions against Masterminds/semver's.
import { describe, expect, it } from 'vitest';
import { compareVersions, requireVersion } from '../../src/policy/tag-version.ts';
import { loadCases } from './cases.ts';

interface CompareCase {
  a: string;
  b: string;
  cmp: number;
}

const cases = loadCases<CompareCase>('compare', ({ a, b }) => `${a} and ${b}`);

describe('order of versions', () => {
  it.each(cases)('$a against $b', ({ a, b, cmp }) => {
    const [left, right] = [requireVersion(a), requireVersion(b)];
    expect(Math.sign(compareVersions(left, right))).toBe(cmp);
    expect(Math.sign(compareVersions(right, left)) + cmp).toBe(0);
  });
});
