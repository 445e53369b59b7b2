// Attests something of an image on a registry by its digest, unless the same signer has claimed the same before.
import { UserError } from '../errors.ts';
import { maximumAttestation } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { repositoryName } from '../oci/reference.ts';
import { attachBundle } from './attach-signature.ts';
import { type Attestation, claimsSame } from './attestation.ts';
import type { BundleSigner } from './bundle-signer.ts';
import { makeAttestation } from './make-signature.ts';
import { ownBundle } from './own-bundle.ts';
import type { SigningPlace } from './sign-image.ts';

/** An attestation of an image that is there. */
export interface MadeAttestation {
  /** The image or index that it is about. */
  readonly digest: Digest;
  readonly predicateType: string;
  /** The manifest that holds it. */
  readonly manifest: Digest;
  /** `present`: the signer had claimed the same before. */
  readonly outcome: 'attested' | 'present';
}

/** Attests something of an image or index that the registry has. Throws what the registry said, with the digest. */
export async function attestImage(
  subject: Descriptor,
  attestation: Attestation,
  signer: BundleSigner,
  place: SigningPlace,
): Promise<MadeAttestation> {
  const { session } = place;
  const { digest } = subject;
  const { predicateType } = attestation;
  return await aboutImage(subject, place, async () => {
    const kind = {
      isType: (type: string) => type === predicateType,
      maximumSize: maximumAttestation,
    };
    const isSame = (statement: Parameters<typeof claimsSame>[0]) => claimsSame(statement, attestation);
    const present = await ownBundle(session, digest, signer, kind, isSame);
    return present
      ? { digest, predicateType, manifest: present, outcome: 'present' }
      : await addAttestation(subject, attestation, signer, place);
  });
}

/** The same without a look at what was claimed before: what happens twice is claimed twice. */
export async function recordForImage(
  subject: Descriptor,
  attestation: Attestation,
  signer: BundleSigner,
  place: SigningPlace,
): Promise<MadeAttestation> {
  return await aboutImage(subject, place, () => addAttestation(subject, attestation, signer, place));
}

async function addAttestation(
  subject: Descriptor,
  attestation: Attestation,
  signer: BundleSigner,
  { session, target, now }: SigningPlace,
): Promise<MadeAttestation> {
  const { digest } = subject;
  const { predicateType } = attestation;
  const bundle = await makeAttestation(digest, repositoryName(session.repository), attestation, signer);
  const manifest = await attachBundle(session, target, subject, { bundle, predicateType, now: now() });
  return { digest, predicateType, manifest, outcome: 'attested' };
}

async function aboutImage<Result>(
  { digest }: Descriptor,
  { session }: SigningPlace,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    throw new UserError(`attesting ${repositoryName(session.repository)}@${digest}`, { cause });
  }
}
