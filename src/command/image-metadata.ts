// What Concourse reads of a fetched image: how its process starts (metadata.json), and its labels (labels.json).
import type { ImageConfig } from '../oci/image-config.ts';
import { encodeJson, sortedMap } from '../oci/json-text.ts';

/** The text of `metadata.json`; a list that the config does not have is `null`. */
export function metadataText({ cmd, entrypoint, env, user }: ImageConfig): string {
  return `${encodeJson({ cmd, entrypoint, env, user })}\n`;
}

/** The text of `labels.json`: all labels by name, `{}` when there are none. */
export function labelsText({ labels }: ImageConfig): string {
  return `${encodeJson(sortedMap(labels))}\n`;
}
