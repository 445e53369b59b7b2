// The versions that satisfy each form of a term; the results of the Go library are in test/vectors/constraint.test.ts.
import { describe, expect, it } from 'vitest';
import { requireVersion } from '../../src/policy/tag-version.ts';
import { parseConstraint, satisfies } from '../../src/policy/version-constraint.ts';

const admitted = (constraint: string, versions: string) => {
  const parsed = parseConstraint(constraint);
  return versions
    .split(' ')
    .filter((version) => satisfies(parsed, requireVersion(version)))
    .join(' ');
};

describe('a constraint among final versions', () => {
  const versions =
    '0.0.0 0.0.3 0.0.4 0.1.0 0.2.3 0.3.0 1.0.0 1.2.2 1.2.3 1.2.9 1.3.0 1.4.5 2.0.0 2.1.0 2.1.1 3.0.0';

  it.each([
    ['1.2.3', '1.2.3'],
    ['=v1.2.3+b', '1.2.3'],
    ['1.2', '1.2.2 1.2.3 1.2.9'],
    ['1.x', '1.0.0 1.2.2 1.2.3 1.2.9 1.3.0 1.4.5'],
    ['1.x.3', '1.0.0 1.2.2 1.2.3 1.2.9 1.3.0 1.4.5'],
    ['*', versions],
    ['~*', versions],
    ['!=*', versions.slice('0.0.0 '.length)],
    ['!=1.2.3, 1.2', '1.2.2 1.2.9'],
    ['!=1.2 1', '1.0.0 1.3.0 1.4.5'],
    ['!=1 >=1', '2.0.0 2.1.0 2.1.1 3.0.0'],
    ['>1.3.0', '1.4.5 2.0.0 2.1.0 2.1.1 3.0.0'],
    ['>1', '2.0.0 2.1.0 2.1.1 3.0.0'],
    ['>1.2', '1.3.0 1.4.5 2.0.0 2.1.0 2.1.1 3.0.0'],
    ['>*', versions.slice('0.0.0 '.length)],
    ['=>2.1', '2.1.0 2.1.1 3.0.0'],
    ['<0.1', '0.0.0 0.0.3 0.0.4'],
    ['<*', ''],
    ['<=0.2', '0.0.0 0.0.3 0.0.4 0.1.0 0.2.3'],
    ['=<0', '0.0.0 0.0.3 0.0.4 0.1.0 0.2.3 0.3.0'],
    ['>=2 <=2.1.0', '2.0.0 2.1.0'],
    ['<=*', '0.0.0 0.0.3 0.0.4'],
    ['~1.2.3', '1.2.3 1.2.9'],
    ['~>1.2', '1.2.2 1.2.3 1.2.9'],
    ['~1', '1.0.0 1.2.2 1.2.3 1.2.9 1.3.0 1.4.5'],
    ['~0', '0.0.0 0.0.3 0.0.4 0.1.0 0.2.3 0.3.0'],
    ['~0.0', '0.0.0 0.0.3 0.0.4'],
    ['~0.0.0', versions],
    ['^1.2.3', '1.2.3 1.2.9 1.3.0 1.4.5'],
    ['^0.2.3', '0.2.3'],
    ['^0.0.3', '0.0.3'],
    ['^0.2', '0.2.3'],
    ['^0.0', '0.0.0 0.0.3 0.0.4'],
    ['^0', '0.0.0 0.0.3 0.0.4 0.1.0 0.2.3 0.3.0'],
    ['^1.x', '1.0.0 1.2.2 1.2.3 1.2.9 1.3.0 1.4.5'],
    ['^*', '0.0.0'],
    ['1.2 - 1.4.5', '1.2.2 1.2.3 1.2.9 1.3.0 1.4.5'],
    ['2 - 2.1', '2.0.0 2.1.0 2.1.1'],
    ['1 - x', ''],
    ['0.0.3 - 0.1 || 3.x', '0.0.3 0.0.4 0.1.0 3.0.0'],
    ['1.2.3 1.2.9', ''],
    ['>= 1.2 < 1.3.0 || >= 2.1.1', '1.2.2 1.2.3 1.2.9 2.1.1 3.0.0'],
  ])('admits for %s the right ones', (constraint, expected) => {
    expect(admitted(constraint, versions)).toBe(expected);
  });
});

describe('a constraint among prereleases', () => {
  it.each([
    ['>=1.0.0', '2.0.0-rc.1', ''],
    ['>=1.0.0-0', '0.9.0-a 1.0.0-alpha 2.0.0-rc.1', '1.0.0-alpha 2.0.0-rc.1'],
    ['>=1.0.0-0, <2.0.0', '1.0.0-a 2.0.0-rc.1 2.0.0', '1.0.0-a 2.0.0-rc.1'],
    ['>=1.0.0-0 || <0.5', '0.4.0-rc.1 0.4.0', '0.4.0'],
    ['~1.2.3-beta.2', '1.2.3-beta.1 1.2.3 1.2.4-beta.1 1.3.0-beta.1', '1.2.3 1.2.4-beta.1'],
    ['>=1.2.3-BETA', '1.2.3-ALPHA 1.2.3-alpha', '1.2.3-alpha'],
    ['1.2-1.4.5', '1.2.0-1.4.4 1.2.0-1.4.5 1.2.9 1.3.0', '1.2.0-1.4.5 1.2.9'],
    ['!=1.2 >=1.0.0-0', '1.2.0-rc.1 1.2.0 1.3.0', '1.2.0-rc.1 1.3.0'],
    ['!=1.2-rc.1', '1.2.5-rc.1 1.2.5-rc.2 1.2.5', '1.2.5-rc.2 1.2.5'],
    ['<2-0', '1.9.9 2.0.0-0 2.0.0-a', '1.9.9'],
    ['*-0', '0.0.1-rc.1 3.0.0-a', '0.0.1-rc.1 3.0.0-a'],
    ['~0.0.0-b', '0.0.0-a 0.0.0-b 5.0.0', '0.0.0-b 5.0.0'],
  ])('admits for %s the right ones of %s', (constraint, versions, expected) => {
    expect(admitted(constraint, versions)).toBe(expected);
  });
});

describe('a range of versions', () => {
  it('takes bars without white space around them for a part of its number', () => {
    expect(admitted('4.x||1.0 - 2.0', '0.9.0 1.0.9 1.5.0 4.0.0 5.0.0')).toBe('1.0.9 4.0.0 5.0.0');
    expect(admitted('4.x || 1.0 - 2.0', '0.9.0 1.0.9 1.5.0 4.0.0 5.0.0')).toBe('1.0.9 1.5.0 4.0.0');
  });

  it('needs a comma in front of a range', () => {
    expect(admitted('!=1.5, 1.0 - 2.0', '1.4.0 1.5.0 1.6.0')).toBe('1.4.0 1.6.0');
    expect(() => parseConstraint('!=1.5 1.0 - 2.0')).toThrow();
  });
});
