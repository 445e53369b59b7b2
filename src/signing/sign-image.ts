// Signs an image on a registry by its digest, unless the same signer has signed it in the same way before.
import { isDeepStrictEqual } from 'node:util';
import type { TaggedTarget } from '../content/content-graph.ts';
import { childrenOf } from '../content/graph-source.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType, isManifestType } from '../oci/media-type.ts';
import { repositoryName } from '../oci/reference.ts';
import { getListedManifest } from '../registry/manifest-endpoint.ts';
import type { Session } from '../transport/session.ts';
import { attachBundle, attachLegacy } from './attach-signature.ts';
import { signaturePredicate } from './image-statement.ts';
import { makeBundle, makePayload } from './make-signature.ts';
import { ownBundle } from './own-bundle.ts';
import type { SigningKey } from './private-key.ts';
import type { Signer } from './sign-settings.ts';
import { legacySignatures, signatureBundles } from './stored-signatures.ts';
import { type SignatureFormat, verifySignature } from './verify-signature.ts';

/** A signature of an image that is there. */
export interface MadeSignature {
  /** What is signed: the image, or what its index lists. */
  readonly digest: Digest;
  readonly format: SignatureFormat;
  /** The manifest that holds it. */
  readonly manifest: Digest;
  /** `present`: the key had signed it before. */
  readonly outcome: 'signed' | 'present';
}

/** Where the image is, and the time in milliseconds. */
export interface SigningPlace {
  /** A session that may push. */
  readonly session: Session;
  readonly target: TaggedTarget;
  now(): number;
}

/**
 * Signs an image or index that the registry has, in each format of the signer, and with `recursive` what the index lists.
 * Throws what the registry said, with the digest that it was about.
 */
export async function signImage(
  root: Descriptor,
  signer: Signer,
  place: SigningPlace,
): Promise<MadeSignature[]> {
  const subjects = signer.recursive ? await withListed(place.session, root) : [root];
  const made: MadeSignature[] = [];
  for (const subject of subjects) {
    for (const format of signer.formats) {
      try {
        made.push(await signOnce(subject, format, signer, place));
      } catch (cause) {
        throw new UserError(`signing ${repositoryName(place.session.repository)}@${subject.digest}`, {
          cause,
        });
      }
    }
  }
  return made;
}

async function signOnce(
  subject: Descriptor,
  format: SignatureFormat,
  signer: Signer,
  { session, target, now }: SigningPlace,
): Promise<MadeSignature> {
  const { digest } = subject;
  const { by, key, annotations } = signer;
  const present = await ownSignature(session, digest, format, signer);
  if (present) {
    return { digest, format, manifest: present, outcome: 'present' };
  }
  if (format === 'bundle') {
    const bundle = await makeBundle(digest, by, annotations);
    const added = { bundle, predicateType: signaturePredicate, now: now() };
    const manifest = await attachBundle(session, target, subject, added);
    return { digest, format, manifest, outcome: 'signed' };
  }
  const payload = makePayload(digest, repositoryName(session.repository), legacyKey(key), annotations);
  return { digest, format, manifest: await attachLegacy(target, digest, payload), outcome: 'signed' };
}

/** The manifest of a signature by the same signer with the same annotations. */
async function ownSignature(
  session: Session,
  subject: Digest,
  format: SignatureFormat,
  { by, key, annotations }: Signer,
): Promise<Digest | undefined> {
  if (format === 'bundle') {
    return await ownBundle(session, subject, by, signatureBundles, (statement) =>
      isDeepStrictEqual(statement.annotations, annotations),
    );
  }
  const requirements = { keys: [legacyKey(key).publicKey], annotations };
  for await (const stored of legacySignatures(session, subject)) {
    if ('reason' in stored) {
      continue;
    }
    try {
      const signature = verifySignature(stored, subject, requirements);
      if (Object.keys(signature.annotations).length === Object.keys(annotations).length) {
        return signature.manifest;
      }
    } catch (error) {
      if (!(error instanceof UserError)) {
        throw error;
      }
    }
  }
  return undefined;
}

function legacyKey(key: Signer['key']): SigningKey {
  if (!key) {
    throw new Error('legacy signatures need a key');
  }
  return key;
}

/** The root, and the images and indexes below it, each once. */
async function withListed(session: Session, root: Descriptor): Promise<readonly Descriptor[]> {
  const found = new Map<Digest, Descriptor>([[root.digest, root]]);
  for (const descriptor of found.values()) {
    if (isIndexType(descriptor.mediaType)) {
      const { bytes } = await getListedManifest(session, descriptor);
      for (const child of childrenOf('index', bytes, `index ${descriptor.digest}`)) {
        const { mediaType, digest } = child.descriptor;
        if ((isIndexType(mediaType) || isManifestType(mediaType)) && !found.has(digest)) {
          found.set(digest, child.descriptor);
        }
      }
    }
  }
  return [...found.values()];
}
