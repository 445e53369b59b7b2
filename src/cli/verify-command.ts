// registry-image verify: whether keys have signed an image, and what is wrong with each signature that does not count.
import type { Digest } from '../oci/digest.ts';
import { type RepositoryReference, repositoryName } from '../oci/reference.ts';
import { parseReference } from '../policy/image-reference.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { foreignReferences } from '../signing/gate.ts';
import { readPublicKey } from '../signing/public-key.ts';
import { type VerificationPolicy, verificationPolicy } from '../signing/verification-policy.ts';
import { shortfall, type Verification, verifyImage } from '../signing/verify-image.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { readAnnotations, readKeyFile } from './key-options.ts';
import { jsonAnswer, tableText } from './table.ts';

interface Options extends RegistryOptions {
  /** Paths of public keys. */
  readonly key: readonly string[];
  readonly threshold: string;
  /** `name=value`. */
  readonly annotation: readonly string[];
}

/** Exits with 0 when the image is verified, with 1 when it is not or cannot be read. */
export const runVerify: CliCommand<Options> = async (run) => {
  const { options } = run;
  const { repository, tag, digest } = parseReference(run.args[0] ?? '', 'the image');
  const policy = verificationPolicy(
    (await Promise.all(options.key.map(readKeyFile))).map(({ pem, path }) => readPublicKey(pem, path)),
    { threshold: options.threshold, mode: 'require', annotations: readAnnotations(options.annotation) },
    'verify',
  );
  return await withRegistries(run, async ({ registries, log }) => {
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
    : `is not verified: ${shortfall({ ...verification, rejected: [] }, policy)}`;
  return `${tableText(['FORMAT', 'MANIFEST', 'RESULT', 'REASON'], rows)}${repositoryName(repository)}@${digest} ${result}\n`;
}
