// Images that an index.json lists under several names: tools for layouts tell images apart by annotations of the entries.
import { isJsonObject, type JsonObject, member, parseJson } from '../oci/json.ts';

/** The annotations that hold a name: of the OCI image specification ("Pre-Defined Annotation Keys") and of containerd. */
const nameAnnotations: ReadonlySet<string> = new Set([
  'org.opencontainers.image.ref.name',
  'io.containerd.image.name',
]);

/**
 * The index.json with each image once: an entry that differs from an earlier one in its name only is removed. The bytes are
 * unchanged when there is none. What is not an index is returned as it is.
 */
export function withoutOtherNames(bytes: Uint8Array): Uint8Array {
  const document = parseJson(bytes);
  const listed = isJsonObject(document) ? member(document, 'manifests') : undefined;
  if (!isJsonObject(document) || !Array.isArray(listed)) {
    return bytes;
  }
  const seen = new Set<string>();
  const manifests = listed.filter((entry) => {
    const nameless = JSON.stringify(withoutName(entry));
    return !seen.has(nameless) && seen.add(nameless);
  });
  if (manifests.length === listed.length) {
    return bytes;
  }
  const key = Object.keys(document).find((each) => document[each] === listed) ?? 'manifests';
  return Buffer.from(JSON.stringify({ ...document, [key]: manifests }));
}

function withoutName(entry: unknown): unknown {
  if (!isJsonObject(entry)) {
    return entry;
  }
  const annotations = Object.entries(isJsonObject(entry.annotations) ? entry.annotations : {});
  const others = annotations.filter(([name]) => !nameAnnotations.has(name));
  return sorted({
    ...entry,
    annotations: others.length > 0 ? sorted(Object.fromEntries(others)) : undefined,
  });
}

/** The members in the order of their keys, so that equal objects have equal JSON. */
function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
