// Finds the signatures of an image on its registry: sigstore bundles among its referrers, and the tag `sha256-….sig`.
import { buffer } from 'node:stream/consumers';
import { ContentSizeError, CorruptContentError } from '../content/verified-content.ts';
import { errorText, UserError } from '../errors.ts';
import { maximumSignature, maximumSignatures, maximumSmallDocument } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { openBlob } from '../registry/blob-download.ts';
import { findManifest } from '../registry/found-manifest.ts';
import { getListedManifest, isMissing } from '../registry/manifest-endpoint.ts';
import { listReferrers, referrersTag, taggedReferrers } from '../registry/referrer-list.ts';
import { OversizedBodyError } from '../transport/registry-error.ts';
import type { Session } from '../transport/session.ts';
import { signaturePredicate } from './image-statement.ts';
import { bundleType } from './sigstore-bundle.ts';
import { simpleSigningType } from './simple-signing.ts';
import type { SignatureFormat, StoredSignature } from './verify-signature.ts';

/** Something that is stored as a signature and cannot be read as one. */
export interface UnusableSignature {
  readonly format: SignatureFormat;
  /** The digest of its manifest. */
  readonly manifest: Digest;
  readonly reason: string;
}

/** The annotation by which cosign and this program say what a bundle holds. It only spares a download. */
export const predicateAnnotation = 'dev.sigstore.bundle.predicateType';

/** The tag of the legacy signatures of an image. */
export function signaturesTag(subject: Digest): string {
  return `${referrersTag(subject)}.sig`;
}

/** The manifests that refer to an image, by the referrers endpoint or the tag that stands in for it. Throws what the registry said. */
export async function referrersOf(session: Session, subject: Digest): Promise<readonly Descriptor[]> {
  const listed = await listReferrers(session, subject);
  return listed === 'unsupported' ? await taggedReferrers(session, subject) : listed;
}

/**
 * The signatures of an image one by one, so that no more are read than are needed: bundles first. Throws what the registry
 * said, unless it does not have what it listed.
 */
export async function* storedSignatures(
  session: Session,
  subject: Digest,
  referrers: readonly Descriptor[],
): AsyncGenerator<StoredSignature | UnusableSignature> {
  yield* readBundles(session, subject, referrers, signatureBundles);
  yield* legacySignatures(session, subject);
}

/** Which bundles are read. */
export interface BundleKind {
  /** Whether those are with statements of a type. */
  isType(predicateType: string): boolean;
  /** The size above which a bundle is not read, in bytes. */
  readonly maximumSize: number;
}

/** Signatures of images. */
export const signatureBundles: BundleKind = {
  isType: (predicateType) => predicateType === signaturePredicate,
  maximumSize: maximumSignature,
};

/** The bundles of a kind that refer to an image. */
export async function* storedBundles(
  session: Session,
  subject: Digest,
  kind: BundleKind,
): AsyncGenerator<StoredSignature | UnusableSignature> {
  yield* readBundles(session, subject, await referrersOf(session, subject), kind);
}

/** Those of them that are among the referrers which were listed. */
export async function* readBundles(
  session: Session,
  subject: Digest,
  referrers: readonly Descriptor[],
  kind: BundleKind,
): AsyncGenerator<StoredSignature | UnusableSignature> {
  const bundles = referrers.filter((referrer) => mayBeOf(referrer, kind));
  limitCount(bundles.length, subject);
  for (const referrer of bundles) {
    yield await readable('bundle', referrer.digest, () =>
      readBundleReferrer(session, referrer, subject, kind),
    );
  }
}

/** Without the annotation only the bundle itself says what it holds. */
function mayBeOf({ artifactType, annotations }: Descriptor, { isType }: BundleKind): boolean {
  const predicateType = annotations?.[predicateAnnotation];
  return artifactType === bundleType && (predicateType === undefined || isType(predicateType));
}

