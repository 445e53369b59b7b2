// Manifests that refer to another one by `subject`, on registries that keep no list of them themselves.
// Distribution specification, "Unavailable Referrers API".
import type { Descriptor } from '../oci/descriptor.ts';
import { descriptorJson } from '../oci/descriptor.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import { parseIndex } from '../oci/index.ts';
import { encodeJson } from '../oci/json-text.ts';
import { mediaTypes } from '../oci/media-type.ts';
import { discardBody, expectStatus } from '../transport/response-body.ts';
import type { Session } from '../transport/session.ts';
import { getManifest, isMissing, putManifest } from './manifest-endpoint.ts';

/**
 * Makes a pushed manifest findable from its subject: nothing to do where the registry answers the referrers
 * endpoint; otherwise the descriptor is added to the index under the tag `sha256-<hex>`.
 */
export async function recordReferrer(session: Session, subject: Digest, referrer: Descriptor): Promise<void> {
  if (await keepsReferrers(session, subject)) {
    return;
  }
  const tag = `sha256-${digestHex(subject)}`;
  const known = await listedReferrers(session, tag);
  if (known.some(({ digest }) => digest === referrer.digest)) {
    return;
  }
  const manifests = [...known, referrer].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const index = encodeJson({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: manifests.map(descriptorJson),
  });
  await putManifest(session, tag, mediaTypes.ociIndex, Buffer.from(index));
}

async function keepsReferrers(session: Session, subject: Digest): Promise<boolean> {
  return await session.persistence.exchange(async () => {
    const response = await session.send({
      method: 'GET',
      target: `/v2/${session.repository.path}/referrers/${subject}`,
      headers: { accept: mediaTypes.ociIndex },
    });
    await expectStatus('GET', response, [200, 400, 404]);
    await discardBody(response);
    return response.status === 200;
  });
}

async function listedReferrers(session: Session, tag: string): Promise<readonly Descriptor[]> {
  try {
    const { bytes } = await getManifest(session, tag);
    return parseIndex(bytes, `index ${tag}`).manifests;
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}
