// Which proxy a request goes through: the environment as Go's httpproxy package reads it.
import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { parseUrl, splitHost } from './url-syntax.ts';

/** Variables of the environment by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The URL of the proxy for a request to `url`, nothing when it goes out directly. `HTTPS_PROXY` or `HTTP_PROXY`
 * applies by the scheme of the URL (in upper case first, then in lower; `http://` when it names no scheme).
 * `localhost`, loopback addresses and what `NO_PROXY` lists are reached directly. `HTTP_PROXY` does not count where
 * `REQUEST_METHOD` is set: there a client can set it (httpoxy). The URL may hold a password.
 */
export function proxyFor(url: string, environment: Environment): string | undefined {
  const target = parseUrl(url);
  const proxy = target && proxyOf(target.scheme, environment);
  if (!target || proxy === undefined) {
    return undefined;
  }
  const { name, port } = splitHost(target.host);
  const host = domainToASCII(name.toLowerCase()) || name.toLowerCase();
  const canonicalPort = port || (target.scheme === 'https' ? '443' : '80');
  const exceptions = variable(environment, 'NO_PROXY') ?? '';
  return isLocal(host) || isException(host, canonicalPort, exceptions) ? undefined : proxy;
}

function proxyOf(scheme: string, environment: Environment): string | undefined {
  if (scheme === 'http' && environment.REQUEST_METHOD) {
    return undefined;
  }
  const value = variable(environment, scheme === 'https' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (value === undefined) {
    return undefined;
  }
  return [value, `http://${value}`].find((url) => parseUrl(url) !== undefined);
}

function variable(environment: Environment, name: string): string | undefined {
  return environment[name] || environment[name.toLowerCase()] || undefined;
}

function isLocal(host: string): boolean {
  return host === 'localhost' || inNetwork(host, '127.0.0.0', 8) || inNetwork(host, '::1', 128);
}

function isException(host: string, port: string, list: string): boolean {
  return list.split(',').some((entry) => matches(host, port, entry.trim().toLowerCase()));
}

/** Whether one entry of NO_PROXY means the host: `*`, an address, a network, `name`, `.name` or `*.name`, `:port`. */
function matches(host: string, port: string, entry: string): boolean {
  if (entry === '*') {
    return true;
  }
  const [network = '', prefix] = entry.split('/');
  if (prefix !== undefined && isIP(network) > 0 && /^\d+$/.test(prefix)) {
    return Number(prefix) <= (isIP(network) === 6 ? 128 : 32) && inNetwork(host, network, Number(prefix));
  }
  const whole = isIP(entry) === 6;
  const listed = whole ? { name: entry, port: '' } : splitHost(entry);
  if (listed.name === '' || (listed.port !== '' && listed.port !== port)) {
    return false;
  }
  if (isIP(listed.name) > 0) {
    return inNetwork(host, listed.name, isIP(listed.name) === 6 ? 128 : 32);
  }
  if (isIP(host) > 0) {
    return false;
  }
  const name = listed.name.replace(/^\*\./, '.');
  const domain = domainToASCII(name.replace(/^\./, '')) || name.replace(/^\./, '');
  return host.endsWith(`.${domain}`) || (host === domain && !name.startsWith('.'));
}

function inNetwork(host: string, network: string, prefix: number): boolean {
  if (isIP(host) === 0) {
    return false;
  }
  const list = new BlockList();
  list.addSubnet(network, prefix, isIP(network) === 6 ? 'ipv6' : 'ipv4');
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
