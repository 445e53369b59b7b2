// One comparison of a version constraint, such as `>=1.2`, and the versions that satisfy it (Masterminds/semver v3).
import { compareVersions, type TagVersion } from './tag-version.ts';

/** The comparison of a version with the one in a term; a term without an operator has `=`. */
export type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~' | '^';

/** One comparison of a constraint, for example `>=1.2`. */
export interface ConstraintTerm {
  readonly operator: Operator;
  /** The version to compare with; absent parts and wildcards are 0. */
  readonly version: TagVersion;
  /** The first part that is absent or a wildcard, if any: `minor` for `1` and `1.x`, `major` for `*`. */
  readonly wildcardFrom: 'major' | 'minor' | 'patch' | undefined;
}

/**
 * Whether a version satisfies a term. Prereleases are compared like any other version; whether they are admitted at all
 * depends on the whole group.
 */
export function satisfiesTerm(version: TagVersion, term: ConstraintTerm): boolean {
  return comparisons[term.operator](version, term);
}

type Comparison = (version: TagVersion, term: ConstraintTerm) => boolean;

const comparisons: Readonly<Record<Operator, Comparison>> = {
  '=': (version, term) =>
    term.wildcardFrom === undefined ? compareVersions(version, term.version) === 0 : isTilde(version, term),
  '!=': isDifferent,
  '>': isGreater,
  '<': (version, term) => compareVersions(version, term.version) < 0,
  '>=': (version, term) => compareVersions(version, term.version) >= 0,
  '<=': isLessOrEqual,
  '~': isTilde,
  '^': isCaret,
};

// Most operators compare a term that is a wildcard as a whole (`*`) as 0.0.0, as the Go library does. Users' pipelines
// may depend on that for `!=*`, `>*`, `<=*` and `^*`.

function isDifferent(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, wildcardFrom } = term;
  if (wildcardFrom === 'minor') {
    return version.major !== other.major;
  }
  if (wildcardFrom === 'patch') {
    return (
      version.major !== other.major ||
      version.minor !== other.minor ||
      version.prerelease !== other.prerelease
    );
  }
  return compareVersions(version, other) !== 0;
}

function isGreater(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, wildcardFrom } = term;
  if (wildcardFrom === 'minor') {
    return version.major > other.major;
  }
  if (wildcardFrom === 'patch') {
    return version.major > other.major || (version.major === other.major && version.minor > other.minor);
  }
  return compareVersions(version, other) > 0;
}

function isLessOrEqual(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, wildcardFrom } = term;
  if (wildcardFrom === undefined) {
    return compareVersions(version, other) <= 0;
  }
  if (version.major === other.major) {
    return wildcardFrom === 'minor' || version.minor <= other.minor;
  }
  return version.major < other.major;
}

function isTilde(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, wildcardFrom } = term;
  if (compareVersions(version, other) < 0) {
    return false;
  }
  const isZero = other.major === 0n && other.minor === 0n && other.patch === 0n;
  if (isZero && (wildcardFrom === undefined || wildcardFrom === 'major')) {
    return true;
  }
  return version.major === other.major && (version.minor === other.minor || wildcardFrom === 'minor');
}

function isCaret(version: TagVersion, term: ConstraintTerm): boolean {
  const { version: other, wildcardFrom } = term;
  if (compareVersions(version, other) < 0 || version.major !== other.major) {
    return false;
  }
  if (other.major > 0n || wildcardFrom === 'minor') {
    return true;
  }
  if (version.minor !== other.minor) {
    return false;
  }
  return other.minor > 0n || wildcardFrom === 'patch' || version.patch === other.patch;
}
