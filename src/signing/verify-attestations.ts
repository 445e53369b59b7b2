// Verifies the attestations that are required of an image, beside its signatures.
import { errorText, UserError } from '../errors.ts';
import { maximumAttestation } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { quote } from '../policy/quote.ts';
import type { Session } from '../transport/session.ts';
import type { RequiredPredicate } from './required-predicate.ts';
import { namedImage, type SignedStatement, signedStatement } from './signed-statement.ts';
import type { Signer, TrustedSigners } from './signer.ts';
import { type BundleKind, readBundles, type UnusableSignature } from './stored-signatures.ts';

/** An attestation that counts. */
export interface VerifiedAttestation {
  readonly manifest: Digest;
  readonly predicateType: string;
  readonly signer: Signer;
}

/** What was found of the attestations that are required. */
export interface AttestationVerification {
  readonly verified: readonly VerifiedAttestation[];
  readonly rejected: readonly UnusableSignature[];
  /** The types of which no attestation counts, as they were required. */
  readonly missing: readonly string[];
}

/**
 * Verifies that there is an attestation of each type that is required, among the bundles that refer to an image. With `read`
 * `enough` one of each ends it. Throws what the registry said.
 */
export async function verifyAttestations(
  session: Session,
  subject: Digest,
  referrers: readonly Descriptor[],
  {
    required,
    trusted,
    read,
  }: {
    readonly required: readonly RequiredPredicate[];
    readonly trusted: TrustedSigners;
    readonly read: 'enough' | 'all';
  },
): Promise<AttestationVerification> {
  const verified: VerifiedAttestation[] = [];
  const rejected: UnusableSignature[] = [];
  const found = new Set<RequiredPredicate>();
  const kind: BundleKind = {
    isType: (type) => required.some((each) => each.isType(type)),
    maximumSize: maximumAttestation,
  };
  for await (const stored of readBundles(session, subject, referrers, kind)) {
    if ('reason' in stored) {
      rejected.push(stored);
      continue;
    }
    const { format, manifest } = stored;
    try {
      const statement = attestation(stored.content, subject, trusted);
      const { predicateType, signer } = statement;
      for (const each of satisfied(statement, required)) {
        found.add(each);
      }
      verified.push({ manifest, predicateType, signer });
    } catch (error) {
      if (!(error instanceof UserError)) {
        throw error;
      }
      rejected.push({ format, manifest, reason: errorText(error) });
    }
    if (read === 'enough' && found.size === required.length) {
      break;
    }
  }
  const missing = required.filter((each) => !found.has(each)).map(({ type }) => type);
  return { verified, rejected, missing };
}

/** The statement of a bundle, when it is signed and about the image. */
function attestation(content: Uint8Array, subject: Digest, trusted: TrustedSigners): SignedStatement {
  const statement = signedStatement(content, trusted);
  const { digest } = namedImage(statement, subject);
  if (digest !== subject) {
    throw new UserError(`it is about another image, ${digest}`);
  }
  return statement;
}

/** What a statement satisfies. Throws a UserError that says why when it is nothing. */
function satisfied(
  { predicateType, predicate }: SignedStatement,
  required: readonly RequiredPredicate[],
): readonly RequiredPredicate[] {
  const ofType = required.filter((each) => each.isType(predicateType));
  if (ofType.length === 0) {
    throw new UserError(`its type is ${quote(predicateType)}, which is not required`);
  }
  const reasons: unknown[] = [];
  const met = ofType.filter((each) => {
    try {
      each.check(predicate);
      return true;
    } catch (error) {
      reasons.push(error);
      return false;
    }
  });
  if (met.length === 0) {
    throw reasons[0];
  }
  return met;
}