/** The types of what else refers to an image: the predicate types of other bundles, and artifact types. */
export function otherTypes(referrers: readonly Descriptor[]): string[] {
  const types = referrers
    .filter((referrer) => !mayBeOf(referrer, signatureBundles))
    .map(({ artifactType = '', annotations }) =>
      artifactType === bundleType ? (annotations?.[predicateAnnotation] ?? '') : artifactType,
    );
  return [...new Set(types)].filter((type) => type !== '');
}

async function readBundleReferrer(
  session: Session,
  referrer: Descriptor,
  subject: Digest,
  { maximumSize }: BundleKind,
): Promise<StoredSignature> {
  const { digest } = referrer;
  const { bytes } = await getListedManifest(session, referrer, maximumSmallDocument);
  const manifest = parse(bytes, digest);
  if (manifest.subject?.digest !== subject) {
    throw new UnusableError(`it refers to another image, ${manifest.subject?.digest ?? 'none at all'}`);
  }
  const [layer, another] = manifest.layers;
  if (layer?.mediaType !== bundleType || another) {
    throw new UnusableError('its manifest does not hold exactly one bundle');
  }
  const content = await readSmallBlob(session, layer, maximumSize);
  return { format: 'bundle', manifest: digest, content, annotations: {} };
}

/** The same of the format `legacy` alone. */
export async function* legacySignatures(
  session: Session,
  subject: Digest,
): AsyncGenerator<StoredSignature | UnusableSignature> {
  const served = await findManifest(session, signaturesTag(subject));
  if (!served) {
    return;
  }
  const { digest, bytes } = served;
  const format = 'legacy';
  let layers: readonly Descriptor[];
  try {
    ({ layers } = parse(bytes, digest));
  } catch (error) {
    yield { format, manifest: digest, reason: errorText(error) };
    return;
  }
  const payloads = layers.filter(({ mediaType }) => mediaType === simpleSigningType);
  limitCount(payloads.length, subject);
  for (const layer of payloads) {
    yield await readable(format, digest, async () => ({
      format,
      manifest: digest,
      content: await readSmallBlob(session, layer, maximumSignature),
      annotations: layer.annotations ?? {},
    }));
  }
}

function parse(bytes: Uint8Array, digest: Digest): ImageManifest {
  try {
    return parseManifest(bytes, `manifest ${digest}`);
  } catch (error) {
    throw new UnusableError(errorText(error));
  }
}

/** A signature whose documents contradict it. */
class UnusableError extends UserError {
  override readonly name: string = 'UnusableError';
}

async function readable(
  format: SignatureFormat,
  manifest: Digest,
  read: () => Promise<StoredSignature>,
): Promise<StoredSignature | UnusableSignature> {
  try {
    return await read();
  } catch (error) {
    if (isAbout(error)) {
      return { format, manifest, reason: errorText(error) };
    }
    throw error;
  }
}

/** Whether an error is about the signature itself: it must not hide another one, as a failing registry does. */
function isAbout(error: unknown): boolean {
  return (
    error instanceof UnusableError ||
    error instanceof CorruptContentError ||
    error instanceof ContentSizeError ||
    (error instanceof UserError && error.cause instanceof OversizedBodyError) ||
    isMissing(error)
  );
}

/** A blob that holds a signature; undefined when it is missing, corrupt or larger. Throws what else the registry said. */
export async function readSignatureBlob(
  session: Session,
  descriptor: Descriptor,
  maximumSize: number,
): Promise<Buffer | undefined> {
  try {
    return await readSmallBlob(session, descriptor, maximumSize);
  } catch (error) {
    if (isAbout(error)) {
      return undefined;
    }
    throw error;
  }
}

async function readSmallBlob(session: Session, descriptor: Descriptor, maximumSize: number): Promise<Buffer> {
  if (descriptor.size > maximumSize) {
    throw new UnusableError(`it has ${descriptor.size} bytes, which is too large for a signature`);
  }
  return await buffer(await openBlob(session, descriptor));
}

function limitCount(count: number, subject: Digest): void {
  if (count > maximumSignatures) {
    throw new UserError(
      `${subject} has ${count} signatures: more than ${maximumSignatures} are not verified`,
      { hint: 'remove those that are of no use, such as attestations that each build has made anew' },
    );
  }
}
