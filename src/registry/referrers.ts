// The referrers fallback tag for manifests with a `subject`: distribution specification, "Unavailable Referrers API".
import { UserError } from '../errors.ts';
import {
  type Descriptor,
  descriptorJson,
  optionalString,
  parseAnnotations,
  parseDescriptor,
} from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseDocument } from '../oci/document-json.ts';
import { encodeJson, isJsonObject, member } from '../oci/json.ts';
import { isIndexType, mediaTypes } from '../oci/media-type.ts';
import { repositoryName } from '../oci/reference.ts';
import { RegistryError } from '../transport/registry-error.ts';
import type { Session } from '../transport/session.ts';
import { findManifest } from './found-manifest.ts';
import { putManifest } from './manifest-changes.ts';
import { headManifest } from './manifest-endpoint.ts';
import { listReferrers, referrersIn, referrersTag } from './referrer-list.ts';

/** Records pushed manifests as referrers of their subjects. */
export interface ReferrerRecorder {
  /**
   * Adds the descriptor to the index under the tag `sha256-<hex of the subject>`. Does nothing for a manifest without a
   * `subject`, or when the registry has the referrers endpoint. Throws a RegistryError when the index cannot be read, and a UserError
   * when the tag is on something else: it may be an image that another tool has put there.
   */
  record(pushed: Descriptor, bytes: Uint8Array): Promise<void>;
  /**
   * The same for a manifest that the repository holds already: whoever pushed it may have been cut before the index. Its bytes
   * are not asked for where the endpoint has been found.
   */
  recordHeld(held: Descriptor, read: () => Promise<Uint8Array>): Promise<void>;
}

/** A recorder for one repository. It records one manifest after the other, because each changes an index that it read. */
export function createReferrerRecorder(session: Session): ReferrerRecorder {
  let last: Promise<unknown> = Promise.resolve();
  let hasEndpoint = false;

  const recordOne = async (subject: Digest, referrer: Descriptor) => {
    hasEndpoint ||= (await listReferrers(session, subject)) !== 'unsupported';
    if (!hasEndpoint) {
      await addToIndex(session, subject, referrer);
    }
  };

  const record = async (pushed: Descriptor, bytes: Uint8Array) => {
    const found = referrerOf(pushed, bytes);
    if (found) {
      const recorded = last.then(() => recordOne(found.subject, found.referrer));
      last = recorded.catch(() => undefined);
      await recorded;
    }
  };

  return {
    record,
    async recordHeld(held, read) {
      if (!hasEndpoint) {
        await record(held, await read());
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

async function addToIndex(session: Session, subject: Digest, referrer: Descriptor): Promise<void> {
  const tag = referrersTag(subject);
  const served = await findManifest(session, tag);
  if (served && !isIndexType(served.mediaType)) {
    throw new UserError(
      `the tag ${tag} of ${repositoryName(session.repository)} is on ${served.digest}, which is no index of referrers`,
      {
        hint: 'without a referrers endpoint, what refers to an image is listed there: remove the tag, if nothing else uses it',
      },
    );
  }
  const known = served ? referrersIn(served, tag) : [];
  if (known.some(({ digest }) => digest === referrer.digest)) {
    return;
  }
  try {
    await putIndex(session, tag, [...known, referrer]);
  } catch (error) {
    // Registries refuse an index that lists what was deleted since: without this, nothing could be attached any more.
    const held = await stillHeld(session, known, error);
    if (held.length === known.length) {
      throw error;
    }
    await putIndex(session, tag, [...held, referrer]);
  }
}

async function putIndex(session: Session, tag: string, referrers: readonly Descriptor[]): Promise<void> {
  const manifests = referrers.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  const index = encodeJson({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: manifests.map(descriptorJson),
  });
  await putManifest(session, tag, mediaTypes.ociIndex, Buffer.from(index));
}

/** Those of the referrers that the registry does not deny to have; all of them when it did not refuse an index for one that it lacks. */
async function stillHeld(
  session: Session,
  known: readonly Descriptor[],
  error: unknown,
): Promise<readonly Descriptor[]> {
  if (!(error instanceof RegistryError) || ![400, 404].includes(error.status)) {
    return known;
  }
  const held: Descriptor[] = [];
  for (const each of known) {
    if ((await headManifest(session, each.digest)).state !== 'missing') {
      held.push(each);
    }
  }
  return held;
}
