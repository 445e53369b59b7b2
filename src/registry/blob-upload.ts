// Blobs on their way up: asked for, mounted, or sent in one piece. Distribution specification, "Pushing blobs".
import type { ContentNode } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import { isPrivateAddress } from '../transport/private-address.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { requestUrl, resolveUrl, withQueryParameter } from '../transport/resolve-url.ts';
import { headerText } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';
import type { ReadResponse } from '../transport/session-request.ts';
import { splitHost } from '../transport/url-syntax.ts';

/** Whether the repository has a blob; any answer but 200 and 404 is an error. */
export async function hasBlob(session: Session, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  const target = `/v2/${session.repository.path}/blobs/${digest}`;
  const { status } = await session.request({ method: 'HEAD', target, expect: [200, 404], signal });
  return status === 200;
}

/** The outcome of asking for a mount: done, or an upload that the registry opened instead, if it told where. */
export type MountOutcome =
  | { readonly mounted: true }
  | { readonly mounted: false; readonly upload: string | undefined };

/**
 * Asks the registry to take a blob over from another of its repositories. Distribution specification, "Mounting a blob
 * from another repository". A refusal to do so is no error: the blob can be uploaded.
 */
export async function mountBlob(
  session: Session,
  digest: Digest,
  from: RepositoryReference,
  signal?: AbortSignal,
): Promise<MountOutcome> {
  const mounting = withQueryParameter(uploadsUrl(session), 'mount', digest);
  const answer = await session.request({
    method: 'POST',
    target: withQueryParameter(mounting, 'from', from.path),
    headers: { 'content-type': 'application/json' },
    expect: [201, 202, 400, 401, 403, 404, 405],
    signal,
  });
  if (answer.status === 201) {
    return { mounted: true };
  }
  return {
    mounted: false,
    upload: answer.status === 202 ? uploadLocation(session, 'POST', answer) : undefined,
  };
}

/**
 * Uploads a blob that the repository does not have: POST opens an upload, PATCH sends all bytes, PUT closes it under
 * its digest. `opened` is an upload that is open already. A PUT that the registry put off is repeated alone; any other
 * failure starts over with a new upload, since the old one may hold half the bytes. Returns `mounted` when the registry
 * made the blob available without its bytes.
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
  return await session.retrier.exchange(async () => {
    try {
      if (failed && filled === undefined && (await hasBlob(session, digest, signal))) {
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
      failed = true;
      upload = undefined;
      filled = isPutOff(error) ? filled : undefined;
      throw error;
    }
  }, signal);
}

/** The URL of a new upload; undefined when the registry says that the blob is there. */
async function openUpload(session: Session, signal: AbortSignal | undefined): Promise<string | undefined> {
  const answer = await session.requestOnce({
    method: 'POST',
    target: uploadsUrl(session),
    headers: { 'content-type': 'application/json' },
    expect: [201, 202],
    signal,
  });
  return answer.status === 201 ? undefined : uploadLocation(session, 'POST', answer);
}

/** Sends all bytes; returns the URL at which to close the upload. */
async function fillUpload(
  session: Session,
  upload: string,
  node: ContentNode,
  signal: AbortSignal | undefined,
): Promise<string> {
  const patched = await session.requestOnce({
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
  await session.requestOnce({
    method: 'PUT',
    target: withQueryParameter(location, 'digest', digest),
    headers: { 'content-type': 'application/octet-stream' },
    expect: [201],
    signal,
  });
}

function uploadsUrl(session: Session): string {
  return `${session.origin}/v2/${session.repository.path}/blobs/uploads/`;
}

/** The URL that an answer names for the next step of an upload. Another host must not be a private address. */
function uploadLocation(session: Session, method: string, answer: ReadResponse): string {
  const location = headerText(answer, 'location');
  if (location === undefined || location === '') {
    throw new UserError(`${method} ${redactedUrl(answer.url)}: the answer has no Location header`);
  }
  const url = resolveUrl(answer.url, location);
  const { host } = requestUrl(url);
  if (host !== requestUrl(session.origin).host && isPrivateAddress(splitHost(host).name)) {
    throw new UserError(
      `${method} ${redactedUrl(answer.url)}: refused to upload to the private address ${host}`,
    );
  }
  return url;
}

function isPutOff(error: unknown): boolean {
  return error instanceof RegistryError && (error.status === 429 || error.status === 503);
}
