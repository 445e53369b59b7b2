// Blobs on their way up: asked for, then sent in one piece. Distribution specification, "Pushing blobs".

import type { ContentNode } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { isPrivateAddress } from '../transport/private-address.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { requestUrl, resolveUrl, withQueryParameter } from '../transport/resolve-url.ts';
import { headerText } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';
import type { ExpectedAnswer } from '../transport/session-request.ts';
import { splitHost } from '../transport/url-syntax.ts';

/** Whether the repository has a blob; any answer but 200 and 404 is an error. */
export async function hasBlob(session: Session, digest: Digest): Promise<boolean> {
  const target = `/v2/${session.repository.path}/blobs/${digest}`;
  const { status } = await session.request({ method: 'HEAD', target, expect: [200, 404] });
  return status === 200;
}

/**
 * Uploads a blob that the repository does not have: POST opens an upload, PATCH sends all bytes, PUT closes it under
 * its digest. Gives `mounted` when the registry made the content available at once. A PUT that the registry put off
 * is repeated alone; any other failure starts over with a new upload, since the old one may hold half the bytes.
 */
export async function uploadBlob(session: Session, node: ContentNode): Promise<'pushed' | 'mounted'> {
  const { digest } = node.descriptor;
  let filled: string | undefined;
  let failed = false;
  return await session.retrier.exchange(async () => {
    try {
      if (failed && filled === undefined && (await hasBlob(session, digest))) {
        return 'pushed';
      }
      filled ??= await fillUpload(session, node);
      if (filled === undefined) {
        return 'mounted';
      }
      await closeUpload(session, filled, digest);
      return 'pushed';
    } catch (error) {
      failed = true;
      filled = isPutOff(error) ? filled : undefined;
      throw error;
    }
  });
}

/** Opens an upload and sends all bytes; gives the URL at which to close it, or nothing when none is needed. */
async function fillUpload(session: Session, node: ContentNode): Promise<string | undefined> {
  const opened = await session.requestOnce({
    method: 'POST',
    target: `/v2/${session.repository.path}/blobs/uploads/`,
    headers: { 'content-type': 'application/json' },
    expect: [201, 202],
  });
  if (opened.status === 201) {
    return undefined;
  }
  const patched = await session.requestOnce({
    method: 'PATCH',
    target: uploadLocation(session, 'POST', opened),
    headers: { 'content-type': 'application/octet-stream' },
    body: { length: node.descriptor.size, open: () => node.open() },
    expect: [201, 202, 204],
  });
  return uploadLocation(session, 'PATCH', patched);
}

async function closeUpload(session: Session, location: string, digest: Digest): Promise<void> {
  await session.requestOnce({
    method: 'PUT',
    target: withQueryParameter(location, 'digest', digest),
    headers: { 'content-type': 'application/octet-stream' },
    expect: [201],
  });
}

/** The URL that an answer names for the next step of an upload. Another host must not be a private address. */
function uploadLocation(session: Session, method: string, answer: ExpectedAnswer): string {
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
