// registry-image attest: attests something of an image on a registry with a private key, such as its SBOM.
import { UserError } from '../errors.ts';
import { repositoryName } from '../oci/reference.ts';
import { readAttestationFile } from '../put/attestation-file.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { repositoryTarget } from '../registry/repository-target.ts';
import { attestImage } from '../signing/attest-image.ts';
import { keySigner } from '../signing/bundle-signer.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import { parseRegistryImage } from './image-argument.ts';
import { readPrivateKeyFile } from './sign-options.ts';
import { jsonAnswer, tableText } from './table.ts';

interface Options extends RegistryOptions {
  /** The path of the private key. */
  readonly key?: string;
  readonly type?: string;
  /** The path of what is attested. */
  readonly predicate?: string;
}

/** Exits with 0 when it is attested, also when it was before. */
export const runAttest: CliCommand<Options> = async (run) => {
  const { options, surroundings } = run;
  const { clock } = surroundings;
  const { repository, tag, digest } = parseRegistryImage(run.args[0] ?? '');
  const { key: keyFile, type = '', predicate: path } = options;
  if (keyFile === undefined) {
    throw new UserError('--key is missing', { hint: 'name the file of the private key to sign with' });
  }
  if (path === undefined) {
    throw new UserError('--predicate is missing', { hint: 'name the file with what is attested' });
  }
  const attestation = await readAttestationFile({ type, path, where: '--', now: clock.now() });
  const key = await readPrivateKeyFile(keyFile, surroundings);
  const signer = keySigner(key);
  return await withRegistries(run, async ({ registries, settings }) => {
    requireAllowed([repositoryName(repository)], settings);
    const session = await registries.writer(repository);
    const image = await getManifest(session, digest ?? tag ?? '');
    const root = { mediaType: image.mediaType, size: image.bytes.length, digest: image.digest };
    const target = repositoryTarget(session, () => {});
    const { predicateType, manifest, outcome } = await attestImage(root, attestation, signer, {
      session,
      target,
      now: clock.now,
    });
    const name = repositoryName(repository);
    return {
      output: options.json
        ? jsonAnswer({
            repository: name,
            tag: tag ?? null,
            digest: image.digest,
            key: key.publicKey.id,
            type: predicateType,
            manifest,
            outcome,
          })
        : `${tableText(
            ['DIGEST', 'TYPE', 'MANIFEST', 'OUTCOME'],
            [[image.digest, predicateType, manifest, outcome]],
          )}${name}@${image.digest} is attested by ${signer.name}\n`,
      code: 0,
    };
  });
};
