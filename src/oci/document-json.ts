// The JSON of manifests, indexes and configs. A document is identified, judged and read in turn, but parsed once.
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, parseJson } from './json.ts';

// One document only: the value of one of 8 MB needs several times as much, and is freed with its bytes.
let latest = new WeakMap<Uint8Array, { readonly value: unknown }>();

/**
 * The value of a document, as {@link parseJson} returns it. For the same bytes in turn it is the same value: parsing one of
 * 8 MB at each step would leave garbage that grows beyond the memory of a command.
 */
export function documentValue(bytes: Uint8Array): unknown {
  let parsed = latest.get(bytes);
  if (!parsed) {
    parsed = { value: parseJson(bytes) };
    latest = new WeakMap([[bytes, parsed]]);
  }
  return parsed.value;
}

/** Parses a document that is a JSON object. Throws a UserError that begins with `where`, the name of the document. */
export function parseDocument(bytes: Uint8Array, where: string): JsonObject {
  const document = documentValue(bytes);
  if (document === undefined) {
    throw new UserError(`${where} is not a JSON document`);
  }
  if (!isJsonObject(document)) {
    throw new UserError(`${where} is not a JSON object`);
  }
  return document;
}
