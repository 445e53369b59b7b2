// Redacts URLs for messages: no signature, no token and no password in them.
import { encodeQuery, parseQuery } from './url-query.ts';
import { formatUrl, parseUrl } from './url-syntax.ts';

const shownKeys = new Set(['scope', 'service', 'mount', 'from', 'digest', 'n', 'last']);

/** Whether the protocol defines this key of a query, so that messages may show its values. */
export function isShownKey(key: string): boolean {
  return shownKeys.has(key);
}

/**
 * The URL for a message: values of query keys that the protocol does not define become `REDACTED`, a password becomes
 * `xxxxx`, the query is written again in the order of its keys, and the fragment, which is never sent, is left out. A
 * string that is not an absolute URL loses its query and everything before its last `@`.
 */
export function redactedUrl(written: string): string {
  const url = parseUrl(written);
  if (!url) {
    return written.replace(/[?#].*$/s, '').replace(/^(https?:)?.*@/is, '$1//');
  }
  const query = parseQuery(url.query ?? '');
  for (const [key, values] of query) {
    if (!isShownKey(key)) {
      query.set(
        key,
        values.map(() => 'REDACTED'),
      );
    }
  }
  const userInfo = url.userInfo?.replace(/:.*$/s, ':xxxxx');
  // A path may hold another URL with its password.
  const path = url.path.replace(/\/\/[^/@]*@/g, '//xxxxx@');
  return formatUrl({ ...url, userInfo, path, query: encodeQuery(query), fragment: undefined });
}
