// Version constraints accept the same versions as those of Masterminds/semver.
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

describe('vectors of version constraints', () => {
  it.each(cases)('satisfies or refuses the constraint $constraint', ({ constraint, ok, accept, reject }) => {
    if (!ok) {
      expect(() => parseConstraint(constraint)).toThrow('parse semver constraint "');
      return;
    }
    const parsed = parseConstraint(constraint);
    const admitted = [...accept, ...reject].filter((text) => satisfies(parsed, requireVersion(text)));
    expect(admitted).toEqual(accept);
  });
});
