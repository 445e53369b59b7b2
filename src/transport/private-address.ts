// Which hosts are addresses of the network that the resource itself runs in.
import { BlockList, isIP } from 'node:net';

const privateRanges: readonly (readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 32, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['224.0.0.0', 24, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

let ranges: BlockList | undefined;

/**
 * Whether a host (without port, brackets or none) is an IP address literal that is loopback, link-local, private
 * (RFC 1918, fc00::/7), link-local multicast or unspecified. An IPv4-mapped IPv6 address counts as its IPv4
 * address, and `127.1`, `0x7f000001` and `2130706433` as the address that resolvers read in them. Names are not
 * looked up.
 */
export function isPrivateAddress(host: string): boolean {
  const address = literalAddress(host);
  if (address === undefined) {
    return false;
  }
  ranges ??= createRanges();
  return ranges.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function literalAddress(host: string): string | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) > 0) {
    return bare;
  }
  // Only a host that ends in a number can be an IPv4 address in another notation (WHATWG URL, "host parsing").
  const read = /(^|\.)(\d+|0x[\da-f]*)\.?$/i.test(bare) ? URL.parse(`http://${bare}/`)?.hostname : undefined;
  return read !== undefined && isIP(read) === 4 ? read : undefined;
}

function createRanges(): BlockList {
  const list = new BlockList();
  for (const [network, prefix, family] of privateRanges) {
    list.addSubnet(network, prefix, family);
  }
  // Link-local multicast (RFC 4291, section 2.7) is scope 2 whatever its flags are.
  for (let flags = 0; flags < 16; flags++) {
    list.addSubnet(`ff${flags.toString(16)}2::`, 16, 'ipv6');
  }
  return list;
}
