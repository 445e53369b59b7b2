// Images that an index.json lists under several names: tools for layouts tell images apart by annotations of the entries.
import { isJsonObject, type JsonObject, member, parseJson } from '../oci/json.ts';

/**
 * The index.json with each image once for each platform: entries that differ in their annotations only, which hold names
 * and times, count as one, the first. So does an entry without a platform where another one of the image has one. The bytes
 * are unchanged when there is none. What is not an index is returned as it is.
 */
export function withoutOtherNames(bytes: Uint8Array): Uint8Array {
  const document = parseJson(bytes);
  const listed = isJsonObject(document) ? member(document, 'manifests') : undefined;
  if (!isJsonObject(document) || !Array.isArray(listed)) {
    return bytes;
  }
  const entries = listed.map(readEntry);
  const withPlatform = new Set(entries.flatMap((entry) => (entry?.platform ? [entry.digest] : [])));
  const seen = new Set<string>();
  const manifests = listed.filter((_, position) => {
    const entry = entries[position];
    if (!entry) {
      return true;
    }
    const key = JSON.stringify([entry.digest, entry.platform]);
    const isOther = seen.has(key) || (!entry.platform && withPlatform.has(entry.digest));
    seen.add(key);
    return !isOther;
  });
  if (manifests.length === listed.length) {
    return bytes;
  }
  const key = Object.keys(document).find((each) => document[each] === listed) ?? 'manifests';
  return Buffer.from(JSON.stringify({ ...document, [key]: manifests }));
}

/** What distinguishes the entries of one image; undefined for what is no descriptor. */
function readEntry(entry: unknown): { digest: string; platform: JsonObject | undefined } | undefined {
  const digest = isJsonObject(entry) ? member(entry, 'digest') : undefined;
  if (!isJsonObject(entry) || typeof digest !== 'string') {
    return undefined;
  }
  const platform = member(entry, 'platform');
  return { digest, platform: isJsonObject(platform) ? sorted(platform) : undefined };
}

/** The members in the order of their keys, so that equal objects have equal JSON. */
function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
