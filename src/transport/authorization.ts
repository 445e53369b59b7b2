// Credentials and tokens as `Authorization` headers, and the rule to which URLs they may be sent. Pure.
import { parseUrl, splitHost, type UrlSyntax } from './url-syntax.ts';

/**
 * A username and a password; a session without them is anonymous. A token server that accepts OAuth 2 requests is sent
 * the `identityToken` instead, if there is one; then both may be empty.
 */
export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string;
}

/**
 * How white space surrounds a user name or a secret, for a warning; undefined when it does not. It is sent as it is, and
 * most often comes from a file with a line feed at its end.
 */
export function describePadding(value: string): string | undefined {
  if (/[\r\n]$/.test(value)) {
    return 'ends with a line break';
  }
  if (value !== value.trimEnd()) {
    return 'ends with white space';
  }
  return value === value.trimStart() ? undefined : 'begins with white space';
}

/** Reads the credentials for a registry; `fresh` passes over a cache, because those in it were refused. */
export type ReadCredentials = (fresh?: boolean) => Promise<BasicCredentials | undefined>;

/** The same credentials for Basic authorization; undefined when they are only an identity token. */
export function withPassword(credentials: BasicCredentials): BasicCredentials | undefined {
  return credentials.identityToken !== undefined && credentials.password === '' ? undefined : credentials;
}

/** The `Authorization` header of Basic credentials: RFC 7617, in UTF-8. */
export function basicAuthorization({ username, password }: BasicCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The `Authorization` header of a token: RFC 6750, section 2.1. */
export function bearerAuthorization(token: string): string {
  return `Bearer ${token}`;
}

/**
 * Whether Basic credentials of a registry (`host` or `host:port`, as the user wrote it) may go to a URL: when host
 * and port are the same as written, and not over http when the registry was reached over https.
 */
export function maySendBasic(url: string, registry: string, scheme: 'http' | 'https'): boolean {
  const parts = parseUrl(url);
  return parts !== undefined && isSafeScheme(parts, scheme) && parts.host === registry;
}

/**
 * Whether a token of a registry may go to a URL: when host and port are the same once the default port of the
 * session's scheme is added, and not over http when the registry was reached over https.
 */
export function maySendBearer(url: string, registry: string, scheme: 'http' | 'https'): boolean {
  const parts = parseUrl(url);
  return parts !== undefined && isSafeScheme(parts, scheme) && isSameHost(parts.host, registry, scheme);
}

/** Whether two hosts are the same as written after the scheme's default port is added where there is none. */
export function isSameHost(host: string, other: string, scheme: 'http' | 'https'): boolean {
  return withPort(host, scheme) === withPort(other, scheme);
}

function withPort(host: string, scheme: 'http' | 'https'): string {
  const { name, port } = splitHost(host);
  return `${name} ${port || (scheme === 'https' ? '443' : '80')}`;
}

function isSafeScheme(url: UrlSyntax, scheme: 'http' | 'https'): boolean {
  return url.scheme === 'https' || (url.scheme === 'http' && scheme === 'http');
}
