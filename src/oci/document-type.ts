// The media type of a manifest or an index whose stated one is generic, and documents that state another one.
import { UserError } from '../errors.ts';
import { documentValue } from './document-json.ts';
import { isJsonObject, type JsonObject, member } from './json.ts';
import { isPresent } from './manifest.ts';
import { isIndexType, isManifestType, isSchema1Type, mediaTypes, withoutParameters } from './media-type.ts';

/**
 * The media type of a document. A stated type that is no image, index or schema 1 manifest (`application/json`, `text/plain`,
 * none) is replaced by the `mediaType` in the document, or without one by what its members say: `manifests` makes an index,
 * `config` and `layers` an image. The stated type is returned when nothing identifies the document.
 */
export function documentMediaType(stated: string, bytes: Uint8Array): string {
  if (isDocumentType(stated)) {
    return stated;
  }
  const document = documentValue(bytes);
  return isJsonObject(document) ? (typeInside(document) ?? stated) : stated;
}

/**
 * Throws a UserError, which begins with `where`, for a document that states another media type than its own one: clients
 * would read it in two ways (CVE-2021-41190). Which members contradict a type, the parsers check.
 */
export function refuseOtherType(mediaType: string, bytes: Uint8Array, where: string): void {
  const document = isIndexType(mediaType) || isManifestType(mediaType) ? documentValue(bytes) : undefined;
  const inner = isJsonObject(document) ? member(document, 'mediaType') : undefined;
  const stated = typeof inner === 'string' ? withoutParameters(inner) : '';
  if (stated !== '' && stated !== mediaType) {
    throw new UserError(
      `${where} is ambiguous: its media type is ${mediaType}, but it states ${JSON.stringify(stated.slice(0, 100))}`,
      { code: 'DOCUMENT_AMBIGUOUS' },
    );
  }
}

function isDocumentType(mediaType: string): boolean {
  return isIndexType(mediaType) || isManifestType(mediaType) || isSchema1Type(mediaType);
}

function typeInside(document: JsonObject): string | undefined {
  const inner = member(document, 'mediaType');
  if (typeof inner === 'string' && isDocumentType(inner)) {
    return inner;
  }
  if (isPresent(document, 'manifests')) {
    return mediaTypes.ociIndex;
  }
  return isPresent(document, 'config') && isPresent(document, 'layers') ? mediaTypes.ociManifest : undefined;
}
