// registry-image verify: whether keys have signed an image, and what is wrong with each signature that does not count.
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { type RepositoryReference, repositoryName } from '../oci/reference.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { foreignReferences } from '../signing/gate.ts';
import { policyFor } from '../signing/prefix-gates.ts';
import { readPublicKey } from '../signing/public-key.ts';
import { type VerificationPolicy, verificationPolicy } from '../signing/verification-policy.ts';
import { shortfall, type Verification, verifyImage } from '../signing/verify-image.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { parseRegistryImage } from './image-argument.ts';
import { readAnnotations, readKeyFile } from './key-options.ts';
import { jsonAnswer, printable, tableText } from './table.ts';

interface Options extends RegistryOptions {
  /** Paths of public keys. */
  readonly key: readonly string[];
  readonly threshold?: string;
  /** `name=value`. */
  readonly annotation: readonly string[];
}

/** Exits with 0 when the image is verified, with 1 when it is not or cannot be read. */
export const runVerify: CliCommand<Options> = async (run) => {
  const { options } = run;
  const { repository, tag, digest } = parseRegistryImage(run.args[0] ?? '');
  const own = await policyOfOptions(options);
  return await withRegistries(run, async ({ registries, settings, log }) => {
    const policy = own ?? policyFor(repository, settings.verify);
    if (!policy) {
      throw new UserError('no key is given to verify with', {
        hint: 'name public keys with --key, or in verify of the registry in the settings file',
      });
    }
    const session = await registries.reader(repository);
    const image = await getManifest(session, digest ?? tag ?? '');
    const verification = await verifyImage(session, image.digest, policy, 'all');
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

/** What the options require; undefined without a key. Throws a UserError for options that need one. */
async function policyOfOptions({
  key,
  threshold = '',
  annotation,
}: Options): Promise<VerificationPolicy | undefined> {
  const annotations = readAnnotations(annotation);
  if (key.length === 0 && threshold === '' && annotation.length === 0) {
    return undefined;
  }
  const files = await Promise.all(key.map(readKeyFile));
  return verificationPolicy(
    files.map(({ pem, path }) => readPublicKey(pem, path)),
    { threshold, mode: 'require', annotations },
    'verify',
  );
}

interface Answer {
  readonly repository: RepositoryReference;
  readonly tag: string | undefined;
  readonly digest: Digest;
  readonly verification: Verification;
  readonly policy: VerificationPolicy;
}

function document({ repository, tag, digest, verification, policy }: Answer) {
  const { isVerified, verified, rejected, others } = verification;
  return {
    repository: repositoryName(repository),
    tag: tag ?? null,
    digest,
    verified: isVerified,
    threshold: policy.threshold,
    keys: policy.keys.map(({ id }) => ({ key: id, signed: verified.some(({ key }) => key.id === id) })),
    signatures: [
      ...verified.map(({ format, manifest, key, annotations }) => ({
        format,
        manifest,
        key: key.id,
        annotations: Object.fromEntries(
          Object.entries(annotations).filter(([, value]) => typeof value === 'string'),
        ),
        reason: '',
      })),
      ...rejected.map(({ format, manifest, reason }) => ({
        format,
        manifest,
        key: null,
        annotations: {},
        reason,
      })),
    ],
    others,
  };
}

/** Why an image is not verified. What is wrong with each signature is in the table. */
function reasonOf(verification: Verification, policy: VerificationPolicy): string {
  const { verified, rejected } = verification;
  return verified.length === 0 && rejected.length > 0
    ? 'none of its signatures counts'
    : shortfall({ ...verification, rejected: [] }, policy);
}

function text({ repository, digest, verification, policy }: Answer): string {
  const rows = [
    ...verification.verified.map(({ format, manifest, key }) => [
      format,
      manifest,
      'counts',
      `key ${key.id}`,
    ]),
    ...verification.rejected.map(({ format, manifest, reason }) => [format, manifest, 'rejected', reason]),
  ];
  const signers = new Set(verification.verified.map(({ key }) => key.id)).size;
  const result = verification.isVerified
    ? `is verified: ${signers} of ${policy.keys.length} keys have signed it`
    : printable(`is not verified: ${reasonOf(verification, policy)}`);
  return `${tableText(['FORMAT', 'MANIFEST', 'RESULT', 'REASON'], rows)}${repositoryName(repository)}@${digest} ${result}\n`;
}
