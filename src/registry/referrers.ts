// Manifests that refer to another one by `subject`: distribution specification, "Unavailable Referrers API".
import {
  type Descriptor,
  descriptorJson,
  optionalString,
  parseAnnotations,
  parseDescriptor,
} from '../oci/descriptor.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import { parseIndex } from '../oci/image-index.ts';
import { encodeJson, isJsonObject, member } from '../oci/json.ts';
import { parseDocument } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';
import type { Session } from '../transport/session.ts';
import { getManifest, isMissing, putManifest } from './manifest-endpoint.ts';

/** Makes pushed manifests findable from their subjects. */
export interface ReferrerRecorder {
  /**
   * Nothing to do for an image or an index without a `subject`, or where the registry answers the referrers endpoint;
   * otherwise the descriptor is added to the index under the tag `sha256-<hex of the subject>`.
   */
  record(pushed: Descriptor, bytes: Uint8Array): Promise<void>;
}

/** A recorder for one repository. It takes one manifest after the other: each changes an index that it has read. */
export function createReferrerRecorder(session: Session): ReferrerRecorder {
  let last: Promise<unknown> = Promise.resolve();
  return {
    async record(pushed, bytes) {
      const found = referrerOf(pushed, bytes);
      if (found) {
        const recorded = last.then(() => recordReferrer(session, found.subject, found.referrer));
        last = recorded.catch(() => undefined);
        await recorded;
      }
    },
  };
}

function referrerOf(
  { mediaType, digest }: Descriptor,
  bytes: Uint8Array,
): { subject: Digest; referrer: Descriptor } | undefined {
  const where = `manifest ${digest}`;
  const document = parseDocument(bytes, where);
  const subject = member(document, 'subject');
  if (!isJsonObject(subject)) {
    return undefined;
  }
  const config = member(document, 'config');
  const artifactType =
    optionalString(document, 'artifactType', where) ||
    (isJsonObject(config) ? optionalString(config, 'mediaType', where) : undefined);
  const annotations = parseAnnotations(member(document, 'annotations'), where);
  return {
    subject: parseDescriptor(subject, `${where}: subject`).digest,
    referrer: {
      mediaType,
      size: bytes.length,
      digest,
      ...(annotations ? { annotations } : {}),
      ...(artifactType ? { artifactType } : {}),
    },
  };
}

async function recordReferrer(session: Session, subject: Digest, referrer: Descriptor): Promise<void> {
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
  const { status } = await session.request({
    method: 'GET',
    target: `/v2/${session.repository.path}/referrers/${subject}`,
    accept: mediaTypes.ociIndex,
    expect: [200, 400, 404],
  });
  return status === 200;
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
