// Version constraints against what Masterminds/semver accepts and admits.
import { describe, expect, it } from 'vitest';
import { requireVersion } from '../../src/policy/tag-version.ts';
import { parseConstraint, satisfies } from '../../src/policy/version-constraint.ts';
import { loadCases } from './cases.ts';

interface ConstraintCase {
  constraint: string;
  ok: boolean;
  accept: string[];
  reject: string[];
}

const cases = loadCases<ConstraintCase>('constraint', (vector) => vector.constraint);

describe('version constraints', () => {
  it.each(cases)('$constraint', ({ constraint, ok, accept, reject }) => {
    if (!ok) {
      expect(() => parseConstraint(constraint)).toThrow('parse semver constraint "');
      return;
    }
    const parsed = parseConstraint(constraint);
    const admitted = [...accept, ...reject].filter((text) => satisfies(parsed, requireVersion(text)));
    expect(admitted).toEqual(accept);
  });
});
