// The media type of a manifest or an index whose stated one is generic, and the documents that contradict their type.
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, member, parseJson } from './json.ts';
import { isIndexType, isManifestType, isSchema1Type, mediaTypes, withoutParameters } from './media-type.ts';

/**
 * The media type of a document. A stated type that is no image, index or schema 1 manifest (`application/json`, `text/plain`,
 * none) gives way to the `mediaType` in the document, and without one to its members: `manifests` makes an index, `config`
 * and `layers` an image. The stated type is returned when nothing identifies the document.
 */
export function documentMediaType(stated: string, bytes: Uint8Array): string {
  if (isDocumentType(stated)) {
    return stated;
  }
  const document = parseJson(bytes);
  return isJsonObject(document) ? (typeInside(document) ?? stated) : stated;
}

/**
 * Throws a UserError, which begins with `where`, for a document that clients may read in two ways (CVE-2021-41190): it has the
 * members of an index and those of an image, or those of the other type, or its `mediaType` is not `mediaType`. Schema 1 is
 * not read at all.
 */
export function refuseAmbiguous(mediaType: string, bytes: Uint8Array, where: string): void {
  const document = isSchema1Type(mediaType) ? undefined : parseJson(bytes);
  if (!isJsonObject(document)) {
    return;
  }
  const ambiguous = (reason: string) =>
    new UserError(`${where} can be read in two ways: ${reason}`, { code: 'DOCUMENT_AMBIGUOUS' });
  const [index, layers, config] = ['manifests', 'layers', 'config'].map((name) => has(document, name));
  if (index && (layers || config)) {
    throw ambiguous(`it has "manifests" like an index and ${layers ? '"layers"' : '"config"'} like an image`);
  }
  const inner = member(document, 'mediaType');
  const stated = typeof inner === 'string' ? withoutParameters(inner) : '';
  if (isDocumentType(mediaType) && stated !== '' && stated !== mediaType) {
    throw ambiguous(`its media type is ${mediaType}, but it states ${JSON.stringify(stated.slice(0, 100))}`);
  }
  if (isManifestType(mediaType) && index) {
    throw ambiguous(`its media type is ${mediaType}, but it has "manifests" like an index`);
  }
  if (isIndexType(mediaType) && (layers || config)) {
    throw ambiguous(`its media type is ${mediaType}, but it has "layers" or "config" like an image`);
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
  if (has(document, 'manifests')) {
    return mediaTypes.ociIndex;
  }
  return has(document, 'config') && has(document, 'layers') ? mediaTypes.ociManifest : undefined;
}

function has(document: JsonObject, name: string): boolean {
  const value = member(document, name);
  return value !== undefined && value !== null;
}
