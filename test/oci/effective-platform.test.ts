// The platform of a step, of the resource, of the machine: in this order.
import { describe, expect, it } from 'vitest';
import { effectivePlatform, formatPlatform } from '../../src/oci/platform.ts';

const host = { os: 'linux', architecture: 'amd64' };

describe('effectivePlatform', () => {
  it.each([
    ['nothing is configured', undefined, undefined, 'linux/amd64'],
    ['the resource has one', { os: 'windows', architecture: 'arm64' }, undefined, 'windows/arm64'],
    ['the step has one', undefined, { os: 'darwin', architecture: 'arm' }, 'darwin/arm'],
    [
      'both have one',
      { os: 'windows', architecture: 'arm64' },
      { os: 'darwin', architecture: 'arm' },
      'darwin/arm',
    ],
    [
      'the step has half of one',
      { os: 'windows', architecture: 'arm64' },
      { os: '', architecture: 'arm' },
      'linux/arm',
    ],
    [
      'the step has an empty one',
      { os: 'windows', architecture: 'arm64' },
      { os: '', architecture: '' },
      'linux/amd64',
    ],
    [
      'the resource names a variant',
      { os: '', architecture: 'arm', variant: 'v7' },
      undefined,
      'linux/arm/v7',
    ],
    [
      'the step replaces one with a variant',
      { os: '', architecture: 'arm', variant: 'v7' },
      { os: '', architecture: 'arm64' },
      'linux/arm64',
    ],
    ['the resource has half of one', { os: 'windows', architecture: '' }, undefined, 'windows/amd64'],
  ])('when %s', (_, source, params, expected) => {
    expect(formatPlatform(effectivePlatform(source, params, host))).toBe(expected);
  });
});
