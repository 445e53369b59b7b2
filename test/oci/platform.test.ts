// An entry of an index suits by two names, exactly.
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import {
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
  ])('Node calls it %s and %s, Go %s', (platform, arch, expected) => {
    expect(formatPlatform(hostPlatform(platform, arch))).toBe(expected);
  });
});

describe('parsePlatform', () => {
  it('reads every property, whatever the case of its key', () => {
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

  it('leaves out what is absent, empty or of the wrong type', () => {
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
  ])('%j for linux/amd64: %s', (entry, expected) => {
    expect(platformMatches(entry, wanted)).toBe(expected);
  });

  it('takes an entry without a platform for linux/amd64 only', () => {
    expect(platformMatches(undefined, { os: 'linux', architecture: 'arm64' })).toBe(false);
  });

  it('takes the first entry of an architecture when no variant is wanted', () => {
    const entry = { os: 'linux', architecture: 'arm', variant: 'v5' };
    expect(platformMatches(entry, { os: 'linux', architecture: 'arm' })).toBe(true);
  });

  it.each([
    // wanted, variant of the entry, whether it suits
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
  ])('%s and an entry with variant %s: %s', (wanted, variant, expected) => {
    const architecture = wanted.split('/')[0] ?? '';
    const entry = { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) };
    expect(platformMatches(entry, readWantedPlatform('linux', wanted, ''))).toBe(expected);
  });

  it('takes an entry without a platform for the usual variant of amd64', () => {
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
  ])('architecture %j and variant %j', (architecture, variant, expected) => {
    expect(readWantedPlatform('linux', architecture, variant)).toEqual({ os: 'linux', ...expected });
  });

  it('refuses two variants', () => {
    expect(() => readWantedPlatform('linux', 'arm/v6', 'v7')).toThrow(UserError);
  });
});

describe('offeredPlatforms', () => {
  it('names each platform once, and no attestation', () => {
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
