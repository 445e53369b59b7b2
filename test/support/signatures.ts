// Signs images as cosign does, written without the code under test, and attaches the signatures to a registry.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Digest } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import type { VerifySettings } from '../../src/signing/verification-policy.ts';
import { type Document, descriptorOf, jsonDocument } from './images.ts';
import type { SeedTarget } from './registry.ts';

/** A key pair; `hash` is that of signatures in bundles, legacy ones have SHA-256 where the algorithm needs one. */
export interface TestKey {
  readonly publicPem: string;
  readonly privateKey: KeyObject;
  readonly hash: string | null;
}

/** The kinds of keys. */
export const keyKinds = ['P-256', 'P-384', 'RSA', 'Ed25519'] as const;
export type KeyKind = (typeof keyKinds)[number];

/** A new key pair. */
export function createKey(kind: KeyKind = 'P-256'): TestKey {
  const { publicKey, privateKey } =
    kind === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : kind === 'Ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: kind });
  const hashes = { 'P-256': 'sha256', 'P-384': 'sha384', RSA: 'sha256', Ed25519: null } as const;
  return { publicPem: pemOf(publicKey), privateKey, hash: hashes[kind] };
}

/** A public key in PEM. */
export function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** `verify` as it is decoded, with nothing in it but what is given. */
export function verifySettings(more: Partial<VerifySettings> = {}): VerifySettings {
  return {
    keys: [],
    identities: [],
    trustedRoot: '',
    threshold: '',
    mode: '',
    minAge: '',
    requirePredicates: [],
    annotations: {},
    ...more,
  };
}

/** The media type of bundles. */
export const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const signType = 'https://sigstore.dev/cosign/sign/v1';
const hexOf = (digest: string) => digest.slice('sha256:'.length);

/** The statement that cosign signs. */
export function statementOf(
  digest: Digest,
  more: object = {},
  annotations?: Readonly<Record<string, unknown>>,
) {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: hexOf(digest) }, ...(annotations ? { annotations } : {}) }],
    predicateType: signType,
    predicate: {},
    ...more,
  };
}

/** A bundle with a signed statement. */
export function bundleOf(
  statement: unknown,
  { privateKey, hash }: TestKey,
  payloadType = 'application/vnd.in-toto+json',
) {
  const payload = Buffer.from(typeof statement === 'string' ? statement : JSON.stringify(statement));
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
    payload,
  ]);
  return {
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: 'x' } },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType,
      signatures: [{ sig: sign(hash, signed, privateKey).toString('base64') }],
    },
  };
}

/** The simple signing payload of cosign. */
export function simplePayload(digest: string, reference = '', optional: unknown = null, more: object = {}) {
  return {
    critical: {
      identity: { 'docker-reference': reference },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
      ...more,
    },
    optional,
  };
}

/** A payload, the annotation with its signature, and other ones of its layer. */
export interface LegacySignature {
  readonly payload: Buffer;
  readonly signature: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A legacy signature over a payload. */
export function legacySignature(
  payload: unknown,
  { privateKey, hash }: TestKey,
  digestAlgorithm = hash && 'sha256',
): LegacySignature {
  const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return { payload: bytes, signature: sign(digestAlgorithm, bytes, privateKey).toString('base64') };
}

const emptyConfig = Buffer.from('{}');

/** Puts a bundle into a registry as a referrer, and returns the manifest. `more` replaces members of it. */
export function seedBundle(
  target: SeedTarget,
  repository: string,
  subject: Document,
  bundle: unknown,
  more: object = {},
): Document {
  const content = Buffer.from(typeof bundle === 'string' ? bundle : JSON.stringify(bundle));
  const config = target.putBlob(repository, emptyConfig);
  const layer = target.putBlob(repository, content);
  const manifest = jsonDocument(mediaTypes.ociManifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: bundleType,
    config: { mediaType: 'application/vnd.oci.empty.v1+json', size: emptyConfig.length, digest: config },
    layers: [{ mediaType: bundleType, size: content.length, digest: layer }],
    subject: descriptorOf(subject),
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': signType,
    },
    ...more,
  });
  target.putManifest(repository, undefined, manifest.mediaType, manifest.bytes);
  return manifest;
}

/** Puts the index that stands in for the referrers endpoint under the tag of the subject. */
export function seedReferrersTag(
  target: SeedTarget,
  repository: string,
  subject: Document,
  referrers: readonly Document[],
): void {
  const index = jsonDocument(mediaTypes.ociIndex, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: referrers.map((referrer) => descriptorOf(referrer, { artifactType: bundleType })),
  });
  target.putManifest(repository, `sha256-${hexOf(subject.digest)}`, index.mediaType, index.bytes);
}

/** Puts legacy signatures into a registry under the tag of the subject, and returns their manifest. */
export function seedLegacy(
  target: SeedTarget,
  repository: string,
  subject: { readonly digest: Digest },
  signatures: readonly LegacySignature[],
): Document {
  const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
  const config = Buffer.from('{"architecture":"","os":"","rootfs":{"type":"layers","diff_ids":[]}}');
  const manifest = jsonDocument(mediaTypes.ociManifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: {
      mediaType: mediaTypes.ociConfig,
      size: config.length,
      digest: target.putBlob(repository, config),
    },
    layers: signatures.map(({ payload, signature, annotations }) => ({
      mediaType,
      size: payload.length,
      digest: target.putBlob(repository, payload),
      annotations: { 'dev.cosignproject.cosign/signature': signature, ...annotations },
    })),
  });
  const tag = `sha256-${hexOf(subject.digest)}.sig`;
  target.putManifest(repository, tag, manifest.mediaType, manifest.bytes);
  return manifest;
}

/** Signs an image of a registry in one of the formats. */
export function signSeeded(
  target: SeedTarget,
  repository: string,
  subject: Document,
  key: TestKey,
  format: 'bundle' | 'legacy' = 'bundle',
): Document {
  return format === 'bundle'
    ? seedBundle(target, repository, subject, bundleOf(statementOf(subject.digest), key))
    : seedLegacy(target, repository, subject, [legacySignature(simplePayload(subject.digest), key)]);
}
