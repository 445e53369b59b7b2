// Signs what a put publishes (`params.sign`): by its digest, after its content is there and before a tag moves to it.
import { join } from 'node:path';
import { contentKind, type TaggedTarget } from '../content/content-graph.ts';
import { refuseLinkOutside } from '../disk/artifact-link.ts';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { repositoryTarget } from '../registry/repository-target.ts';
import type { PutAttest, PutSign } from '../request/sign.ts';
import { attestImage } from '../signing/attest-image.ts';
import type { Attestation } from '../signing/attestation.ts';
import type { Services } from '../signing/keyless-signer.ts';
import { ownBundle } from '../signing/own-bundle.ts';
import { signImage } from '../signing/sign-image.ts';
import { readSigner, type SignerSurroundings } from '../signing/sign-settings.ts';
import { signatureBundles } from '../signing/stored-signatures.ts';
import { verifyImage } from '../signing/verify-image.ts';
import type { Clock } from '../transport/clock.ts';
import type { Session } from '../transport/session.ts';
import { readAttestationFile } from './attestation-file.ts';

/** Signs images of the repository that a put publishes to. */
export interface PutSigner {
  /**
   * Signs a root, and returns for people by which key; `bytes` are those of a root that may not be there yet: then it is
   * stored first.
   */
  sign(
    session: Session,
    target: TaggedTarget,
    root: Descriptor,
    bytes: (() => Promise<Uint8Array>) | undefined,
  ): Promise<string>;
  /** Whether the repository has a signature of an image or index by the same key or identity. */
  hasSigned(session: Session, digest: Digest): Promise<boolean>;
  /** The same as `sign` for what the repository has under a digest. */
  signPublished(session: Session, digest: Digest): Promise<string>;
}

/** What a signer of a put uses. */
export interface PutSignerSurroundings extends Omit<SignerSurroundings, 'now'> {
  /** The directory of the artifacts of the build. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly services: Services;
}

/**
 * Reads `params.sign`; undefined without it. Sends no request. Throws a UserError for a key that cannot be used, and for a
 * predicate that cannot be attested.
 */
export async function openPutSigner(
  settings: PutSign | undefined,
  { directory, clock, log, services, ...surroundings }: PutSignerSurroundings,
): Promise<PutSigner | undefined> {
  if (!settings) {
    return undefined;
  }
  const signer = await readSigner(settings, 'params.sign', services, { ...surroundings, now: clock.now });
  const attestation = await attestationOf(settings.attest, directory, clock);
  const { by, key } = signer;
  const sign = async (session: Session, target: TaggedTarget, root: Descriptor) => {
    const place = { session, target, now: clock.now };
    for (const { digest, format, manifest, outcome } of await signImage(root, signer, place)) {
      const done = outcome === 'signed' ? 'signed' : 'already signed:';
      log.info(`${done} ${digest} by ${by.name} (${format} ${manifest})`);
    }
    if (attestation) {
      const { predicateType, manifest, outcome } = await attestImage(root, attestation, by, place);
      const done = outcome === 'attested' ? 'attested' : 'already attested:';
      log.info(`${done} ${root.digest} as ${predicateType} (${manifest})`);
    }
    return `by ${by.name}`;
  };
  return {
    async sign(session, target, root, bytes) {
      if (bytes && !(await target.has(root, contentKind(root.mediaType)))) {
        await target.publish(root, await bytes());
      }
      return await sign(session, target, root);
    },
    async hasSigned(session, digest) {
      if (!key) {
        return (await ownBundle(session, digest, by, signatureBundles, () => true)) !== undefined;
      }
      const own = { keys: [key.publicKey], threshold: 1, mode: 'require', annotations: {} } as const;
      return (await verifyImage(session, digest, own, 'enough')).isVerified;
    },
    async signPublished(session, digest) {
      const { bytes, mediaType } = await getManifest(session, digest);
      const root = { mediaType, size: bytes.length, digest };
      return await sign(
        session,
        repositoryTarget(session, () => {}),
        root,
      );
    },
  };
}

async function attestationOf(
  attest: PutAttest | undefined,
  directory: string,
  clock: Clock,
): Promise<Attestation | undefined> {
  if (!attest) {
    return undefined;
  }
  const { type, predicate } = attest;
  const where = 'params.sign.attest.';
  if (predicate === '') {
    throw new UserError(`${where}predicate is missing`, {
      hint: 'set it to the path of a file in the artifacts of the build: what is attested',
    });
  }
  const path = join(directory, predicate);
  await refuseLinkOutside(directory, path);
  return await readAttestationFile({ type, path, where, now: clock.now() });
}
