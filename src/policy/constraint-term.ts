// One comparison of a version constraint, such as `>=1.2`, and which versions it admits (Masterminds/semver v3).
import { compareVersions, type TagVersion } from './tag-version.ts';

/** How a version is compared with the one in a term; `=` is also what a term without an operator means. */
export type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~' | '^';

/** One comparison of a constraint, for example `>=1.2`. */
export interface ConstraintTerm {
  readonly operator: Operator;
  /** What to compare with; parts that the term leaves open are 0. */
  readonly version: TagVersion;
  /** The first part that is absent or a wildcard, if any: `minor` for `1` and `1.x`, `major` for `*`. */
  readonly openFrom: 'major' | 'minor' | 'patch' | undefined;
}

/**
 * Whether a version suits a term. Prereleases are compared like any other version: whether they count at all is a
 * question of the whole group.
 */
export function suits(version: TagVersion, term: ConstraintTerm): boolean {
  return comparisons[term.operator](version, term);
}

type Comparison = (version: TagVersion, term: ConstraintTerm) => boolean;

const comparisons: Readonly<Record<Operator, Comparison>> = {
  '=': (version, term) =>
    term.openFrom === undefined ? compareVersions(version, term.version) === 0 : isTilde(version, term),
  '!=': isDifferent,
  '>': isGreater,
  '<': (version, term) => compareVersions(version, term.version) < 0,
  '>=': (version, term) => compareVersions(version, term.version) >= 0,
  '<=': isLessOrEqual,
  '~': isTilde,
  '^': isCaret,
};

// A term that is open from the start (`*`) is compared as 0.0.0 by most operators: the Go library's own reading,
// which `!=*`, `>*`, `<=*` and `^*` in users' pipelines depend on.

function isDifferent(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, openFrom } = term;
  if (openFrom === 'minor') {
    return version.major !== other.major;
  }
  if (openFrom === 'patch') {
    return (
      version.major !== other.major ||
      version.minor !== other.minor ||
      version.prerelease !== other.prerelease
    );
  }
  return compareVersions(version, other) !== 0;
}

function isGreater(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, openFrom } = term;
  if (openFrom === 'minor') {
    return version.major > other.major;
  }
  if (openFrom === 'patch') {
    return version.major > other.major || (version.major === other.major && version.minor > other.minor);
  }
  return compareVersions(version, other) > 0;
}

function isLessOrEqual(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, openFrom } = term;
  if (openFrom === undefined) {
    return compareVersions(version, other) <= 0;
  }
  if (version.major === other.major) {
    return openFrom === 'minor' || version.minor <= other.minor;
  }
  return version.major < other.major;
}

function isTilde(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, openFrom } = term;
  if (compareVersions(version, other) < 0) {
    return false;
  }
  const isZero = other.major === 0n && other.minor === 0n && other.patch === 0n;
  if (isZero && (openFrom === undefined || openFrom === 'major')) {
    return true;
  }
  return version.major === other.major && (version.minor === other.minor || openFrom === 'minor');
}

function isCaret(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, openFrom } = term;
  if (compareVersions(version, other) < 0 || version.major !== other.major) {
    return false;
  }
  if (other.major > 0n || openFrom === 'minor') {
    return true;
  }
  if (version.minor !== other.minor) {
    return false;
  }
  return other.minor > 0n || openFrom === 'patch' || version.patch === other.patch;
}
