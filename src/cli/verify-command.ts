// registry-image verify: whether an image is signed as it must be, and what is wrong with each signature that does not count.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { type RepositoryReference, repositoryName } from '../oci/reference.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { foreignReferences } from '../signing/gate.ts';
import { policyFor } from '../signing/prefix-gates.ts';
import { describeSigner, type Signer, timeText } from '../signing/signer.ts';
import type { VerificationPolicy } from '../signing/verification-policy.ts';
import {
  countSigners,
  shortfall,
  trustedKinds,
  type Verification,
  verifyImage,
} from '../signing/verify-image.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { parseRegistryImage } from './image-argument.ts';
import { type PolicyOptions, readPolicyOptions } from './policy-options.ts';
import { jsonAnswer, printable, tableText } from './table.ts';

interface Options extends RegistryOptions, PolicyOptions {}

/** Exits with 0 when the image is verified, with 1 when it is not or cannot be read. */
export const runVerify: CliCommand<Options> = async (run) => {
  const { options } = run;
  const { repository, tag, digest } = parseRegistryImage(run.args[0] ?? '');
  const own = await readPolicyOptions(options);
  return await withRegistries(run, async ({ registries, settings, log }) => {
    const policy = own ?? policyFor(repository, settings.verify);
    if (!policy) {
      throw new UserError('no key is given to verify with', {
        hint: 'name public keys with --key, or who is trusted in verify of the registry in the settings file',
      });
    }
    const session = await registries.reader(repository);
    const image = await getManifest(session, digest ?? tag ?? '');
    const verification = await verifyImage(
      session,
      image.digest,
      policy,
      'all',
      run.surroundings.clock.now(),
    );
    for (const warning of foreignReferences(verification, repository)) {
      log.warn(warning);
    }
    const answer = { repository, tag, digest: image.digest, verification, policy };
    return {
      output: options.json ? jsonAnswer(document(answer)) : text(answer),
      code: verification.isVerified ? 0 : 1,
    };
  });
};

interface Answer {
  readonly repository: RepositoryReference;
  readonly tag: string | undefined;
  readonly digest: Digest;
  readonly verification: Verification;
  readonly policy: VerificationPolicy;
}

function document({ repository, tag, digest, verification, policy }: Answer) {
  const { isVerified, verified, rejected, attestations, others } = verification;
  const { predicates = [] } = policy;
  return {
    repository: repositoryName(repository),
    tag: tag ?? null,
    digest,
    verified: isVerified,
    threshold: policy.threshold,
    keys: policy.keys.map(({ id }) => ({
      key: id,
      signed: verified.some(({ signer }) => signer.kind === 'key' && signer.key.id === id),
    })),
    identities: (policy.identities ?? []).map(({ issuer, name }, position) => ({
      issuer,
      subject: name,
      signed: verified.some(({ signer }) => signer.kind === 'identity' && signer.position === position),
    })),
    signatures: [
      ...verified.map(({ format, manifest, signer, annotations }) => ({
        format,
        manifest,
        ...signedBy(signer),
        annotations: Object.fromEntries(
          Object.entries(annotations).filter(([, value]) => typeof value === 'string'),
        ),
        reason: '',
      })),
      ...rejected.map(({ format, manifest, reason }) => ({
        format,
        manifest,
        ...nobody,
        annotations: {},
        reason,
      })),
    ],
    predicates: predicates.map(({ type }) => ({ type, attested: !attestations.missing.includes(type) })),
    attestations: [
      ...attestations.verified.map(({ manifest, predicateType, signer }) => ({
        manifest,
        predicate_type: predicateType,
        ...signedBy(signer),
        reason: '',
      })),
      ...attestations.rejected.map(({ manifest, reason }) => ({
        manifest,
        predicate_type: null,
        ...nobody,
        reason,
      })),
    ],
    others,
  };
}

const nobody = { key: null, identity: null, signed_at: null };

function signedBy(signer: Signer) {
  return {
    key: signer.kind === 'key' ? signer.key.id : null,
    identity: signer.kind === 'identity' ? { issuer: signer.issuer, subject: signer.subject } : null,
    signed_at: signer.signedAt === undefined ? null : timeText(signer.signedAt),
  };
}

/** Why an image is not verified. What is wrong with each signature is in the table. */
function reasonOf(verification: Verification, policy: VerificationPolicy): string {
  const { verified, rejected, attestations } = verification;
  return verified.length === 0 && rejected.length > 0
    ? 'none of its signatures counts'
    : shortfall({ ...verification, rejected: [], attestations: { ...attestations, rejected: [] } }, policy);
}

function text({ repository, digest, verification, policy }: Answer): string {
  const rows = [
    ...verification.verified.map(({ format, manifest, signer }) => [
      format,
      manifest,
      'counts',
      describeSigner(signer),
    ]),
    ...verification.rejected.map(({ format, manifest, reason }) => [format, manifest, 'rejected', reason]),
    ...verification.attestations.verified.map(({ manifest, predicateType, signer }) => [
      'attestation',
      manifest,
      'counts',
      `${predicateType} by ${describeSigner(signer)}`,
    ]),
    ...verification.attestations.rejected.map(({ manifest, reason }) => [
      'attestation',
      manifest,
      'rejected',
      reason,
    ]),
  ];
  const { keys, identities = [] } = policy;
  const result = verification.isVerified
    ? `is verified: ${countSigners(verification.verified)} of ${keys.length + identities.length} ${trustedKinds(policy)} have signed it`
    : printable(`is not verified: ${reasonOf(verification, policy)}`);
  return `${tableText(['FORMAT', 'MANIFEST', 'RESULT', 'REASON'], rows)}${repositoryName(repository)}@${digest} ${result}\n`;
}
