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

/** Whether a parsed JSON value has more than `depth` objects and lists inside each other. Not recursive: a document may have any. */
export function isNestedDeeper(value: unknown, depth: number): boolean {
  let level: readonly unknown[] = [value];
  for (let left = depth; level.length > 0; left--) {
    const nested = level.filter((each) => typeof each === 'object' && each !== null);
    if (left === 0) {
      return nested.length > 0;
    }
    level = nested.flatMap((each) => Object.values(each as object));
  }
  return false;
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

const special = /[<>&\u2028\u2029]/g;
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
  const parts: string[] = [];
  encodeInto(parts, value);
  return parts.join('');
}

/** Adds the parts of a value to those before it: joined at each level, they would be copied as often as they are nested. */
function encodeInto(parts: string[], value: JsonValue): void {
  if (typeof value === 'string') {
    parts.push(encodeString(value));
  } else if (typeof value !== 'object' || value === null) {
    parts.push(JSON.stringify(value));
  } else if (isList(value)) {
    for (const [position, item] of value.entries()) {
      parts.push(position === 0 ? '[' : ',');
      encodeInto(parts, item);
    }
    parts.push(value.length === 0 ? '[]' : ']');
  } else {
    let separator = '{';
    for (const [key, item] of value instanceof Map ? value : Object.entries(value)) {
      if (item !== undefined) {
        parts.push(separator, encodeString(key), ':');
        encodeInto(parts, item);
        separator = ',';
      }
    }
    parts.push(separator === '{' ? '{}' : '}');
  }
}

/** The members of a string map with keys in byte order, as Go writes maps. An object would put `10` before `-`. */
export function sortedMap(map: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const sorted = new Map<string, string>();
  for (const key of Object.keys(map).sort((a, b) => compareUtf8(a.toWellFormed(), b.toWellFormed()))) {
    sorted.set(key, map[key] ?? '');
  }
  return sorted;
}

/** The order of two strings by their bytes in UTF-8, which are not made: a map may have a hundred thousand keys. */
function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let position = 0; position < length; position++) {
    const one = a.charCodeAt(position);
    const other = b.charCodeAt(position);
    if (one !== other) {
      return rank(one) - rank(other);
    }
  }
  return a.length - b.length;
}

/** In UTF-8 characters beyond U+FFFF, which are surrogates here, come after those from U+E000. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

function encodeString(value: string): string {
  const encoded = JSON.stringify(value.toWellFormed());
  return encoded.search(special) < 0
    ? encoded
    : encoded.replace(special, (character) => escapes[character] ?? character);
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
