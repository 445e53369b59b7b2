// Verifies an image: reads its signatures from a registry until enough keys have signed it, and says what it found.
import { errorText, UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Session } from '../transport/session.ts';
import { storedSignatures, type UnusableSignature } from './stored-signatures.ts';
import type { VerificationPolicy } from './verification-policy.ts';
import { type VerifiedSignature, verifySignature } from './verify-signature.ts';

/** What was found of the signatures of an image. */
export interface Verification {
  /** Whether as many keys as the threshold have signed the image. */
  readonly isVerified: boolean;
  readonly verified: readonly VerifiedSignature[];
  /** The signatures that do not count, each with the reason. */
  readonly rejected: readonly UnusableSignature[];
  /** The artifact types of referrers that are no signatures, and the predicate types of attestations. */
  readonly others: readonly string[];
}

/**
 * Verifies the signatures of an image or index by its digest. With `read` `enough` the first ones that satisfy the policy
 * end it; with `all` every signature is reported. Throws what the registry said, never that nothing was verified.
 */
export async function verifyImage(
  session: Session,
  subject: Digest,
  policy: VerificationPolicy,
  read: 'enough' | 'all',
): Promise<Verification> {
  const verified: VerifiedSignature[] = [];
  const rejected: UnusableSignature[] = [];
  const others = new Set<string>();
  // A key that has signed twice counts once.
  const keys = new Set<Digest>();
  const isEnough = () => keys.size >= policy.threshold;
  for await (const stored of storedSignatures(session, subject, others)) {
    if ('reason' in stored) {
      rejected.push(stored);
      continue;
    }
    try {
      const signature = verifySignature(stored, subject, policy);
      verified.push(signature);
      keys.add(signature.key.id);
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
  return { isVerified: isEnough(), verified, rejected, others: [...others] };
}

/** Why an image is not verified: how many keys are missing, and what is wrong with each signature that does not count. */
export function shortfall(
  { verified, rejected, others }: Verification,
  { threshold }: VerificationPolicy,
): string {
  const signers = new Set(verified.map(({ key }) => key.id)).size;
  if (verified.length === 0 && rejected.length === 0) {
    return others.length === 0
      ? 'it has no signature'
      : `it has no signature; what else is attached to it is not verified: ${others.join(', ')}`;
  }
  const counts = threshold === 1 ? 'no signature counts' : `${signers} of ${threshold} keys have signed it`;
  const reasons = rejected.map(
    ({ format, manifest, reason }) => `; ${format} signature ${manifest}: ${reason}`,
  );
  return `${counts}${reasons.join('')}`;
}
