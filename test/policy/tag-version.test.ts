// Laws of versions; single cases are in test/vectors/version.test.ts and compare.test.ts.
import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import {
  compareVersions,
  formatVersion,
  parseTagVersion,
  requireVersion,
  type TagVersion,
} from '../../src/policy/tag-version.ts';

const number64 = fc.oneof(fc.bigInt(0n, 12n), fc.bigInt(0n, 2n ** 64n - 1n));
const identifier = fc.oneof(
  fc.constantFrom('0', '1', '2', '10', 'a', 'rc', 'rc1', 'RC', '-', '0a', '18446744073709551616'),
  fc.stringMatching(/^[0-9A-Za-z-]{1,4}$/).filter((text) => !/^0[0-9]+$/.test(text)),
);
const identifiers = fc.array(identifier, { maxLength: 3 }).map((list) => list.join('.'));

const versions: fc.Arbitrary<TagVersion> = fc
  .record({
    major: number64,
    minor: number64,
    patch: number64,
    prerelease: identifiers,
    metadata: identifiers,
  })
  .map((parts) => ({ ...parts, original: formatVersion({ ...parts, original: '' }) }));

/** Versions that are near each other, so that most comparisons reach the prerelease. */
const siblings = fc
  .record({ minor: fc.bigInt(0n, 1n), prerelease: identifiers })
  .map(({ minor, prerelease }) => requireVersion(`1.${minor}.0${prerelease && `-${prerelease}`}`));

const sign = (a: TagVersion, b: TagVersion) => Math.sign(compareVersions(a, b));

describe('parseTagVersion', () => {
  it('returns the version that was formatted', () => {
    fc.assert(
      fc.property(versions, (version) => {
        expect(parseTagVersion(formatVersion(version))).toEqual(version);
      }),
    );
  });

  it('returns a version or nothing for any string', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const version = parseTagVersion(text);
        expect(version === undefined || version.original === text).toBe(true);
      }),
    );
  });
});

describe('compareVersions', () => {
  it('is antisymmetric', () => {
    fc.assert(fc.property(siblings, siblings, (a, b) => sign(a, b) + sign(b, a) === 0));
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(siblings, siblings, siblings, (a, b, c) => {
        const [low, middle, high] = [a, b, c].sort(compareVersions);
        return sign(low!, middle!) <= 0 && sign(middle!, high!) <= 0 && sign(low!, high!) <= 0;
      }),
    );
  });

  it('returns equality only for versions that differ in nothing but metadata', () => {
    fc.assert(
      fc.property(siblings, siblings, identifiers, (a, b, metadata) => {
        const isSame = formatVersion({ ...a, metadata: '' }) === formatVersion({ ...b, metadata: '' });
        return (compareVersions({ ...a, metadata }, b) === 0) === isSame;
      }),
    );
  });

  it('agrees with the npm package semver on numbers that it can represent', () => {
    const isSmall = (version: TagVersion) => !/[0-9]{16}/.test(version.prerelease);
    fc.assert(
      fc.property(siblings.filter(isSmall), siblings.filter(isSmall), (a, b) => {
        expect(sign(a, b)).toBe(semver.compare(formatVersion(a), formatVersion(b)));
      }),
    );
  });
});

it.each([
  ['1.0.0-100000000000000000000', '1.0.0-20000000000000000000'],
  ['1.0.0--', '1.0.0-18446744073709551616'],
  ['1.0.0-18446744073709551615', '1.0.0--'],
])('compares a numeric identifier beyond 64 bits as a string: %s is lower than %s', (low, high) => {
  expect(sign(requireVersion(low), requireVersion(high))).toBe(-1);
});

describe('requireVersion', () => {
  it.each([
    ['hoogily-boogily', 'invalid semantic version: "hoogily-boogily"'],
    ['1.2.3\n', 'invalid semantic version: "1.2.3\\n"'],
    ['1.2.3-01', 'failed to parse version: version segment starts with 0'],
    [
      '18446744073709551616',
      'failed to parse version: error parsing version segment: ' +
        'strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ],
    ['1'.repeat(257), 'failed to parse version: version string is too long (max 256 bytes)'],
  ])('refuses %j with the message of upstream', (text, message) => {
    let refusal = '';
    try {
      requireVersion(text);
    } catch (error) {
      refusal = errorText(error);
    }
    expect(refusal).toBe(message);
  });

  it('returns a version that is formatted without v and leading zeros', () => {
    expect(
      ['v1.2.3', '1.2', '01.2.3', '1.2.3-rc.1+b'].map((text) => formatVersion(requireVersion(text))),
    ).toEqual(['1.2.3', '1.2.0', '1.2.3', '1.2.3-rc.1+b']);
  });
});
