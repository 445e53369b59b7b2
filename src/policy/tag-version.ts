// Semantic versions in tags, parsed and compared by the lenient rules of Masterminds/semver v3 (its "coerce" mode).
import { UserError } from '../errors.ts';
import { quote } from './quote.ts';

/** A version; the three numbers fit 64 bits unsigned. `original` is the string that was parsed. */
export interface TagVersion {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  /** Dot-separated identifiers without the dash in front, or empty. */
  readonly prerelease: string;
  /** Dot-separated identifiers without the plus in front, or empty. Ignored in comparisons. */
  readonly metadata: string;
  readonly original: string;
}

/** Why a string is not a version; `reason` is the message of the Go library. */
export interface VersionFault {
  readonly kind: 'invalid' | 'leading_zero' | 'overflow' | 'too_long';
  readonly reason: string;
}

const maxBytes = 256;
const maxNumber = 2n ** 64n - 1n;
const grammar =
  /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/**
 * Parses `[v]MAJOR[.MINOR[.PATCH]][-PRERELEASE][+METADATA]`, or returns why it is none. Absent numbers are 0; leading
 * zeros are allowed in the three numbers only.
 */
export function readTagVersion(text: string): { version: TagVersion } | { fault: VersionFault } {
  if (Buffer.byteLength(text) > maxBytes) {
    return fault('too_long', `version string is too long (max ${maxBytes} bytes)`);
  }
  const parts = grammar.exec(text);
  if (!parts) {
    return fault('invalid', 'invalid semantic version');
  }
  const [, majorText = '', minorText = '0', patchText = '0', prerelease = '', metadata = ''] = parts;
  for (const digits of [majorText, minorText, patchText]) {
    if (BigInt(digits) > maxNumber) {
      const parsing = `strconv.ParseUint: parsing ${quote(digits)}: value out of range`;
      return fault('overflow', `error parsing version segment: ${parsing}`);
    }
  }
  if (prerelease.split('.').some((identifier) => /^0[0-9]+$/.test(identifier))) {
    return fault('leading_zero', 'version segment starts with 0');
  }
  const [major, minor, patch] = [BigInt(majorText), BigInt(minorText), BigInt(patchText)];
  return { version: { major, minor, patch, prerelease, metadata, original: text } };
}

/** The version in a tag; undefined when the tag is not a version. */
export function parseTagVersion(text: string): TagVersion | undefined {
  const reading = readTagVersion(text);
  return 'version' in reading ? reading.version : undefined;
}

/** The version that a user wants to publish. Throws a UserError with upstream's message when it is none. */
export function requireVersion(text: string): TagVersion {
  const reading = readTagVersion(text);
  if ('version' in reading) {
    return reading.version;
  }
  const { kind, reason } = reading.fault;
  const hint = 'a version looks like 1.2.3 or 1.2.3-rc.1';
  throw new UserError(
    kind === 'invalid' ? `invalid semantic version: ${quote(text)}` : `failed to parse version: ${reason}`,
    { hint },
  );
}

/** `MAJOR.MINOR.PATCH[-PRERELEASE][+METADATA]`, without `v` and without leading zeros. */
export function formatVersion({ major, minor, patch, prerelease, metadata }: TagVersion): string {
  return `${major}.${minor}.${patch}${prerelease && `-${prerelease}`}${metadata && `+${metadata}`}`;
}

/**
 * Negative, zero or positive as `a` is lower than, equal to or higher than `b`. Semantic Versioning 2.0.0,
 * "Precedence", except that a numeric identifier beyond 64 bits is compared as a string, as in the Go library.
 */
export function compareVersions(a: TagVersion, b: TagVersion): number {
  return (
    compare(a.major, b.major) ||
    compare(a.minor, b.minor) ||
    compare(a.patch, b.patch) ||
    comparePrereleases(a.prerelease, b.prerelease)
  );
}

function comparePrereleases(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  if (a === '' || b === '') {
    return a === '' ? 1 : -1;
  }
  const [left, right] = [a.split('.'), b.split('.')];
  for (const [position, identifier] of left.entries()) {
    const other = right[position];
    const order = other === undefined ? 1 : compareIdentifiers(identifier, other);
    if (order !== 0) {
      return order;
    }
  }
  return left.length - right.length;
}

function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [numericIdentifier(a), numericIdentifier(b)];
  if (left !== undefined && right !== undefined) {
    return compare(left, right);
  }
  if (left === undefined && right === undefined) {
    return compare(a, b);
  }
  return left === undefined ? 1 : -1;
}

function numericIdentifier(identifier: string): bigint | undefined {
  if (!/^[0-9]+$/.test(identifier)) {
    return undefined;
  }
  const number = BigInt(identifier);
  return number > maxNumber ? undefined : number;
}

function compare<Value extends bigint | string>(a: Value, b: Value): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function fault(kind: VersionFault['kind'], reason: string): { fault: VersionFault } {
  return { fault: { kind, reason } };
}
