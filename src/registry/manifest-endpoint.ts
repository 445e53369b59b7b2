// Reading from the manifest endpoint: HEAD and GET, by tag and by digest. Distribution specification, "Pulling manifests".
import type { TagState } from '../content/tag-state.ts';
import { CorruptContentError, verifyBytes } from '../content/verified-content.ts';
import { UserError } from '../errors.ts';
import { maximumManifest } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { documentMediaType } from '../oci/document-type.ts';
import { acceptedManifests, mediaTypes, withoutParameters } from '../oci/media-type.ts';
import { repositoryName } from '../oci/reference.ts';
import { isSameHost } from '../transport/authorization.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { OversizedBodyError, RegistryError } from '../transport/registry-error.ts';
import { requestUrl } from '../transport/resolve-url.ts';
import { headerText } from '../transport/response-body.ts';
import { isPassing } from '../transport/retry-policy.ts';
import type { Session } from '../transport/session.ts';
import type { ReadResponse } from '../transport/session-request.ts';
import { encodePath } from '../transport/url-syntax.ts';
import { webPageError } from '../transport/web-page.ts';

/** A manifest or index as it was served: the bytes that were hashed are the bytes to store. */
export interface ServedManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  /** Without parameters. By the document where the registry states a general one: see {@link documentMediaType}. */
  readonly mediaType: string;
}

/** Whether an error says that what was requested does not exist: a 404 for that very request. */
export function isMissing(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.status === 404;
}

/**
 * Where a tag or digest points, by the headers of a manifest. `missing` only by a 404 of the registry's own host; `found` only if the status is 200 and there are
 * `Content-Type`, `Content-Length` and a well-formed `Docker-Content-Digest` (equal when requested by digest). Throws the
 * RegistryError of a status that may pass, after the retries of the session.
 */
export async function headManifest(
  session: Session,
  reference: string,
  signal?: AbortSignal,
): Promise<TagState> {
  try {
    const response = await session.request({
      method: 'HEAD',
      target: manifestPath(session, reference),
      accept: acceptedManifests,
      expect: [200, 404],
      signal,
    });
    if (response.status !== 404) {
      return headState(response, reference);
    }
    // Only the registry knows what it has: a storage that it redirects to may refuse a HEAD with any status.
    const { host, scheme } = requestUrl(response.url);
    return { state: isSameHost(host, session.repository.registry, scheme) ? 'missing' : 'unclear' };
  } catch (error) {
    if (error instanceof RegistryError && !isPassing(error.status)) {
      return { state: 'unclear', error };
    }
    throw error;
  }
}

function headState(response: ReadResponse, reference: string): TagState {
  const digest = headerText(response, 'docker-content-digest');
  const complete = ['content-type', 'content-length'].every((name) => headerText(response, name));
  return complete && isDigest(digest) && (!isDigest(reference) || reference === digest)
    ? { state: 'found', digest }
    : { state: 'unclear' };
}

/**
 * The manifest of a tag or digest. The bytes have the requested digest, and for a tag the `Docker-Content-Digest` of the
 * response, if it has one; `accept` lists the media types. Throws a {@link RegistryError} for any status but 200, a
 * {@link CorruptContentError} for other bytes or none, and a UserError for a web page or more than `limit` bytes.
 */
export async function getManifest(
  session: Session,
  reference: string,
  accept: string = acceptedManifests,
  limit: number = maximumManifest,
): Promise<ServedManifest> {
  const { response, mediaType } = await requestManifest(session, reference, accept, limit);
  return { bytes: response.bytes, digest: verifiedDigest(response, reference, mediaType), mediaType };
}

/**
 * The manifest that a tag points at, whatever `Docker-Content-Digest` the response has: for its content alone, where the
 * digest of the tag is that of an earlier HEAD. As in upstream, whose tests serve other bytes here.
 */
export async function getTaggedManifest(
  session: Session,
  tag: string,
  limit: number,
): Promise<ServedManifest> {
  const { response, mediaType } = await requestManifest(session, tag, acceptedManifests, limit);
  return { bytes: response.bytes, digest: digestOf(response.bytes), mediaType };
}

async function requestManifest(
  session: Session,
  reference: string,
  accept: string,
  limit: number,
): Promise<{ response: ReadResponse; mediaType: string }> {
  const response = await session
    .request({
      method: 'GET',
      target: manifestPath(session, reference),
      accept,
      expect: [200],
      bodyLimit: limit,
    })
    .catch((cause: unknown) => {
      throw cause instanceof OversizedBodyError ? oversizedError(session, reference, cause) : cause;
    });
  const stated = withoutParameters(headerText(response, 'content-type') ?? '');
  return { response, mediaType: documentMediaType(stated, response.bytes) };
}

function oversizedError(session: Session, reference: string, cause: OversizedBodyError): UserError {
  return new UserError(`manifest ${reference} of ${repositoryName(session.repository)} is too large`, {
    cause,
    hint: 'most registries refuse such a manifest; have the image built with fewer entries or annotations',
  });
}

function verifiedDigest(response: ReadResponse, reference: string, mediaType: string): Digest {
  const corrupt = (message: string) =>
    new CorruptContentError(`GET ${redactedUrl(response.url)}: ${message}`, { facts: { side: 'registry' } });
  const digest = digestOf(response.bytes);
  if (reference === digest) {
    return digest;
  }
  const page = webPageError('GET', response.url, mediaType, 'a manifest');
  if (page) {
    throw page;
  }
  if (isDigest(reference)) {
    throw corrupt(`manifest digest: ${digest} does not match requested digest: ${reference}`);
  }
  if (response.bytes.length === 0) {
    throw corrupt('the response has no body');
  }
  const stated = headerText(response, 'docker-content-digest');
  if (!isDigest(stated) || stated === digest) {
    return digest;
  }
  // The digest of a signed manifest is that of its payload, without the signatures.
  if (mediaType === mediaTypes.dockerManifestSchema1Signed) {
    return stated;
  }
  throw corrupt(
    `manifest digest: ${digest} does not match the Docker-Content-Digest of the response: ${stated}`,
  );
}

/**
 * The digest of a tag or digest, undefined when the registry does not have it. A 404 for the HEAD is final; after a
 * response that is not reliable a GET follows, whose body is hashed.
 */
export async function lookUpDigest(session: Session, reference: string): Promise<Digest | undefined> {
  const head = await headManifest(session, reference);
  if (head.state === 'found') {
    return head.digest;
  }
  if (head.state === 'missing') {
    return undefined;
  }
  try {
    return (await getManifest(session, reference)).digest;
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

/** The manifest or index of an entry of an index: embedded in it, or requested with the media type of the entry. */
export async function getListedManifest(
  session: Session,
  entry: Descriptor,
  limit: number = maximumManifest,
): Promise<ServedManifest> {
  if (entry.data) {
    return { bytes: entry.data, digest: entry.digest, mediaType: withoutParameters(entry.mediaType) };
  }
  const served = await getManifest(session, entry.digest, entry.mediaType || acceptedManifests, limit);
  verifyBytes(served.bytes, entry, `manifest ${entry.digest}`);
  return served;
}

/** The path of a manifest by its tag or digest. */
export function manifestPath(session: Session, reference: string): string {
  return `/v2/${session.repository.path}/manifests/${encodePath(reference)}`;
}
