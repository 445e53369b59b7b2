// Lenient versions are parsed as by Masterminds/semver.
import { describe, expect, it } from 'vitest';
import { formatVersion, readTagVersion, requireVersion } from '../../src/policy/tag-version.ts';
import { loadCases } from './cases.ts';

interface VersionCase {
  in: string;
  ok: boolean;
  major: string;
  minor: string;
  patch: string;
  prerelease: string;
  metadata: string;
  string: string;
  original: string;
  error_kind: string;
  error: string;
}

const cases = loadCases<VersionCase>('version', (vector) => vector.in);

describe('vectors of versions', () => {
  it.each(cases.filter(({ ok }) => ok))('parses the version $in', (vector) => {
    const reading = readTagVersion(vector.in);
    if (!('version' in reading)) {
      throw new Error(reading.fault.reason);
    }
    const { version } = reading;
    expect({
      major: String(version.major),
      minor: String(version.minor),
      patch: String(version.patch),
      prerelease: version.prerelease,
      metadata: version.metadata,
      string: formatVersion(version),
      original: version.original,
    }).toEqual({
      major: vector.major,
      minor: vector.minor,
      patch: vector.patch,
      prerelease: vector.prerelease,
      metadata: vector.metadata,
      string: vector.string,
      original: vector.original,
    });
  });

  it.each(cases.filter(({ ok }) => !ok))('refuses the version $in', (vector) => {
    expect(readTagVersion(vector.in)).toEqual({ fault: { kind: vector.error_kind, reason: vector.error } });
    expect(() => requireVersion(vector.in)).toThrow(
      vector.error_kind === 'invalid'
        ? 'invalid semantic version: "'
        : `failed to parse version: ${vector.error}`,
    );
  });
});
