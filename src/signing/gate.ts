// The gate before an image is used: passes what is verified, and by its mode refuses the rest or warns of it.
import { errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Digest } from '../oci/digest.ts';
import { parseRepository, type RepositoryReference, repositoryName } from '../oci/reference.ts';
import type { Clock } from '../transport/clock.ts';
import type { Session } from '../transport/session.ts';
import { describeSigner, signerId } from './signer.ts';
import {
  readVerificationPolicy,
  type VerificationPolicy,
  type VerifySettings,
} from './verification-policy.ts';
import { shortfall, type Verification, verifyImage } from './verify-image.ts';
import type { VerifiedSignature } from './verify-signature.ts';

/** Verifies images before they are used. */
export interface Gate {
  /** What an image that is not verified means: with `warn` it passes all the same. */
  readonly mode: 'require' | 'warn';
  /**
   * Verifies an image or index of the session's repository, which stands for `repository`. Returns for people by which keys
   * it is signed. Throws an {@link UnverifiedError}, or what the registry said, in either mode.
   */
  verify(session: Session, subject: Digest, repository: RepositoryReference): Promise<string>;
  /** Whether an image is verified, without a word about it. Throws what the registry said. */
  accepts(session: Session, subject: Digest): Promise<boolean>;
  /** The result of a verification, and in the mode `warn` the word `no` after a warning when it fails. */
  settle(verification: () => Promise<string>): Promise<string>;
}

/** An image that is not verified. Its code is `IMAGE_UNVERIFIED`. */
export class UnverifiedError extends UserError {
  override readonly name: string = 'UnverifiedError';

  constructor(repository: RepositoryReference, subject: Digest, reason: string) {
    super(`${repositoryName(repository)}@${subject} is not verified: ${reason}`, {
      code: 'IMAGE_UNVERIFIED',
      hint: 'an image counts as verified when it or the index that the version names is signed; see docs/signing.md',
    });
  }
}

/** A gate for the settings of `verify`. Throws a UserError that begins with `where`; nothing is sent. */
export async function openGate(
  settings: VerifySettings,
  where: string,
  surroundings: GateSurroundings,
): Promise<Gate> {
  return gateFor(await readVerificationPolicy(settings, where), surroundings);
}

/** A gate for a policy that was read. */
export function gateFor(policy: VerificationPolicy, { clock, log, signal }: GateSurroundings): Gate {
  return {
    mode: policy.mode,
    async verify(session, subject, repository) {
      const verification = await verifyImage(session, subject, policy, 'enough', clock.now());
      if (!verification.isVerified) {
        throw new UnverifiedError(repository, subject, shortfall(verification, policy));
      }
      for (const warning of foreignReferences(verification, repository)) {
        log.warn(warning);
      }
      const signers = describeSigners(verification);
      log.info(`verified ${subject}: ${signers}`);
      return signers;
    },
    async accepts(session, subject) {
      return (await verifyImage(session, subject, policy, 'enough', clock.now())).isVerified;
    },
    async settle(verification) {
      try {
        return await verification();
      } catch (error) {
        signal.throwIfAborted();
        if (policy.mode === 'require' || !(error instanceof UserError)) {
          throw error;
        }
        log.warn(errorText(error));
        return 'no';
      }
    },
  };
}

/** What a gate logs to, the clock for the age of signatures, and what ends it. */
export interface GateSurroundings {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** `by key sha256:…, "subject" (issuer) at 2026-11-28T01:02:03Z`, each signer once; then what is attested, by whom. */
function describeSigners({ verified, attestations }: Verification): string {
  const signers = new Map(verified.toReversed().map(({ signer }) => [signerId(signer), signer]));
  const attested = attestations.verified.map(
    ({ predicateType, signer }) => `; ${predicateType} by ${describeSigner(signer)}`,
  );
  return `by ${[...signers.values()].toReversed().map(describeSigner).join(', ')}${attested.join('')}`;
}

/** One warning for each signature whose signer named another repository: a copy of a signed image has the same signature. */
export function foreignReferences(
  { verified }: Pick<Verification, 'verified'>,
  repository: RepositoryReference,
): string[] {
  const own = repositoryName(repository);
  return verified
    .filter((signature) => signature.reference !== '' && signedRepository(signature) !== own)
    .map(
      ({ manifest, reference }) =>
        `legacy signature ${manifest} was made for ${JSON.stringify(reference)}, not for ${own}: the image may be a copy`,
    );
}

/** The repository in a reference, which may have a tag; the reference itself when it is none. */
function signedRepository({ reference }: VerifiedSignature): string {
  try {
    return repositoryName(parseRepository(reference.replace(/(:[^/:]*)?(@.*)?$/, '')));
  } catch {
    return reference;
  }
}
