import { describe, expect, it } from 'vitest';
import { isPrivateAddress } from '../../src/transport/private-address.ts';

describe('isPrivateAddress', () => {
  it.each([
    '127.0.0.1',
    '127.255.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.251',
    '::',
    '::1',
    '[::1]',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'ff12::1',
    '::ffff:10.1.1.1',
    '[::ffff:7f00:1]',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '127.1',
    '127.0.0.1.',
    '0x7f000001',
    '0177.0.0.1',
    '2130706433',
  ])('is true for %s', (host) => {
    expect(isPrivateAddress(host)).toBe(true);
  });

  it.each([
    'reg.example.com',
    'localhost',
    '8.8.8.8',
    '172.32.0.1',
    '172.15.0.1',
    '169.253.0.1',
    '224.0.1.1',
    '0.0.0.1',
    '::2',
    '2001:db8::1',
    'ff05::1',
    '::ffff:8.8.8.8',
    '127.0.0.1.example.com',
    '10.example',
    'fe80',
    '',
  ])('is false for %s', (host) => {
    expect(isPrivateAddress(host)).toBe(false);
  });
});
