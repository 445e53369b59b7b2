// registry-image sign: signs an image on a registry with a private key, or as an identity.
import { repositoryName } from '../oci/reference.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { repositoryTarget } from '../registry/repository-target.ts';
import { signImage } from '../signing/sign-image.ts';
import { signerWith } from '../signing/sign-settings.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { requireAllowed } from './destinations.ts';
import { parseRegistryImage } from './image-argument.ts';
import { readAnnotations } from './key-options.ts';
import { requireSignatory, type SignerOptions, signatoryFields } from './signer-options.ts';
import { jsonAnswer, tableText } from './table.ts';

interface Options extends RegistryOptions, SignerOptions {
  readonly format: string;
  /** `name=value`. */
  readonly annotation: readonly string[];
  readonly recursive?: boolean;
}

/** Exits with 0 when the image is signed, also when it was before. */
export const runSign: CliCommand<Options> = async (run) => {
  const { options, surroundings } = run;
  const { clock } = surroundings;
  const { repository, tag, digest } = parseRegistryImage(run.args[0] ?? '');
  const { format, recursive = false } = options;
  const annotations = readAnnotations(options.annotation);
  const open = await requireSignatory(run);
  return await withRegistries(run, async ({ registries, settings }) => {
    const signatory = open(registries.service);
    const signer = signerWith(signatory, { format, annotations, recursive }, 'sign');
    requireAllowed([repositoryName(repository)], settings);
    const session = await registries.writer(repository);
    const image = await getManifest(session, digest ?? tag ?? '');
    const root = { mediaType: image.mediaType, size: image.bytes.length, digest: image.digest };
    const signatures = await signImage(root, signer, {
      session,
      target: repositoryTarget(session, () => {}),
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
            signatures,
          })
        : `${tableText(
            ['DIGEST', 'FORMAT', 'MANIFEST', 'OUTCOME'],
            signatures.map((each) => [each.digest, each.format, each.manifest, each.outcome]),
          )}${name}@${image.digest} is signed by ${signatory.by.name}\n`,
      code: 0,
    };
  });
};
