// Which hosts are addresses of the network that the resource itself runs in.
import { BlockList, isIP } from 'node:net';

/** A network, in CIDR notation. */
type Network = readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6'];

/** RFC 1918. */
const privateUse: readonly Network[] = [
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
];

const allPrivate: readonly Network[] = [
  ...privateUse,
  // Unspecified, loopback, link-local and link-local multicast.
  ['0.0.0.0', 32, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['224.0.0.0', 24, 'ipv4'],
  // The same for IPv6, with unique local addresses (RFC 4193).
  ['::', 128, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  // Link-local multicast has scope 2 whatever its flags are (RFC 4291, section 2.7).
  ...Array.from({ length: 16 }, (_, flags): Network => [`ff${flags.toString(16)}2::`, 16, 'ipv6']),
];

const lists = new Map<readonly Network[], BlockList>();

/**
 * Whether a host (without a port; brackets are optional) is an IP address literal that is loopback, link-local, private
 * (RFC 1918, RFC 4193), link-local multicast or unspecified. An IPv4-mapped IPv6 address counts as its IPv4 address, and
 * `127.1`, `0x7f000001` and `2130706433` as the address that resolvers read in them. Names are not looked up.
 */
export function isPrivateAddress(host: string): boolean {
  const address = literalAddress(host);
  return address !== undefined && isIn(allPrivate, address);
}

/** Whether a host is the literal of an IPv4 address for private networks (RFC 1918). */
export function isPrivateUseAddress(host: string): boolean {
  return isIP(host) === 4 && isIn(privateUse, host);
}

function isIn(networks: readonly Network[], address: string): boolean {
  let list = lists.get(networks);
  if (!list) {
    list = new BlockList();
    for (const network of networks) {
      list.addSubnet(...network);
    }
    lists.set(networks, list);
  }
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
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
