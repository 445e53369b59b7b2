// Image indexes list manifests, usually one for each platform (OCI "Image Index", Docker manifest list).
import { type Descriptor, optionalString } from './descriptor.ts';
import { parseDescriptors, parseDocument } from './manifest.ts';

/** The members of an index that are used; `manifests` are in document order. */
export interface ImageIndex {
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
}

/** Parses an index. Throws a UserError that begins with `where`, the name of the document. */
export function parseIndex(bytes: Uint8Array, where: string): ImageIndex {
  const document = parseDocument(bytes, where);
  const mediaType = optionalString(document, 'mediaType', where);
  return { ...(mediaType ? { mediaType } : {}), manifests: parseDescriptors(document, 'manifests', where) };
}
