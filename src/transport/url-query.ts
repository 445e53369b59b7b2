// The query of a URL as Go's url.Values reads and writes it, byte for byte.

/** A query: escaped key → escaped values in the order in which they came. Escapes are in {@link escapeQuery}'s form. */
export type Query = Map<string, string[]>;

/** The pairs of a query without its `?`. Pairs that do not decode or hold a `;` vanish, as in Go's url.ParseQuery. */
export function parseQuery(written: string): Query {
  const query: Query = new Map();
  for (const pair of written.split('&')) {
    const at = pair.indexOf('=');
    const key = normalise(at < 0 ? pair : pair.slice(0, at));
    const value = normalise(at < 0 ? '' : pair.slice(at + 1));
    if (pair !== '' && !pair.includes(';') && key !== undefined && value !== undefined) {
      const values = query.get(key);
      if (values) {
        values.push(value);
      } else {
        query.set(key, [value]);
      }
    }
  }
  return query;
}

/** The query as a string, its keys in the byte order of their decoded form, as Go's url.Values.Encode writes it. */
export function encodeQuery(query: Query): string {
  return [...query]
    .map(([key, values]) => ({ key, values, order: decode(key) }))
    .sort((a, b) => Buffer.compare(a.order, b.order))
    .flatMap(({ key, values }) => values.map((value) => `${key}=${value}`))
    .join('&');
}

/** A string escaped for a query: all but letters, digits and `-_.~`, and a space as `+`, as Go's url.QueryEscape. */
export function escapeQuery(value: string): string {
  return encode(Buffer.from(value));
}

function normalise(part: string): string | undefined {
  return /%(?![\da-f]{2})/i.test(part) ? undefined : encode(decode(part));
}

function decode(part: string): Buffer {
  const bytes = Buffer.from(part).toString('latin1').replaceAll('+', ' ');
  const decoded = bytes.replace(/%([\da-f]{2})/gi, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(decoded, 'latin1');
}

function encode(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\w.~-]/g, (byte) => {
    const code = byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
    return byte === ' ' ? '+' : `%${code}`;
  });
}
