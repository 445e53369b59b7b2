// An index lists manifests, usually one for each platform. OCI "image index", Docker manifest list.
import type { Descriptor } from './descriptor.ts';
import { optionalString } from './descriptor.ts';
import { parseDescriptors, parseDocument } from './manifest.ts';

/** The facts of an index; `manifests` are in document order. */
export interface ImageIndex {
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
}

/** What the bytes of an index say; `where` names the document in an error. */
export function parseIndex(bytes: Uint8Array, where: string): ImageIndex {
  const document = parseDocument(bytes, where);
  const mediaType = optionalString(document, 'mediaType', where);
  return { ...(mediaType ? { mediaType } : {}), manifests: parseDescriptors(document, 'manifests', where) };
}
