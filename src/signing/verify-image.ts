// Verifies an image: reads its signatures and attestations from a registry until there are enough, and says what it found.
import { errorText, UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { systemClock } from '../transport/clock.ts';
import type { Session } from '../transport/session.ts';
import { signerId } from './signer.ts';
import { otherTypes, referrersOf, storedSignatures, type UnusableSignature } from './stored-signatures.ts';
import type { VerificationPolicy } from './verification-policy.ts';
import { type AttestationVerification, verifyAttestations } from './verify-attestations.ts';
import { type VerifiedSignature, verifySignature } from './verify-signature.ts';

/** What was found of the signatures and attestations of an image. */
export interface Verification {
  /** Whether as many keys and identities as the threshold have signed the image, and it has all attestations. */
  readonly isVerified: boolean;
  readonly verified: readonly VerifiedSignature[];
  /** The signatures that do not count, each with the reason. */
  readonly rejected: readonly UnusableSignature[];
  /** What was found of the attestations that are required. */
  readonly attestations: AttestationVerification;
  /** The artifact types of referrers, and the predicate types of attestations, that were not verified. */
  readonly others: readonly string[];
}

/**
 * Verifies the signatures of an image or index by its digest. With `read` `enough` the first ones that satisfy the policy
 * end it; with `all` every signature is reported. `now` is milliseconds. Throws what the registry said, never that nothing was
 * verified.
 */
export async function verifyImage(
  session: Session,
  subject: Digest,
  policy: VerificationPolicy,
  read: 'enough' | 'all',
  now: number = systemClock.now(),
): Promise<Verification> {
  const verified: VerifiedSignature[] = [];
  const rejected: UnusableSignature[] = [];
  const referrers = await referrersOf(session, subject);
  // A key that has signed twice counts once.
  const signers = new Set<string>();
  const isEnough = () => signers.size >= policy.threshold;
  const signedBefore = policy.minAge === undefined ? undefined : now - policy.minAge;
  for await (const stored of storedSignatures(session, subject, referrers)) {
    if ('reason' in stored) {
      rejected.push(stored);
      continue;
    }
    try {
      const signature = verifySignature(stored, subject, { ...policy, signedBefore });
      verified.push(signature);
      signers.add(signerId(signature.signer));
    } catch (error) {
      if (!(error instanceof UserError)) {
        throw error;
      }
      rejected.push({ format: stored.format, manifest: stored.manifest, reason: errorText(error) });
    }
    if (read === 'enough' && isEnough()) {
      break;
    }
  }
  const { predicates: required = [] } = policy;
  const attestations =
    required.length > 0 && (isEnough() || read === 'all')
      ? await verifyAttestations(session, subject, referrers, { required, trusted: policy, read })
      : { verified: [], rejected: [], missing: required.map(({ type }) => type) };
  return {
    isVerified: isEnough() && attestations.missing.length === 0,
    verified,
    rejected,
    attestations,
    others: otherTypes(referrers).filter((type) => !required.some((each) => each.isType(type))),
  };
}

/** Characters of the types of what else is attached, in a message. */
const longestTypes = 500;

/** How many different keys and identities have made signatures. */
export function countSigners(verified: readonly VerifiedSignature[]): number {
  return new Set(verified.map(({ signer }) => signerId(signer))).size;
}

/** What those who are trusted are, for people. */
export function trustedKinds({ keys, identities = [] }: VerificationPolicy): string {
  const kinds = [...(keys.length > 0 ? ['keys'] : []), ...(identities.length > 0 ? ['identities'] : [])];
  return kinds.join(' and ');
}

/** Why an image is not verified: what is missing, and what is wrong with each signature or attestation that does not count. */
export function shortfall(verification: Verification, policy: VerificationPolicy): string {
  return countSigners(verification.verified) < policy.threshold
    ? signatureShortfall(verification, policy)
    : attestationShortfall(verification);
}

function attestationShortfall({ attestations, others }: Verification): string {
  const { missing, rejected } = attestations;
  const attached = others.length === 0 ? '' : `; what else is attached to it: ${listed(others)}`;
  const reasons = rejected.map(({ manifest, reason }) => `; attestation ${manifest}: ${reason}`);
  return `no attestation counts of the type ${missing.join(', ')}${reasons.join('')}${attached}`;
}

/** Types for a message: whoever can write to a repository can attach as many as a list of referrers holds, and as long. */
function listed(types: readonly string[]): string {
  const text = types.map(otherName).join(', ');
  return text.length > longestTypes ? `${text.slice(0, longestTypes)}… (${types.length} types)` : text;
}

/** Signatures of Notation are ones, too; they are carried and not verified. */
function otherName(type: string): string {
  return type === 'application/vnd.cncf.notary.signature' ? `${type} (a signature of Notation)` : type;
}

function signatureShortfall(
  { verified, rejected, others }: Verification,
  policy: VerificationPolicy,
): string {
  const { threshold } = policy;
  if (verified.length === 0 && rejected.length === 0) {
    return others.length === 0
      ? 'it has no signature'
      : `it has no signature; what else is attached to it is not verified: ${listed(others)}`;
  }
  const counts =
    threshold === 1
      ? 'no signature counts'
      : `${countSigners(verified)} of ${threshold} ${trustedKinds(policy)} have signed it`;
  const reasons = rejected.map(
    ({ format, manifest, reason }) => `; ${format} signature ${manifest}: ${reason}`,
  );
  return `${counts}${reasons.join('')}`;
}
