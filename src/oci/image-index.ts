// Image indexes list manifests, usually one for each platform (OCI "Image Index", Docker manifest list).
import { type Descriptor, descriptorJson, optionalString, parseAnnotations } from './descriptor.ts';
import { parseDocument } from './document-json.ts';
import { encodeJson, member, sortedMap } from './json.ts';
import { ambiguousError, isPresent, parseDescriptors } from './manifest.ts';
import { isManifestType } from './media-type.ts';

/** The members of an index that are used; `manifests` are in document order. */
export interface ImageIndex {
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Parses an index. Throws a UserError that begins with `where`, the name of the document. */
export function parseIndex(bytes: Uint8Array, where: string): ImageIndex {
  const document = parseDocument(bytes, where);
  const mediaType = optionalString(document, 'mediaType', where);
  if (isPresent(document, 'layers') || isPresent(document, 'config') || isManifestType(mediaType ?? '')) {
    throw ambiguousError(where, 'an index', 'an image manifest');
  }
  const annotations = parseAnnotations(member(document, 'annotations'), where);
  return {
    ...(mediaType ? { mediaType } : {}),
    manifests: parseDescriptors(document, 'manifests', where),
    ...(annotations ? { annotations } : {}),
  };
}

/** The bytes of a new index as Go's encoder writes them, so that the same entries have the same digest everywhere. */
export function encodeIndex(index: ImageIndex & { readonly mediaType: string }): Uint8Array {
  const { mediaType, manifests, annotations } = index;
  return Buffer.from(
    encodeJson({
      schemaVersion: 2,
      mediaType,
      manifests: manifests.map(descriptorJson),
      annotations: annotations && Object.keys(annotations).length > 0 ? sortedMap(annotations) : undefined,
    }),
  );
}
