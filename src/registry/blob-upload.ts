// Blob uploads: existence check, mount, and upload in one piece. Distribution specification, "Pushing blobs".
import type { ContentNode } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import { isForeignPrivateAddress } from '../transport/private-address.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { resolveLocation } from '../transport/redirect.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { requestUrl, withQueryParameter } from '../transport/resolve-url.ts';
import { headerText } from '../transport/response-body.ts';
import { isPassing } from '../transport/retry-policy.ts';
import type { Session } from '../transport/session.ts';
import type { ExpectedRequest, ReadResponse } from '../transport/session-request.ts';

/** How long an aborted command waits for a registry to open, and then to cancel, an upload; in milliseconds. */
const cancelTimeout = 1_000;

/**
 * Whether the repository has a blob; false when the registry refuses to say: the blob can be uploaded. Some registries
 * refuse every HEAD of a blob. Throws a RegistryError of a status that may pass, after the retries of the session.
 */
export async function hasBlob(session: Session, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  const target = `/v2/${session.repository.path}/blobs/${digest}`;
  try {
    const { status } = await session.request({ method: 'HEAD', target, expect: [200, 404], signal });
    return status === 200;
  } catch (error) {
    if (error instanceof RegistryError && !isPassing(error.status)) {
      return false;
    }
    throw error;
  }
}

/** The result of a mount: mounted, or the URL of the upload that the registry opened instead, if there is one. */
export type MountOutcome =
  | { readonly mounted: true }
  | { readonly mounted: false; readonly upload: string | undefined };

/**
 * Mounts a blob from another repository of the registry. Distribution specification, "Mounting a blob from another
 * repository". A refusal is not an error: the blob can be uploaded.
 */
export async function mountBlob(
  session: Session,
  digest: Digest,
  from: RepositoryReference,
  signal?: AbortSignal,
): Promise<MountOutcome> {
  const mounting = withQueryParameter(uploadsUrl(session), 'mount', digest);
  const response = await session.request({
    method: 'POST',
    target: withQueryParameter(mounting, 'from', from.path),
    headers: { 'content-type': 'application/json' },
    expect: [201, 202, 400, 401, 403, 404, 405],
    signal,
  });
  if (response.status === 201) {
    return { mounted: true };
  }
  return {
    mounted: false,
    upload: response.status === 202 ? uploadLocation(session, 'POST', response) : undefined,
  };
}

/**
 * Uploads a blob that the repository does not have: POST opens an upload session, PATCH sends all bytes, PUT completes
 * it with the digest. `opened` is the URL of a session that is open already. After 429 or 503 the PUT alone is repeated;
 * any other failure starts a new session, because the old one may hold half of the bytes, or be lost. Returns `mounted`
 * when the registry had the blob without its bytes being sent. An abort cancels the session, where that takes less than a
 * second.
 */
export async function uploadBlob(
  session: Session,
  node: ContentNode,
  {
    opened,
    signal,
  }: { readonly opened?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<'pushed' | 'mounted'> {
  const { digest } = node.descriptor;
  let upload = opened;
  let filled: string | undefined;
  let failed = false;
  // The exchange as a whole is repeated.
  const once = { ...session, request: session.requestOnce };
  return await session.retrier.exchange(async () => {
    try {
      if (failed && filled === undefined && (await hasBlob(once, digest, signal))) {
        return 'pushed';
      }
      if (filled === undefined) {
        upload ??= await openUpload(session, signal);
        if (upload === undefined) {
          return 'mounted';
        }
        filled = await fillUpload(session, upload, node, signal);
      }
      await closeUpload(session, filled, digest, signal);
      return 'pushed';
    } catch (error) {
      const open = filled ?? upload;
      if (signal?.aborted && open !== undefined) {
        await cancelUpload(session, open);
      }
      failed = true;
      upload = undefined;
      filled = isDeferred(error) ? filled : undefined;
      throw error;
    }
  }, signal);
}

/** The URL of a new upload session; undefined when the registry responds that the blob exists. */
async function openUpload(session: Session, signal: AbortSignal | undefined): Promise<string | undefined> {
  signal?.throwIfAborted();
  const late = new AbortController();
  const abortLate = () => {
    setTimeout(() => late.abort(signal?.reason), cancelTimeout).unref();
  };
  signal?.addEventListener('abort', abortLate, { once: true });
  try {
    const response = await session.requestOnce({
      method: 'POST',
      target: uploadsUrl(session),
      headers: { 'content-type': 'application/json' },
      expect: [201, 202],
      // Only the response names the session that is to be cancelled.
      signal: late.signal,
      isCleanUp: true,
    });
    return response.status === 201 ? undefined : uploadLocation(session, 'POST', response);
  } finally {
    signal?.removeEventListener('abort', abortLate);
  }
}

/** Sends all bytes; returns the URL that completes the upload. */
async function fillUpload(
  session: Session,
  upload: string,
  node: ContentNode,
  signal: AbortSignal | undefined,
): Promise<string> {
  const patched = await inUpload(session, {
    method: 'PATCH',
    target: upload,
    headers: { 'content-type': 'application/octet-stream' },
    body: { length: node.descriptor.size, open: () => node.open() },
    expect: [201, 202, 204],
    signal,
  });
  return uploadLocation(session, 'PATCH', patched);
}

async function closeUpload(
  session: Session,
  location: string,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<void> {
  await inUpload(session, {
    method: 'PUT',
    target: withQueryParameter(location, 'digest', digest),
    headers: { 'content-type': 'application/octet-stream' },
    expect: [201],
    signal,
  });
}

/** Cancels an upload session: distribution specification, "Canceling an upload". Its failure changes nothing. */
export async function cancelUpload(session: Session, location: string): Promise<void> {
  const signal = AbortSignal.timeout(cancelTimeout);
  await session
    .requestOnce({ method: 'DELETE', target: location, expect: [200, 202, 204], signal, isCleanUp: true })
    .catch(() => undefined);
}

/** Sends a request of an open session. A session that the registry does not know (any more) is `UPLOAD_LOST`. */
async function inUpload(session: Session, request: ExpectedRequest): Promise<ReadResponse> {
  try {
    return await session.requestOnce(request);
  } catch (cause) {
    if (
      cause instanceof RegistryError &&
      // The body of the request may be read from another registry, whose refusal is not about this upload.
      cause.method === request.method &&
      (cause.status === 404 || cause.codes.includes('BLOB_UPLOAD_UNKNOWN'))
    ) {
      throw new UserError('the registry does not know the upload that it opened', {
        cause,
        code: 'UPLOAD_LOST',
      });
    }
    throw cause;
  }
}

function uploadsUrl(session: Session): string {
  return `${session.origin}/v2/${session.repository.path}/blobs/uploads/`;
}

/** The URL of the next step of an upload, from the `Location` header. Another host must not be a private address. */
function uploadLocation(session: Session, method: string, response: ReadResponse): string {
  const location = headerText(response, 'location');
  if (location === undefined || location === '') {
    throw new UserError(`${method} ${redactedUrl(response.url)}: the response has no Location header`);
  }
  const url = resolveLocation({ method, url: response.url }, location);
  const { host } = requestUrl(url);
  if (isForeignPrivateAddress(host, session.repository.registry)) {
    throw new UserError(
      `${method} ${redactedUrl(response.url)}: refused to upload to the private address ${host}`,
    );
  }
  return url;
}

function isDeferred(error: unknown): boolean {
  return error instanceof RegistryError && (error.status === 429 || error.status === 503);
}
