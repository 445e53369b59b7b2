// Stores signatures on a registry: a bundle as a referrer of its image, a legacy signature under the tag of all of them.
import { Readable } from 'node:stream';
import type { ContentTarget, TaggedTarget } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { encodeJson, type JsonValue } from '../oci/json.ts';
import { encodeManifest, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';
import { putManifest } from '../registry/manifest-endpoint.ts';
import type { Session } from '../transport/session.ts';
import { signaturePredicate } from './image-statement.ts';
import { bundleType } from './sigstore-bundle.ts';
import { signatureAnnotation, simpleSigningType } from './simple-signing.ts';
import { predicateAnnotation, signaturesManifest, signaturesTag } from './stored-signatures.ts';

/** How often a legacy signature is stored again when another client replaces the tag at the same time. */
const attempts = 3;

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

/**
 * Adds a legacy signature to those under the tag; returns the digest of the new manifest. Throws what the registry said, and
 * a UserError when others replace the tag again and again.
 */
export async function attachLegacy(
  session: Session,
  target: TaggedTarget,
  subject: Digest,
  { payload, signature }: { readonly payload: Uint8Array; readonly signature: string },
): Promise<Digest> {
  const stored = await storeBlob(target, payload, simpleSigningType);
  const layer = { ...stored, annotations: { [signatureAnnotation]: signature } };
  const tag = signaturesTag(subject);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const known = await legacyLayers(session, subject);
    const bytes = await legacyManifest(target, [...known, layer]);
    await putManifest(session, tag, mediaTypes.ociManifest, bytes);
    // A client that read the tag before may have replaced it without this signature.
    const now = await legacyLayers(session, subject);
    if (now.some(({ annotations }) => annotations?.[signatureAnnotation] === signature)) {
      return digestOf(bytes);
    }
  }
  throw new UserError(`the tag ${tag} is replaced by another client again and again`);
}

async function legacyLayers(session: Session, subject: Digest): Promise<readonly Descriptor[]> {
  const served = await signaturesManifest(session, subject);
  return served ? parseManifest(served.bytes, `manifest ${signaturesTag(subject)}`).layers : [];
}

/** A manifest with the config that cosign writes beside its payloads: that of an image without a platform. */
async function legacyManifest(target: ContentTarget, layers: readonly Descriptor[]): Promise<Uint8Array> {
  const created = '0001-01-01T00:00:00Z';
  const config: JsonValue = {
    architecture: '',
    created,
    history: layers.map(() => ({ created })),
    os: '',
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    config: {},
  };
  return encodeManifest({
    mediaType: mediaTypes.ociManifest,
    config: await storeBlob(target, Buffer.from(encodeJson(config)), mediaTypes.ociConfig),
    layers,
  });
}

async function storeBlob(target: ContentTarget, bytes: Uint8Array, mediaType: string): Promise<Descriptor> {
  const descriptor = { mediaType, size: bytes.length, digest: digestOf(bytes) };
  if (!(await target.has(descriptor, 'blob'))) {
    await target.write({ descriptor, kind: 'blob', open: async () => Readable.from([bytes]) });
  }
  return descriptor;
}
