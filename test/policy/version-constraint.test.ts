// Error messages about invalid constraints.
import { describe, expect, it } from 'vitest';
import { errorHint, errorText } from '../../src/errors.ts';
import { parseConstraint } from '../../src/policy/version-constraint.ts';

const refusalOf = (text: string) => {
  try {
    parseConstraint(text);
  } catch (error) {
    return { text: errorText(error), hint: errorHint(error) ?? '' };
  }
  throw new Error(`${text} was accepted`);
};

describe('an invalid constraint', () => {
  it.each([
    ['foo', '"foo" is not a list of comparisons', 'looks like'],
    ['>= 1.2 && < 2', '">= 1.2 && < 2" is not a list of comparisons', 'not with "&&"'],
    ['==1.2.3', '"==1.2.3" is not a list of comparisons', 'write "="'],
    ['!=1.5 1.0 - 2.0', '"!=1.5>= 1.0, <= 2.0 " is not a list of comparisons', 'comma in front of a range'],
    ['|| 1.0', '"" is not a list of comparisons', 'looks like'],
    ['1.2.3,', 'nothing follows the comma in "1.2.3,"', ''],
    ['1|2', '"1|2" does not compare with a version', ''],
    ['1.2.3-01', '"1.2.3-01" does not compare with a version', ''],
  ])('is an error with its reason and a hint: %s', (text, reason, hint) => {
    const refusal = refusalOf(text);
    expect(refusal.text).toBe(`parse semver constraint ${JSON.stringify(text)}: ${reason}`);
    expect(refusal.hint).toContain(hint);
  });

  it('is one of more than 512 bytes', () => {
    expect(parseConstraint('>=1'.padEnd(512)).groups).toHaveLength(1);
    expect(refusalOf('>=1'.padEnd(513)).text).toContain('too long');
  });

  it('is one of more than 32 groups', () => {
    const groups = (count: number) => Array.from({ length: count }, () => '1').join('||');
    expect(parseConstraint(groups(32)).groups).toHaveLength(32);
    expect(refusalOf(groups(33)).text).toContain('too many groups');
  });
});

it.each([
  ['terms with much white space between', `${'1  '.repeat(170)}&`],
  ['commas in white space', `${'1 , '.repeat(127)}&`],
  ['a long number', '1'.repeat(512)],
  ['a long prerelease', `1-${'a.'.repeat(254)}`],
  ['white space only', ' '.repeat(512)],
])('is refused quickly: %s', (_, text) => {
  expect(() => parseConstraint(text)).toThrow();
});
