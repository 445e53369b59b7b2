// JSON as Go reads and writes it: keys that match in any letter case, and characters escaped for HTML.

/** A value that JSON can represent. A member that is `undefined` is not written. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>
  | { readonly [key: string]: JsonValue | undefined };

/** An object of a parsed JSON document. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value of a JSON document in UTF-8 (RFC 8259); undefined when the content is not valid JSON. */
export function parseJson(content: string | Uint8Array): unknown {
  try {
    return JSON.parse(
      typeof content === 'string' ? content : new TextDecoder('utf-8', { ignoreBOM: true }).decode(content),
    );
  } catch {
    return undefined;
  }
}

/** Whether a parsed JSON value is an object, and neither an array nor null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key in the form in which Go compares keys: Unicode simple folding, so `ſ` equals `s` and `K` equals `k`. */
export function foldKey(key: string): string {
  return key.toLowerCase().replaceAll('ſ', 's').replaceAll('\u212a', 'k');
}

/** The member of an object whose key equals `name` under {@link foldKey}; the last one in the document wins. */
export function member(object: JsonObject, name: string): unknown {
  const folded = foldKey(name);
  let found: unknown;
  for (const key in object) {
    if (key === name || foldKey(key) === folded) {
      found = object[key];
    }
  }
  return found;
}

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/**
 * Compact JSON as Go's encoder writes it: keys in insertion order, the five characters escaped that are special in
 * HTML or JavaScript, and U+FFFD for lone surrogates.
 */
export function encodeJson(value: JsonValue): string {
  if (typeof value === 'string') {
    return encodeString(value);
  }
  if (typeof value !== 'object' || value === null) {
    return JSON.stringify(value);
  }
  if (isList(value)) {
    return `[${value.map(encodeJson).join(',')}]`;
  }
  const members: string[] = [];
  for (const [key, item] of value instanceof Map ? value : Object.entries(value)) {
    if (item !== undefined) {
      members.push(`${encodeString(key)}:${encodeJson(item)}`);
    }
  }
  return `{${members.join(',')}}`;
}

/** The members of a string map with keys in byte order, as Go writes maps. An object would put `10` before `-`. */
export function sortedMap(map: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const entries = Object.entries(map);
  return new Map(entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

function encodeString(value: string): string {
  return JSON.stringify(value.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (character) => escapes[character] ?? character,
  );
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
