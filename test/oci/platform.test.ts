// An entry of an index suits by two names, exactly.
import { describe, expect, it } from 'vitest';
import { hostPlatform, parsePlatform, platformMatches, platformText } from '../../src/oci/platform.ts';

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
    expect(platformText(hostPlatform(platform, arch))).toBe(expected);
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

  it('compares the architecture as one text', () => {
    const entry = { os: 'linux', architecture: 'arm64', variant: 'v8' };
    expect(platformMatches(entry, { os: 'linux', architecture: 'arm64' })).toBe(true);
    expect(platformMatches(entry, { os: 'linux', architecture: 'arm64/v8' })).toBe(false);
  });
});

describe('platformText', () => {
  it('adds the variant if there is one', () => {
    expect(platformText({ os: 'linux', architecture: 'arm', variant: 'v7' })).toBe('linux/arm/v7');
    expect(platformText({ os: 'linux', architecture: 'arm', variant: '' })).toBe('linux/arm');
  });
});
