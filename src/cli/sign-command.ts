// registry-image sign: signs an image on a registry with a private key, or as an identity.
import { signImage } from '../signing/sign-image.ts';
import { signerWith } from '../signing/sign-settings.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { parseRegistryImage } from './image-argument.ts';
import { readAnnotations } from './key-options.ts';
import { openSubject } from './signed-subject.ts';
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
  const reference = parseRegistryImage(run.args[0] ?? '');
  const { format, recursive = false } = options;
  const annotations = readAnnotations(options.annotation);
  const open = await requireSignatory(run);
  return await withRegistries(run, async (opened) => {
    const signatory = open(opened.registries.service);
    const signer = signerWith(signatory, { format, annotations, recursive }, 'sign');
    const { name, session, target, root } = await openSubject(opened, reference);
    const signatures = await signImage(root, signer, {
      session,
      target,
      now: clock.now,
    });
    return {
      output: options.json
        ? jsonAnswer({
            repository: name,
            tag: reference.tag ?? null,
            digest: root.digest,
            ...signatoryFields(signatory),
            signatures,
          })
        : `${tableText(
            ['DIGEST', 'FORMAT', 'MANIFEST', 'OUTCOME'],
            signatures.map((each) => [each.digest, each.format, each.manifest, each.outcome]),
          )}${name}@${root.digest} is signed by ${signatory.by.name}\n`,
      code: 0,
    };
  });
};
