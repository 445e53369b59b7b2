// Manifests of a repository: head, get, put, untag. Distribution specification, "Pulling" to "Deleting".

import type { TagState } from '../content/tag-state.ts';
import { CorruptContentError, verifyBytes } from '../content/verified-content.ts';
import { maximumErrorBody, maximumManifest } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { acceptedManifests, withoutParameters } from '../oci/media-type.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { headerText } from '../transport/response-body.ts';
import { isPassing } from '../transport/retry-policy.ts';
import type { Session } from '../transport/session.ts';
import type { ReadResponse } from '../transport/session-request.ts';
import { encodePath } from '../transport/url-syntax.ts';

/** A manifest or index as it was served: the bytes that were hashed are the bytes to keep. */
export interface ServedManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  /** Without parameters; empty when the registry names none. */
  readonly mediaType: string;
}

/**
 * Whether an error says that the thing asked for does not exist: a 404 as the answer to that very request.
 */
export function isMissing(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.status === 404;
}

/**
 * Asks for the headers of a manifest by tag or digest. `found` only if the answer is 200 with all of
 * `Content-Type`, `Content-Length` and a well-formed `Docker-Content-Digest` (equal when asked by digest).
 * Statuses that may pass are asked again as the session's retrier decides.
 */
export async function headManifest(
  session: Session,
  reference: string,
  signal?: AbortSignal,
): Promise<TagState> {
  try {
    const answer = await session.request({
      method: 'HEAD',
      target: manifestPath(session, reference),
      accept: acceptedManifests,
      expect: [200, 404],
      signal,
    });
    return answer.status === 404 ? { state: 'missing' } : headState(answer, reference);
  } catch (error) {
    if (error instanceof RegistryError && !isPassing(error.status)) {
      return { state: 'unclear', error };
    }
    throw error;
  }
}

function headState(answer: ReadResponse, reference: string): TagState {
  const digest = headerText(answer, 'docker-content-digest');
  const complete = ['content-type', 'content-length'].every((name) => headerText(answer, name));
  return complete && isDigest(digest) && (!isDigest(reference) || reference === digest)
    ? { state: 'found', digest }
    : { state: 'unclear' };
}

/**
 * The manifest under a tag or digest. The bytes have the digest asked for; `accept` narrows the media types.
 * Throws a {@link RegistryError} for any status but 200.
 */
export async function getManifest(
  session: Session,
  reference: string,
  accept: string = acceptedManifests,
): Promise<ServedManifest> {
  const answer = await session.request({
    method: 'GET',
    target: manifestPath(session, reference),
    accept,
    expect: [200],
    bodyLimit: maximumManifest,
  });
  const digest = digestOf(answer.bytes);
  if (isDigest(reference) && reference !== digest) {
    throw new CorruptContentError(
      `GET ${redactedUrl(answer.url)}: manifest digest: ${digest} does not match requested digest: ${reference}`,
      { facts: { side: 'registry' } },
    );
  }
  const mediaType = withoutParameters(headerText(answer, 'content-type') ?? '');
  return { bytes: answer.bytes, digest, mediaType };
}

/**
 * The manifest or index that an index lists: embedded in its entry, or asked for as the type that the entry
 * states.
 */
export async function getListedManifest(session: Session, entry: Descriptor): Promise<ServedManifest> {
  if (entry.data) {
    return { bytes: entry.data, digest: entry.digest, mediaType: withoutParameters(entry.mediaType) };
  }
  const served = await getManifest(session, entry.digest, entry.mediaType || acceptedManifests);
  verifyBytes(served.bytes, entry, `manifest ${entry.digest}`);
  return served;
}

/** Stores a manifest under a tag or its digest; 200, 201 and 202 are accepted, as registries differ. */
export async function putManifest(
  session: Session,
  reference: string,
  mediaType: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  await session.request({
    method: 'PUT',
    target: manifestPath(session, reference),
    headers: { 'content-type': mediaType },
    body: { length: bytes.length, open: async () => bytes },
    expect: [200, 201, 202],
    signal,
  });
}

const untagRefusals: readonly number[] = [400, 404, 405];

/**
 * Removes a tag and leaves the manifest: distribution specification, "Deleting tags". Many registries refuse
 * it, by 400 or 405 as specified or by 404, whatever code they give: that is final, and a
 * {@link RegistryError}.
 */
export async function deleteTag(session: Session, tag: string): Promise<void> {
  const method = 'DELETE';
  const { bytes, ...answer } = await session.request({
    method,
    target: manifestPath(session, tag),
    expect: [200, 202, 204, ...untagRefusals],
    bodyLimit: maximumErrorBody,
  });
  if (untagRefusals.includes(answer.status)) {
    throw new RegistryError({ ...answer, method, body: bytes });
  }
}

function manifestPath(session: Session, reference: string): string {
  return `/v2/${session.repository.path}/manifests/${encodePath(reference)}`;
}
