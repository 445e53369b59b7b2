// A URL taken apart as text, as Go's net/url does: WHATWG's URL class folds what registries tell apart.

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
const authorityPattern = /^(?:([\w.~!$&'()*+,;=:%@-]*)@)?((?:\[[\da-f:.]+\]|[\w.~-]+)(?::\d*)?)$/i;

/**
 * Takes an absolute URL apart, or gives nothing when the text is not one. Stricter than RFC 3986 section 3.2: a
 * host holds letters, digits and `-._~` or is a bracketed IPv6 address, and there is no control character, so that
 * no other parser can read another host out of the same text. Other bytes in the path come back percent-encoded.
 */
export function parseUrl(text: string): UrlSyntax | undefined {
  const parts = hasControlCharacter(text) ? null : urlPattern.exec(text);
  const authority = parts && authorityPattern.exec(parts[2] ?? '');
  if (!authority) {
    return undefined;
  }
  const [, scheme = '', , path = '', query, fragment] = parts;
  const [, userInfo, host = ''] = authority;
  return { scheme: scheme.toLowerCase(), userInfo, host, path: escapePath(path), query, fragment };
}

/** The text of a URL that {@link parseUrl} took apart. */
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

/** A percent-encoded text decoded as UTF-8. What is no valid escape stays as it is. */
export function percentDecode(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  const decoded = bytes.replace(/%([\da-f]{2})/gi, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(decoded, 'latin1').toString();
}

/**
 * A tag, digest or other text as one or more segments of a request path, escaped as Go's URL type does: dot
 * segments and slashes stay, since the registry is to judge them.
 */
export function encodePathText(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9\-_.~$&+,/:;=@]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

function escapePath(path: string): string {
  const bytes = Buffer.from(path).toString('latin1');
  return bytes.replace(
    /%(?![\da-f]{2})|[^\w.~!$&'()*+,;=:@[\]/%-]/gi,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\x7f');
}
