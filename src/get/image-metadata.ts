// metadata.json (how the process of an image starts), labels.json, and the metadata of a response.
import type { ImageConfig } from '../oci/image-config.ts';
import { encodeJson, sortedMap } from '../oci/json.ts';
import type { Pattern } from '../policy/pattern.ts';

/** The content of `metadata.json`; a list that the config does not have is `null`. */
export function metadataJson({ cmd, entrypoint, env, user }: ImageConfig): string {
  return `${encodeJson({ cmd, entrypoint, env, user })}\n`;
}

/** The content of `labels.json`: all labels by name, `{}` when there are none. */
export function labelsJson({ labels }: ImageConfig): string {
  return `${encodeJson(sortedMap(labels))}\n`;
}

/** One entry of the metadata of a response. */
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
