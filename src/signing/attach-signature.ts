// Stores signatures and attestations on a registry: a bundle as a referrer of its image, a legacy signature under the tag of all.
import type { TaggedTarget } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { encodeManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';
import { listReferrers, referrersTag, taggedReferrers } from '../registry/referrer-list.ts';
import type { Session } from '../transport/session.ts';
import { appendLayers, storeBlob } from './layer-list.ts';
import { bundleType } from './sigstore-bundle.ts';
import { signatureAnnotation, simpleSigningType } from './simple-signing.ts';
import { predicateAnnotation, signaturesTag } from './stored-signatures.ts';

/** How often a bundle is stored again when another client replaces the tag that lists it at the same time. */
const attempts = 3;

/** A bundle that is to be stored. */
export interface NewBundle {
  readonly bundle: Uint8Array;
  /** That of the statement in it. */
  readonly predicateType: string;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * Stores a bundle; returns the digest of its manifest. Throws what the registry said, and a UserError when others replace the
 * tag of the referrers again and again.
 */
export async function attachBundle(
  session: Session,
  target: TaggedTarget,
  { mediaType, size, digest }: Descriptor,
  { bundle, predicateType, now }: NewBundle,
): Promise<Digest> {
  const config = await storeBlob(target, Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
  const layer = await storeBlob(target, bundle, bundleType);
  const bytes = encodeManifest({
    mediaType: mediaTypes.ociManifest,
    artifactType: bundleType,
    config,
    layers: [layer],
    subject: { mediaType, size, digest },
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      [predicateAnnotation]: predicateType,
      'org.opencontainers.image.created': new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    },
  });
  const manifest = { mediaType: mediaTypes.ociManifest, size: bytes.length, digest: digestOf(bytes) };
  for (let attempt = 0; attempt < attempts; attempt++) {
    await target.publish(manifest, bytes);
    // Where a tag stands in for the referrers endpoint, a client that read it before may have replaced it without this one.
    const listed = await listReferrers(session, digest);
    if (listed !== 'unsupported' || (await isTagged(session, digest, manifest.digest))) {
      return manifest.digest;
    }
  }
  throw new UserError(`the tag ${referrersTag(digest)} is replaced by another client again and again`);
}

async function isTagged(session: Session, subject: Digest, referrer: Digest): Promise<boolean> {
  return (await taggedReferrers(session, subject)).some((each) => each.digest === referrer);
}

/** Adds a legacy signature to those under the tag; returns the digest of the new manifest. Throws as {@link appendLayers} does. */
export async function attachLegacy(
  target: TaggedTarget,
  subject: Digest,
  { payload, signature }: { readonly payload: Uint8Array; readonly signature: string },
): Promise<Digest> {
  const stored = await storeBlob(target, payload, simpleSigningType);
  const layer = { ...stored, annotations: { [signatureAnnotation]: signature } };
  return await appendLayers(target, signaturesTag(subject), [layer]);
}
