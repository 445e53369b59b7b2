// What Concourse reads of a fetched image: how its process starts (metadata.json), and its labels (labels.json).
import type { ImageConfig } from '../oci/image-config.ts';
import { encodeJson, sortedMap } from '../oci/json.ts';
import type { Pattern } from '../policy/pattern.ts';

/** The text of `metadata.json`; a list that the config does not have is `null`. */
export function metadataText({ cmd, entrypoint, env, user }: ImageConfig): string {
  return `${encodeJson({ cmd, entrypoint, env, user })}\n`;
}

/** The text of `labels.json`: all labels by name, `{}` when there are none. */
export function labelsText({ labels }: ImageConfig): string {
  return `${encodeJson(sortedMap(labels))}\n`;
}

/** One line of the metadata of an answer. */
export interface MetadataField {
  readonly name: string;
  readonly value: string;
}

/** The entries whose key the pattern matches, in byte order of their keys. */
export function selectMetadata(entries: Readonly<Record<string, string>>, pattern: Pattern): MetadataField[] {
  return Object.entries(entries)
    .filter(([key]) => pattern.matches(key))
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => ({ name, value }));
}
