// Whether one stored signature counts for an image: made by who is trusted, over a statement about this very digest.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { JsonObject } from '../oci/json.ts';
import { decodeBase64 } from './base64.ts';
import { signaturePredicate } from './image-statement.ts';
import { legacyBundle } from './legacy-material.ts';
import { namedImage, signedStatement } from './signed-statement.ts';
import { type Signer, signerOf, type TrustedSigners } from './signer.ts';
import { readSimplePayload, signatureAnnotation } from './simple-signing.ts';

/** How a signature is stored: as a sigstore bundle in a referrer, or under the tag `sha256-….sig`. */
export type SignatureFormat = 'bundle' | 'legacy';

/** A signature as a registry stores it. Nothing of it is trusted yet. */
export interface StoredSignature {
  readonly format: SignatureFormat;
  /** The digest of the manifest that holds it. */
  readonly manifest: Digest;
  /** The bundle, or the simple signing payload. */
  readonly content: Uint8Array;
  /** Those of the layer: a legacy signature is there, and what it is verified with. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a signature must be made by and say. */
export interface SignatureRequirements extends TrustedSigners {
  /** All of these, with these values, must be signed with the image. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** A signature that counts. */
export interface VerifiedSignature {
  readonly format: SignatureFormat;
  readonly manifest: Digest;
  readonly signer: Signer;
  /** What was signed with the image. */
  readonly annotations: JsonObject;
  /** The repository that the signer named, for `legacy`; empty when there is none. */
  readonly reference: string;
}

/** The signature when it counts for an image. Throws a UserError that says why it does not. */
export function verifySignature(
  stored: StoredSignature,
  subject: Digest,
  requirements: SignatureRequirements,
): VerifiedSignature {
  const { format, manifest } = stored;
  const claim =
    format === 'bundle'
      ? verifiedStatement(stored, subject, requirements)
      : verifiedPayload(stored, requirements);
  if (claim.digest !== subject) {
    throw new UserError(`it signs another image, ${claim.digest}`);
  }
  for (const [name, value] of Object.entries(requirements.annotations)) {
    if (!Object.hasOwn(claim.annotations, name) || claim.annotations[name] !== value) {
      throw new UserError(`the annotation ${JSON.stringify(name)} is not signed with the required value`);
    }
  }
  const { signer, annotations, reference } = claim;
  return { format, manifest, signer, annotations, reference };
}

interface Claim extends Pick<VerifiedSignature, 'signer' | 'annotations' | 'reference'> {
  readonly digest: Digest;
}

function verifiedStatement(
  { content }: StoredSignature,
  subject: Digest,
  requirements: SignatureRequirements,
): Claim {
  const statement = signedStatement(content, requirements);
  const { signer, predicateType } = statement;
  if (predicateType !== signaturePredicate) {
    throw new UserError(`it is an attestation of the type ${JSON.stringify(predicateType)}, not a signature`);
  }
  return { signer, ...namedImage(statement, subject), reference: '' };
}

function verifiedPayload(
  { content, annotations }: StoredSignature,
  requirements: SignatureRequirements,
): Claim {
  const signature = decodeBase64(annotations[signatureAnnotation]);
  if (!signature) {
    throw new UserError('its signature is not base64');
  }
  const signer = signerOf(
    {
      bytes: content,
      signature,
      payload: content,
      bundle: () => legacyBundle(content, signature, annotations),
    },
    requirements,
  );
  return { signer, ...readSimplePayload(content) };
}
