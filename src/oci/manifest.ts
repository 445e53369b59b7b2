// Image manifests: the config and the layers of one image (OCI "Image Manifest", Docker schema 2).
import { UserError } from '../errors.ts';
import {
  type Descriptor,
  descriptorJson,
  optionalString,
  parseAnnotations,
  parseDescriptor,
} from './descriptor.ts';
import { parseDocument } from './document-json.ts';
import { encodeJson, isJsonObject, type JsonObject, member, sortedMap } from './json.ts';
import { isIndexType } from './media-type.ts';

/** The members of an image manifest that are used; `layers` are bottom-up. */
export interface ImageManifest {
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

/** Parses an image manifest. Throws a UserError that begins with `where`, the name of the document. */
export function parseManifest(bytes: Uint8Array, where: string): ImageManifest {
  const document = parseDocument(bytes, where);
  const mediaType = optionalString(document, 'mediaType', where);
  if (isPresent(document, 'manifests') || isIndexType(mediaType ?? '')) {
    throw ambiguousError(where, 'an image manifest', 'an index');
  }
  const artifactType = optionalString(document, 'artifactType', where);
  const annotations = parseAnnotations(member(document, 'annotations'), where);
  const subject = member(document, 'subject');
  return {
    ...(mediaType ? { mediaType } : {}),
    config: parseDescriptor(member(document, 'config'), `${where}: config`),
    layers: parseDescriptors(document, 'layers', where),
    ...(annotations ? { annotations } : {}),
    ...(isJsonObject(subject) ? { subject: parseDescriptor(subject, `${where}: subject`) } : {}),
    ...(artifactType ? { artifactType } : {}),
  };
}

/** Whether a member has a value other than null. */
export function isPresent(document: JsonObject, name: string): boolean {
  return (member(document, name) ?? undefined) !== undefined;
}

/**
 * The error for a document that can be read in two ways: one program would pull what another never checked
 * (CVE-2021-41190). The specification forbids the members of the other kind.
 */
export function ambiguousError(where: string, stated: string, other: string): UserError {
  return new UserError(
    `${where} is ambiguous: it is ${stated} by its media type, and has members or the type of ${other}`,
    { code: 'DOCUMENT_AMBIGUOUS' },
  );
}

/** Encodes a new image manifest as Go's encoder does, so that its digest is the same as upstream's. */
export function encodeManifest(manifest: ImageManifest & { readonly mediaType: string }): Uint8Array {
  const { annotations, subject, artifactType } = manifest;
  return Buffer.from(
    encodeJson({
      schemaVersion: 2,
      mediaType: manifest.mediaType,
      config: descriptorJson(manifest.config),
      layers: manifest.layers.map(descriptorJson),
      annotations: annotations && Object.keys(annotations).length > 0 ? sortedMap(annotations) : undefined,
      subject: subject ? descriptorJson(subject) : undefined,
      artifactType: artifactType || undefined,
    }),
  );
}

/** The list of descriptors under a key, empty when it is absent or null. Throws a UserError. */
export function parseDescriptors(document: JsonObject, name: string, where: string): Descriptor[] {
  const list = member(document, name) ?? [];
  if (!Array.isArray(list)) {
    throw new UserError(`${where}: ${JSON.stringify(name)} must be a list`);
  }
  return list.map((item, position) => parseDescriptor(item, `${where}: ${name}[${position}]`));
}
