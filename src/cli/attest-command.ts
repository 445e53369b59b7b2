// registry-image attest: attests something of an image on a registry with a private key or as an identity, such as its SBOM.
import { UserError } from '../errors.ts';
import { readAttestationFile } from '../put/attestation-file.ts';
import { attestImage } from '../signing/attest-image.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { parseRegistryImage } from './image-argument.ts';
import { openSubject } from './signed-subject.ts';
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
  const reference = parseRegistryImage(run.args[0] ?? '');
  const { type = '', predicate: path } = options;
  if (path === undefined) {
    throw new UserError('--predicate is missing', { hint: 'name the file with what is attested' });
  }
  const attestation = await readAttestationFile({ type, path, where: '--', now: clock.now() });
  const open = await requireSignatory(run);
  return await withRegistries(run, async (opened) => {
    const signatory = open(opened.registries.service);
    const { name, session, target, root } = await openSubject(opened, reference);
    const { predicateType, manifest, outcome } = await attestImage(root, attestation, signatory.by, {
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
            type: predicateType,
            manifest,
            outcome,
          })
        : `${tableText(
            ['DIGEST', 'TYPE', 'MANIFEST', 'OUTCOME'],
            [[root.digest, predicateType, manifest, outcome]],
          )}${name}@${root.digest} is attested by ${signatory.by.name}\n`,
      code: 0,
    };
  });
};
