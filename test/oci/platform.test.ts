// Platforms: Go's names, which index entry matches, and which platform is chosen.
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import {
  effectivePlatform,
  formatPlatform,
  hostPlatform,
  offeredPlatforms,
  parsePlatform,
  platformMatches,
  readWantedPlatform,
} from '../../src/oci/platform.ts';

describe('hostPlatform', () => {
  it.each([
    ['linux', 'x64', 'linux/amd64'],
    ['linux', 'arm64', 'linux/arm64'],
    ['linux', 'arm', 'linux/arm'],
    ['linux', 'ia32', 'linux/386'],
    ['linux', 'ppc64', 'linux/ppc64le'],
    ['linux', 's390x', 'linux/s390x'],
    ['linux', 'riscv64', 'linux/riscv64'],
    ['linux', 'loong64', 'linux/loong64'],
    ['darwin', 'arm64', 'darwin/arm64'],
    ['win32', 'x64', 'windows/amd64'],
  ])('returns for %s and %s of Node the platform %s of Go', (platform, arch, expected) => {
    expect(formatPlatform(hostPlatform(platform, arch))).toBe(expected);
  });
});

describe('parsePlatform', () => {
  it('reads every member, in any letter case of its key', () => {
    const value = {
      OS: 'windows',
      Architecture: 'arm64',
      variant: 'v8',
      'os.version': '10.0',
      'OS.Features': ['win32k', 1],
      features: ['f'],
    };
    expect(parsePlatform(value)).toEqual({
      os: 'windows',
      architecture: 'arm64',
      variant: 'v8',
      osVersion: '10.0',
      osFeatures: ['win32k'],
      features: ['f'],
    });
  });

  it('leaves out members that are absent, empty or of the wrong type', () => {
    const empty = { os: '', architecture: '' };
    expect(parsePlatform({})).toEqual(empty);
    expect(parsePlatform({ os: 1, architecture: null, variant: '', 'os.features': 'x' })).toEqual(empty);
  });
});

describe('platformMatches', () => {
  const wanted = { os: 'linux', architecture: 'amd64' };

  it.each([
    [undefined, true],
    [{ os: 'linux', architecture: 'amd64' }, true],
    [{ os: 'linux', architecture: 'amd64', variant: 'v3', osVersion: '1' }, true],
    [{ os: 'linux', architecture: 'arm64' }, false],
    [{ os: 'windows', architecture: 'amd64' }, false],
    [{ os: 'Linux', architecture: 'amd64' }, false],
    [{ os: '', architecture: '' }, false],
    [{ os: 'unknown', architecture: 'unknown' }, false],
  ])('says for the entry %j and linux/amd64 %s', (entry, expected) => {
    expect(platformMatches(entry, wanted)).toBe(expected);
  });

  it('matches an entry without a platform with linux/amd64 only', () => {
    expect(platformMatches(undefined, { os: 'linux', architecture: 'arm64' })).toBe(false);
  });

  it('matches any variant when none is wanted', () => {
    const entry = { os: 'linux', architecture: 'arm', variant: 'v5' };
    expect(platformMatches(entry, { os: 'linux', architecture: 'arm' })).toBe(true);
  });

  it.each([
    // wanted, variant of the entry, whether they match
    ['arm/v7', 'v7', true],
    ['arm/v7', 'V7', true],
    ['arm/v7', '7', true],
    ['arm/v7', 'v6', false],
    ['arm/v7', undefined, true],
    ['arm/v6', undefined, false],
    ['arm64/v8', 'v8', true],
    ['arm64/v8', undefined, true],
    ['arm64/v9', undefined, false],
    ['arm64/8', undefined, true],
    ['amd64/v1', undefined, true],
    ['amd64/v2', undefined, false],
    ['amd64/v3', 'v3', true],
    ['ppc64le/power9', 'power9', true],
    ['ppc64le/power9', undefined, false],
  ])('says for %s and an entry with the variant %s %s', (wanted, variant, expected) => {
    const architecture = wanted.split('/')[0] ?? '';
    const entry = { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) };
    expect(platformMatches(entry, readWantedPlatform('linux', wanted, ''))).toBe(expected);
  });

  it('matches an entry without a platform with the default variant of amd64', () => {
    expect(platformMatches(undefined, readWantedPlatform('linux', 'amd64/v1', ''))).toBe(true);
    expect(platformMatches(undefined, readWantedPlatform('linux', 'amd64/v2', ''))).toBe(false);
  });
});

describe('readWantedPlatform', () => {
  it.each([
    ['arm64/v8', '', { architecture: 'arm64', variant: 'v8' }],
    ['arm', 'v7', { architecture: 'arm', variant: 'v7' }],
    ['arm', '7', { architecture: 'arm', variant: 'v7' }],
    ['arm/v7', '7', { architecture: 'arm', variant: 'v7' }],
    ['arm64', '', { architecture: 'arm64' }],
    ['arm64/', '', { architecture: 'arm64' }],
    ['', 'v3', { architecture: '', variant: 'v3' }],
    ['', '', { architecture: '' }],
  ])('reads the architecture %j and the variant %j', (architecture, variant, expected) => {
    expect(readWantedPlatform('linux', architecture, variant)).toEqual({ os: 'linux', ...expected });
  });

  it('refuses two different variants', () => {
    expect(() => readWantedPlatform('linux', 'arm/v6', 'v7')).toThrow(UserError);
  });
});

describe('offeredPlatforms', () => {
  it('lists each platform once, and no attestation', () => {
    const platforms = [
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'linux', architecture: 'amd64' },
      { os: 'unknown', architecture: 'unknown' },
    ];
    expect(offeredPlatforms([...platforms.map((platform) => ({ platform })), {}])).toEqual([
      'linux/arm/v7',
      'linux/amd64',
    ]);
  });
});

describe('formatPlatform', () => {
  it('adds the variant if there is one', () => {
    expect(formatPlatform({ os: 'linux', architecture: 'arm', variant: 'v7' })).toBe('linux/arm/v7');
    expect(formatPlatform({ os: 'linux', architecture: 'arm', variant: '' })).toBe('linux/arm');
  });
});

describe('effectivePlatform', () => {
  const host = { os: 'linux', architecture: 'amd64' };

  it.each([
    ['none is configured', undefined, undefined, 'linux/amd64'],
    ['one is configured', { os: 'windows', architecture: 'arm64' }, undefined, 'windows/arm64'],
    ['only an override is given', undefined, { os: 'darwin', architecture: 'arm' }, 'darwin/arm'],
    [
      'an override replaces the configured one',
      { os: 'windows', architecture: 'arm64' },
      { os: 'darwin', architecture: 'arm' },
      'darwin/arm',
    ],
    [
      'the override has no os',
      { os: 'windows', architecture: 'arm64' },
      { os: '', architecture: 'arm' },
      'linux/arm',
    ],
    [
      'the override is empty',
      { os: 'windows', architecture: 'arm64' },
      { os: '', architecture: '' },
      'linux/amd64',
    ],
    ['a variant is configured', { os: '', architecture: 'arm', variant: 'v7' }, undefined, 'linux/arm/v7'],
    [
      'the override has no variant',
      { os: '', architecture: 'arm', variant: 'v7' },
      { os: '', architecture: 'arm64' },
      'linux/arm64',
    ],
    [
      'the configured one has no architecture',
      { os: 'windows', architecture: '' },
      undefined,
      'windows/amd64',
    ],
  ])('returns the platform when %s', (_, configured, override, expected) => {
    expect(formatPlatform(effectivePlatform(configured, override, host))).toBe(expected);
  });
});
