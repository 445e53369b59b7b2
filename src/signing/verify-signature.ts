// Whether one stored signature counts for an image: made by a trusted key, over a statement about this very digest.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { JsonObject } from '../oci/json.ts';
import { decodeBase64 } from './base64.ts';
import { signedBytes, statementType } from './dsse-envelope.ts';
import { readStatement, signaturePredicate } from './image-statement.ts';
import { isSignedBy, type PublicKey } from './public-key.ts';
import { readBundle } from './sigstore-bundle.ts';
import { readSimplePayload } from './simple-signing.ts';

/** How a signature is stored: as a sigstore bundle in a referrer, or under the tag `sha256-….sig`. */
export type SignatureFormat = 'bundle' | 'legacy';

/** A signature as a registry stores it. Nothing of it is trusted yet. */
export interface StoredSignature {
  readonly format: SignatureFormat;
  /** The digest of the manifest that holds it. */
  readonly manifest: Digest;
  /** The bundle, or the simple signing payload. */
  readonly content: Uint8Array;
  /** The signature over the payload in base64, which a bundle has inside. */
  readonly annotation: string | undefined;
}

/** What a signature must be made by and say. */
export interface SignatureRequirements {
  readonly keys: readonly PublicKey[];
  /** All of these, with these values, must be signed with the image. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** A signature that counts. */
export interface VerifiedSignature {
  readonly format: SignatureFormat;
  readonly manifest: Digest;
  readonly key: PublicKey;
  /** What was signed with the image. */
  readonly annotations: JsonObject;
  /** The repository that the signer named, for `legacy`; empty when there is none. */
  readonly reference: string;
}

/** The signature when it counts for an image. Throws a UserError that says why it does not. */
export function verifySignature(
  stored: StoredSignature,
  subject: Digest,
  { keys, annotations: required }: SignatureRequirements,
): VerifiedSignature {
  const { format, manifest } = stored;
  const claim =
    format === 'bundle' ? verifiedStatement(stored, subject, keys) : verifiedPayload(stored, keys);
  if (claim.digest !== subject) {
    throw new UserError(`it signs another image, ${claim.digest}`);
  }
  for (const [name, value] of Object.entries(required)) {
    if (!Object.hasOwn(claim.annotations, name) || claim.annotations[name] !== value) {
      throw new UserError(`the annotation ${JSON.stringify(name)} is not signed with the required value`);
    }
  }
  const { key, annotations, reference } = claim;
  return { format, manifest, key, annotations, reference };
}

interface Claim extends Pick<VerifiedSignature, 'key' | 'annotations' | 'reference'> {
  readonly digest: Digest;
}

function verifiedStatement({ content }: StoredSignature, subject: Digest, keys: readonly PublicKey[]): Claim {
  const envelope = readBundle(content);
  const key = signerOf(keys, signedBytes(envelope), envelope.signature);
  if (envelope.payloadType !== statementType) {
    throw new UserError('its payload is not an in-toto statement');
  }
  const { predicateType, subjects } = readStatement(envelope.payload);
  if (predicateType !== signaturePredicate) {
    throw new UserError(`it is an attestation of the type ${JSON.stringify(predicateType)}, not a signature`);
  }
  const named = subjects.find(({ digest }) => digest === subject) ?? subjects[0];
  if (!named) {
    throw new UserError('it names no image');
  }
  return { key, ...named, reference: '' };
}

function verifiedPayload({ content, annotation }: StoredSignature, keys: readonly PublicKey[]): Claim {
  const signature = decodeBase64(annotation);
  if (!signature) {
    throw new UserError('its signature is not base64');
  }
  const key = signerOf(keys, content, signature);
  return { key, ...readSimplePayload(content) };
}

/** The key that made a signature. Nothing of a document is read before it is known to be signed. */
function signerOf(keys: readonly PublicKey[], bytes: Uint8Array, signature: Uint8Array): PublicKey {
  const key = keys.find((candidate) => isSignedBy(candidate, bytes, signature));
  if (!key) {
    throw new UserError('none of the keys has signed it, or it was altered');
  }
  return key;
}
