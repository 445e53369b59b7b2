// Version constraints: comparisons joined by AND into groups, groups joined by OR (Masterminds/semver v3).
import { UserError } from '../errors.ts';
import { type ConstraintTerm, type Operator, satisfiesTerm } from './constraint-term.ts';
import { quote } from './quote.ts';
import { parseTagVersion, type TagVersion } from './tag-version.ts';

/** A parsed constraint: a version must satisfy every term of at least one group. */
export interface VersionConstraint {
  readonly groups: readonly (readonly ConstraintTerm[])[];
}

const maxBytes = 512;
const maxGroups = 32;

// The bar in this class is a mistake of the Go library, kept because it decides how `4.x||1.0 - 2.0` is parsed.
const part = '[0-9|xX*]+';
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const versionForm = `v?(${part})(\\.${part})?(\\.${part})?(-${identifiers})?(?:\\+${identifiers})?`;
const white = '[\\t\\n\\f\\r ]';

const rangeForm = new RegExp(`${white}*(${versionForm})${white}+-${white}+(${versionForm})${white}*`, 'g');
const termForm = new RegExp(
  `(=>|=<|~>|!=|>=|<=|[=><~^])?${white}*(${versionForm})(?=[\\t\\n\\f\\r ,]|$)`,
  'y',
);
const beforeFirstTerm = new RegExp(`${white}*`, 'y');
const betweenTerms = new RegExp(`${white}*(?:,${white}*)?`, 'y');

const operators: Readonly<Record<string, Operator>> = {
  '=': '=',
  '!=': '!=',
  '>': '>',
  '<': '<',
  '>=': '>=',
  '=>': '>=',
  '<=': '<=',
  '=<': '<=',
  '~': '~',
  '~>': '~',
  '^': '^',
};

/** Parses a constraint such as `>=1.2, <3 || ^4.1`. Throws a UserError that quotes the constraint and the faulty part. */
export function parseConstraint(text: string): VersionConstraint {
  if (Buffer.byteLength(text) > maxBytes) {
    throw refusal(text, `it is too long (at most ${maxBytes} bytes)`);
  }
  const rewritten = rewriteRanges(text);
  const groups = rewritten.split('||');
  if (groups.length > maxGroups) {
    throw refusal(text, `it has too many groups (at most ${maxGroups})`);
  }
  return { groups: groups.map((group) => parseGroup(group, text, rewritten !== text)) };
}

/**
 * Whether a version satisfies a constraint. A prerelease satisfies only a group in which at least one term has a
 * prerelease itself.
 */
export function satisfies(constraint: VersionConstraint, version: TagVersion): boolean {
  return constraint.groups.some((terms) => {
    const admitsPrereleases = terms.some((term) => term.version.prerelease !== '');
    return (
      (version.prerelease === '' || admitsPrereleases) && terms.every((term) => satisfiesTerm(version, term))
    );
  });
}

/**
 * Rewrites `A - B` to `>= A, <= B`. As in the Go library, this replaces the white space in front too, and the first
 * occurrence of the range in the whole constraint.
 */
function rewriteRanges(text: string): string {
  let rewritten = text;
  for (const match of text.matchAll(rangeForm)) {
    const [whole, from, , , , , to] = match;
    rewritten = rewritten.replace(whole, () => `>= ${from}, <= ${to} `);
  }
  return rewritten;
}

function parseGroup(group: string, text: string, hasRange: boolean): ConstraintTerm[] {
  const terms: ConstraintTerm[] = [];
  let position = matchAt(beforeFirstTerm, group, 0)?.[0].length ?? 0;
  do {
    const match = matchAt(termForm, group, position);
    if (!match) {
      throw refusal(text, `${quote(group)} is not a list of comparisons`, hintFor(group, hasRange));
    }
    terms.push(parseTerm(match, text));
    position += match[0].length;
    const separator = matchAt(betweenTerms, group, position)?.[0] ?? '';
    position += separator.length;
    if (separator.includes(',') && position === group.length) {
      throw refusal(text, `nothing follows the comma in ${quote(group)}`);
    }
  } while (position < group.length);
  return terms;
}

function parseTerm(match: RegExpExecArray, text: string): ConstraintTerm {
  const [written, operator = '=', whole = '', major = '', minor, patch, prerelease = ''] = match;
  const wildcardFrom = isWildcard(major)
    ? 'major'
    : isWildcard(minor)
      ? 'minor'
      : isWildcard(patch)
        ? 'patch'
        : undefined;
  const fixed = {
    major: `0.0.0${prerelease}`,
    minor: `${major}.0.0${prerelease}`,
    patch: `${major}${minor}.0${prerelease}`,
  };
  const version = parseTagVersion(wildcardFrom === undefined ? whole : fixed[wildcardFrom]);
  if (!version) {
    throw refusal(text, `${quote(written)} does not compare with a version`);
  }
  return { operator: operators[operator] ?? '=', version, wildcardFrom };
}

function isWildcard(text: string | undefined): boolean {
  return text === undefined || /^\.?[xX*]$/.test(text);
}

function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}

function hintFor(group: string, hasRange: boolean): string {
  if (group.includes('&')) {
    return 'separate comparisons with a comma or a space, not with "&&"';
  }
  if (group.includes('==')) {
    return 'write "=" for equal';
  }
  if (hasRange) {
    return 'put a comma in front of a range and white space around "||": "!=1.5, 1.0 - 2.0 || 4.x"';
  }
  return 'a constraint looks like ">=1.2, <3 || 4.x" or "^1.2.3"';
}

function refusal(text: string, reason: string, hint?: string): UserError {
  return new UserError(`parse semver constraint ${quote(text)}`, { cause: new UserError(reason), hint });
}
