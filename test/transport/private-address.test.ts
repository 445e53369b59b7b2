import { describe, expect, it } from 'vitest';
import { isForeignPrivateAddress, isPrivateAddress } from '../../src/transport/private-address.ts';

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
    '100.64.0.1',
    '100.100.100.200',
    '192.0.0.192',
    '64:ff9b::7f00:1',
    '64:ff9b::808:808',
    '64:ff9b:1::1',
    '::127.0.0.1',
    '[::7f00:1]',
    '0:0:0:0:0:0:a00:1',
    '2002:7f00:1::1',
    '2002:a00::',
  ])('is true for %s', (host) => {
    expect(isPrivateAddress(host)).toBe(true);
  });

  it.each([
    'reg.example.com',
    'localhost',
    '100.63.0.1',
    '100.128.0.1',
    '192.0.0.191',
    '::808:808',
    '2002:808:808::1',
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

describe('isForeignPrivateAddress', () => {
  it.each([
    ['127.0.0.1:5000', '127.0.0.1:5001'],
    ['10.0.0.1', '10.0.0.2'],
    ['10.0.0.1', 'registry.example.com'],
    ['localhost:5000', 'registry.example.com'],
    ['LOCALHOST.:5000', 'registry.example.com'],
    ['registry.localhost', '10.0.0.1'],
    ['localhost', '127.0.0.9'],
    ['metadata.google.internal', 'registry.example.com'],
    ['Metadata.Google.Internal.:80', 'registry.example.com'],
  ])('is true for %s on behalf of %s', (host, registry) => {
    expect(isForeignPrivateAddress(host, registry)).toBe(true);
  });

  it.each([
    ['127.0.0.1:5000', '127.0.0.1:5000'],
    ['127.0.0.1:5000', 'registry.localhost:5000'],
    ['localhost:5001', '127.0.0.1:5000'],
    ['localhost:5001', 'localhost:5000'],
    ['10.0.0.1', '10.0.0.1'],
    ['auth.example.com', 'registry.example.com'],
    ['notlocalhost', 'registry.example.com'],
    ['localhost.example.com', 'registry.example.com'],
    ['google.internal', 'registry.example.com'],
  ])('is false for %s on behalf of %s', (host, registry) => {
    expect(isForeignPrivateAddress(host, registry)).toBe(false);
  });
});
