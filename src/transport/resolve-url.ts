// Resolves the URL references of `Location` and `Link` headers, and takes URLs apart for requests.
import { UserError } from '../errors.ts';
import { redactedUrl } from './redacted-url.ts';
import { encodeQuery, escapeQuery, parseQuery } from './url-query.ts';
import { formatUrl, parseUrl } from './url-syntax.ts';

/** Where the request for a URL is sent, and what its first line says. */
export interface RequestUrl {
  readonly scheme: 'http' | 'https';
  /** Host and port as written. */
  readonly host: string;
  /** `scheme://host` */
  readonly origin: string;
  /** Path and query, byte for byte. */
  readonly target: string;
}

/** The parts of an absolute http or https URL that a request needs. Throws a UserError for anything else. */
export function requestUrl(url: string): RequestUrl {
  const parts = parseUrl(url);
  if (!parts || (parts.scheme !== 'http' && parts.scheme !== 'https') || !isHost(parts.host)) {
    throw new UserError(`not an http or https URL: ${redactedUrl(url)}`);
  }
  const query = parts.query ? `?${escapeSpaces(parts.query)}` : '';
  return {
    scheme: parts.scheme,
    host: parts.host,
    origin: `${parts.scheme}://${parts.host}`,
    target: `${parts.path || '/'}${query}`,
  };
}

/** Whether the HTTP client accepts a host: not with a port above 65535, and not 1.2.3.4.5, which is no name either. */
function isHost(host: string): boolean {
  return URL.canParse(`http://${host}`);
}

/**
 * The URL of a reference in the response to a request for `base` (RFC 3986, section 5.2). Absolute paths and URLs are
 * used as they are: no dot segment is removed. Throws a UserError for a relative reference that cannot be resolved.
 */
export function resolveUrl(base: string, reference: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference)) {
    return reference;
  }
  const { scheme, origin, target } = requestUrl(base);
  const path = target.split('?', 1)[0] ?? '/';
  if (reference.startsWith('//')) {
    return `${scheme}:${reference}`;
  }
  if (reference.startsWith('/')) {
    return `${origin}${reference}`;
  }
  if (reference === '' || reference.startsWith('?')) {
    return `${origin}${path}${reference}`;
  }
  const resolved = URL.parse(reference, `${origin}${path}`);
  if (resolved === null) {
    throw new UserError(`not a URL: ${redactedUrl(reference)}`);
  }
  return resolved.href;
}

/** The URL with one query parameter set; the query is written again in key order and a fragment dropped, as in Go. */
export function withQueryParameter(url: string, name: string, value: string): string {
  const parts = parseUrl(url);
  if (!parts) {
    throw new UserError(`not an absolute URL: ${redactedUrl(url)}`);
  }
  const query = parseQuery(parts.query ?? '');
  query.set(escapeQuery(name), [escapeQuery(value)]);
  return formatUrl({ ...parts, query: encodeQuery(query), fragment: undefined });
}

function escapeSpaces(query: string): string {
  return query.toWellFormed().replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
}
