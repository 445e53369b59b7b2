// registry-image attest: attests something of an image on a registry with a private key or as an identity, such as its SBOM.
import { UserError } from '../errors.ts';
import { repositoryName } from '../oci/reference.ts';
import { readAttestationFile } from '../put/attestation-file.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { repositoryTarget } from '../registry/repository-target.ts';
import { attestImage } from '../signing/attest-image.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import { parseRegistryImage } from './image-argument.ts';
import { requireSignatory, type SignerOptions, signatoryFields } from './signer-options.ts';
import { jsonAnswer, tableText } from './table.ts';

interface Options extends RegistryOptions, SignerOptions {
  readonly type?: string;
  /** The path of what is attested. */
  readonly predicate?: string;
}

/** Exits with 0 when it is attested, also when it was before. */
export const runAttest: CliCommand<Options> = async (run) => {
  const { options, surroundings } = run;
  const { clock } = surroundings;
  const { repository, tag, digest } = parseRegistryImage(run.args[0] ?? '');
  const { type = '', predicate: path } = options;
  if (path === undefined) {
    throw new UserError('--predicate is missing', { hint: 'name the file with what is attested' });
  }
  const attestation = await readAttestationFile({ type, path, where: '--', now: clock.now() });
  const open = await requireSignatory(run);
  return await withRegistries(run, async ({ registries, settings }) => {
    const signatory = open(registries.service);
    requireAllowed([repositoryName(repository)], settings);
    const session = await registries.writer(repository);
    const image = await getManifest(session, digest ?? tag ?? '');
    const root = { mediaType: image.mediaType, size: image.bytes.length, digest: image.digest };
    const target = repositoryTarget(session, () => {});
    const { predicateType, manifest, outcome } = await attestImage(root, attestation, signatory.by, {
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
            ...signatoryFields(signatory),
            type: predicateType,
            manifest,
            outcome,
          })
        : `${tableText(
            ['DIGEST', 'TYPE', 'MANIFEST', 'OUTCOME'],
            [[image.digest, predicateType, manifest, outcome]],
          )}${name}@${image.digest} is attested by ${signatory.by.name}\n`,
      code: 0,
    };
  });
};
