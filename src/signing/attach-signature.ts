// Stores signatures on a registry: a bundle as a referrer of its image, a legacy signature under the tag of all of them.
import type { TaggedTarget } from '../content/content-graph.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { encodeManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';
import { signaturePredicate } from './image-statement.ts';
import { appendLayers, storeBlob } from './layer-list.ts';
import { bundleType } from './sigstore-bundle.ts';
import { signatureAnnotation, simpleSigningType } from './simple-signing.ts';
import { predicateAnnotation, signaturesTag } from './stored-signatures.ts';

/** Stores a bundle; returns the digest of its manifest. `now` is milliseconds. Throws what the registry said. */
export async function attachBundle(
  target: TaggedTarget,
  { mediaType, size, digest }: Descriptor,
  bundle: Uint8Array,
  now: number,
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
      [predicateAnnotation]: signaturePredicate,
      'org.opencontainers.image.created': new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    },
  });
  const manifest = { mediaType: mediaTypes.ociManifest, size: bytes.length, digest: digestOf(bytes) };
  await target.publish(manifest, bytes);
  return manifest.digest;
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
