// Parses URLs into their parts as written, as Go's net/url does: WHATWG's URL class loses what registries tell apart.

/** The parts of an absolute URL as they were written; only the scheme is put into lower case. */
export interface UrlSyntax {
  readonly scheme: string;
  /** What stands before the `@`, still percent-encoded. */
  readonly userInfo: string | undefined;
  /** Host and port as written: letter case, brackets and a default port are kept. */
  readonly host: string;
  readonly path: string;
  /** Without the `?`. */
  readonly query: string | undefined;
  /** Without the `#`. */
  readonly fragment: string | undefined;
}

const urlPattern = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i;
const unescapedPath = /^[A-Za-z0-9\-_.~$&+,/:;=@]*$/;
const authorityPattern = /^(?:([\w.~!$&'()*+,;=:%@-]*)@)?((?:\[[\da-f:.]+\]|[\w.~-]+)(?::\d*)?)$/i;

/**
 * The parts of an absolute URL, undefined for any other string. Stricter than RFC 3986 section 3.2: a
 * host holds letters, digits and `-._~` or is a bracketed IPv6 address, and there is no control character, so that
 * no other parser finds another host in the same string. Other bytes in the path come back percent-encoded.
 */
export function parseUrl(url: string): UrlSyntax | undefined {
  const parts = hasControlCharacter(url) ? null : urlPattern.exec(url);
  const authority = parts && authorityPattern.exec(parts[2] ?? '');
  if (!authority) {
    return undefined;
  }
  const [, scheme = '', , path = '', query, fragment] = parts;
  const [, userInfo, host = ''] = authority;
  return { scheme: scheme.toLowerCase(), userInfo, host, path: escapePath(path), query, fragment };
}

/** The URL as a string, from the parts of {@link parseUrl}. */
export function formatUrl(url: UrlSyntax): string {
  const userInfo = url.userInfo === undefined ? '' : `${url.userInfo}@`;
  const query = url.query ? `?${url.query}` : '';
  const fragment = url.fragment ? `#${url.fragment}` : '';
  return `${url.scheme}://${userInfo}${url.host}${url.path}${query}${fragment}`;
}

/** Splits `name`, `name:port`, `[address]` or `[address]:port`. The name has no brackets; no port is empty. */
export function splitHost(host: string): { name: string; port: string } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(host);
  return match ? { name: match[1] ?? match[2] ?? '', port: match[3] ?? '' } : { name: host, port: '' };
}

/** A percent-encoded string decoded as UTF-8. Invalid escapes stay as they are. */
export function percentDecode(encoded: string): string {
  const bytes = Buffer.from(encoded).toString('latin1');
  const decoded = bytes.replace(/%([\da-f]{2})/gi, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(decoded, 'latin1').toString();
}

/**
 * A tag, digest or other string as one or more segments of a request path, escaped as Go's URL type does: dot segments
 * and slashes stay, because the registry judges them.
 */
export function encodePath(value: string): string {
  if (unescapedPath.test(value)) {
    return value;
  }
  let encoded = '';
  for (const byte of Buffer.from(value, 'utf8')) {
    const character = String.fromCharCode(byte);
    encoded += unescapedPath.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

function escapePath(path: string): string {
  // As nearly every path is: a URL is parsed several times for each request.
  if (/^[\w.~!$&'()*+,;=:@[\]/-]*$/.test(path)) {
    return path;
  }
  const bytes = Buffer.from(path).toString('latin1');
  return bytes.replace(
    /%(?![\da-f]{2})|[^\w.~!$&'()*+,;=:@[\]/%-]/gi,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function hasControlCharacter(value: string): boolean {
  for (let position = 0; position < value.length; position++) {
    const unit = value.charCodeAt(position);
    if (unit < 0x20 || unit === 0x7f) {
      return true;
    }
  }
  return false;
}
