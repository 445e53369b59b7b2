// Changes at the manifest endpoint: PUT of manifests, DELETE of tags and manifests. Distribution specification.
import { UserError } from '../errors.ts';
import { maximumErrorBody } from '../limits.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { isSchema1Type } from '../oci/media-type.ts';
import { redactedUrl } from '../transport/redacted-url.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { headerText } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';
import type { ReadResponse } from '../transport/session-request.ts';
import { webPageError } from '../transport/web-page.ts';
import { manifestPath } from './manifest-endpoint.ts';

/** A registry that says that it stored another manifest than was sent. */
export class ChangedManifestError extends UserError {
  override readonly name: string = 'ChangedManifestError';
  /** The digest of what it stored: that is where the tag points now. */
  readonly stored: Digest;

  constructor(url: string, stored: Digest, sent: Digest) {
    super(`PUT ${redactedUrl(url)}: the registry says that it stored ${stored}, but ${sent} was sent`, {
      hint: 'the registry, or a proxy before it, changes manifests: an image that is pushed there cannot be fetched by its digest',
    });
    this.stored = stored;
  }
}

/**
 * Stores a manifest under a tag or its digest; 200, 201 and 202 are accepted, as registries differ. Throws a
 * {@link ChangedManifestError} when the `Docker-Content-Digest` of the response says that another manifest was stored, and a
 * UserError for a web page without the headers of a registry.
 */
export async function putManifest(
  session: Session,
  reference: string,
  mediaType: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const response = await session.request({
    method: 'PUT',
    target: manifestPath(session, reference),
    headers: { 'content-type': mediaType },
    body: { length: bytes.length, open: async () => bytes },
    expect: [200, 201, 202],
    signal,
  });
  const stored = headerText(response, 'docker-content-digest');
  if (stored === undefined && headerText(response, 'location') === undefined) {
    refuseWebPage('PUT', response);
  }
  // The digest of a signed manifest is not that of its bytes.
  if (!isDigest(stored) || isSchema1Type(mediaType)) {
    return;
  }
  const digest = digestOf(bytes);
  if (stored !== digest) {
    throw new ChangedManifestError(response.url, stored, digest);
  }
}

const untagRefusals: readonly number[] = [400, 404, 405];

/**
 * Removes a tag and leaves the manifest: distribution specification, "Deleting tags". Many registries refuse it, with 400
 * or 405 as specified or with 404, whatever their error code: that is final, and a {@link RegistryError}.
 */
export async function deleteTag(session: Session, tag: string): Promise<void> {
  const method = 'DELETE';
  const { bytes, ...response } = await session.request({
    method,
    target: manifestPath(session, tag),
    expect: [200, 202, 204, ...untagRefusals],
    bodyLimit: maximumErrorBody,
  });
  if (untagRefusals.includes(response.status)) {
    throw new RegistryError({ ...response, method, body: bytes });
  }
  refuseDeletionPage(response);
}

/**
 * Removes a manifest with every tag on it: distribution specification, "Deleting Manifests". Throws a RegistryError where
 * the registry refuses.
 */
export async function deleteManifest(session: Session, digest: Digest): Promise<void> {
  const response = await session.request({
    method: 'DELETE',
    target: manifestPath(session, digest),
    expect: [200, 202, 204],
  });
  refuseDeletionPage(response);
}

type ChangeResponse = Pick<ReadResponse, 'url' | 'status' | 'headers'>;

/** Some registries state the type of a web page for the empty body of their 202; the log-in page of a proxy has status 200. */
function refuseDeletionPage(response: ChangeResponse): void {
  if (response.status === 200) {
    refuseWebPage('DELETE', response);
  }
}

function refuseWebPage(method: string, response: ChangeResponse): void {
  const page = webPageError(
    method,
    response.url,
    headerText(response, 'content-type'),
    "a registry's answer",
  );
  if (page) {
    throw page;
  }
}
