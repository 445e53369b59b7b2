// JSON as Go reads and writes it: keys that match whatever their case, and characters escaped for HTML.

/** A value that JSON can hold. An `undefined` member is left out when written. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** An object of a parsed JSON document. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed JSON value is an object (neither an array nor null). */
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

/** Compact JSON with keys in insertion order and the five characters escaped that Go's encoder escapes. */
export function encodeJson(value: JsonValue): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? character);
}

/** A copy of a string map whose keys are in byte order, as Go writes maps. */
export function sortedMap(map: Readonly<Record<string, string>>): Record<string, string> {
  const keys = Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(keys.map((key) => [key, map[key] ?? '']));
}
