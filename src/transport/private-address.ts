// Which hosts are addresses of the network that the resource itself runs in.
import { BlockList, isIP } from 'node:net';
import { splitHost } from './url-syntax.ts';

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
  // Shared address space of providers (RFC 6598), and the metadata servers of Oracle Cloud.
  ['100.64.0.0', 10, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  // The same for IPv6, with unique local addresses (RFC 4193).
  ['::', 128, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  // Translation to IPv4 addresses (NAT64: RFC 6052 and RFC 8215).
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  // Link-local multicast has scope 2 whatever its flags are (RFC 4291, section 2.7).
  ...Array.from({ length: 16 }, (_, flags): Network => [`ff${flags.toString(16)}2::`, 16, 'ipv6']),
];

const lists = new Map<readonly Network[], BlockList>();

/**
 * Whether a host (without a port; brackets are optional) is an IP address literal that is loopback, link-local, private
 * (RFC 1918, RFC 4193, RFC 6598), link-local multicast or unspecified, or translated to IPv4. An IPv6 address that holds
 * an IPv4 address counts as that, and `127.1`, `0x7f000001` and `2130706433` as the address that resolvers read in them.
 * Names are not looked up.
 */
export function isPrivateAddress(host: string): boolean {
  const address = literalAddress(canonicalHost(host));
  return address !== undefined && isIn(allPrivate, address);
}

/** Whether a host is the literal of an IPv4 address for private networks (RFC 1918). */
export function isPrivateUseAddress(host: string): boolean {
  return isIP(host) === 4 && isIn(privateUse, host);
}

/**
 * Whether a request on behalf of a registry must not go to a host (both `host` or `host:port`, as written), because that
 * is a private address other than the registry's own, or a name of one: `localhost` and names below it, which are this
 * machine (RFC 6761), and the metadata server of Google Cloud. A registry on this machine may name another port there by
 * such a name, but not by an address.
 */
export function isForeignPrivateAddress(host: string, registry: string): boolean {
  const [target, own] = [splitHost(host), splitHost(registry)];
  const isOwnName = isSameMachine(target.name, own.name);
  return isPrivateAddress(target.name)
    ? !(isOwnName && target.port === own.port)
    : isPrivateName(target.name) && !isOwnName;
}

/** Whether two hosts (without ports) are the same name or address; `localhost` and names below it are 127.0.0.1. */
export function isSameMachine(host: string, other: string): boolean {
  const [first, second] = [host, other].map((name) =>
    isLocalName(canonicalHost(name)) ? '127.0.0.1' : canonicalHost(name),
  );
  return first === second;
}

/** Whether a host is a name that stands for a private address wherever it is resolved. */
export function isPrivateName(host: string): boolean {
  const name = canonicalHost(host);
  return isLocalName(name) || name === 'metadata.google.internal';
}

function isLocalName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

/** Lower case, without brackets and a final dot. */
function canonicalHost(host: string): string {
  return host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
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

function literalAddress(name: string): string | undefined {
  if (isIP(name) === 6) {
    return embeddedAddress(name) ?? name;
  }
  if (isIP(name) === 4) {
    return name;
  }
  // Only a host that ends in a number can be an IPv4 address in another notation (WHATWG URL, "host parsing").
  const read = /(^|\.)(\d+|0x[\da-f]*)$/i.test(name) ? URL.parse(`http://${name}/`)?.hostname : undefined;
  return read !== undefined && isIP(read) === 4 ? read : undefined;
}

/** The IPv4 address in an IPv4-compatible IPv6 address (`::127.0.0.1`, RFC 4291), or in one of 6to4 (RFC 3056). */
function embeddedAddress(address: string): string | undefined {
  const canonical = URL.parse(`http://[${address.replace(/%.*$/, '')}]/`)?.hostname ?? '';
  const [, high, low] =
    /^\[::(?:([\da-f]{1,4}):)([\da-f]{1,4})\]$/.exec(canonical) ??
    /^\[2002:([\da-f]{1,4}):([\da-f]{0,4})[:\]]/.exec(canonical) ??
    [];
  if (high === undefined || low === undefined) {
    return undefined;
  }
  const bits = [high, low].map((group) => Number.parseInt(group || '0', 16));
  return bits.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}
