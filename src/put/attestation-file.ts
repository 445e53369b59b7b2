// An attestation whose predicate is in a file, such as the SBOM that a task of the build has written.
import { readTextFile } from '../disk/text-file.ts';
import { systemReason, UserError } from '../errors.ts';
import { maximumPredicate } from '../limits.ts';
import { type Attestation, readAttestation } from '../signing/attestation.ts';

/** What an attestation is made of; empty strings are unset. */
export interface AttestationFile {
  readonly type: string;
  /** The path of the predicate. */
  readonly path: string;
  /** What stands before `type` and `predicate` in errors: `params.sign.attest.` or `--`. */
  readonly where: string;
  /** The time in milliseconds, for types that have one. */
  readonly now: number;
}

/** Reads an attestation. Throws a UserError that begins with `where` for a missing setting, and as {@link readAttestation} does. */
export async function readAttestationFile({ type, path, where, now }: AttestationFile): Promise<Attestation> {
  if (type === '') {
    throw new UserError(`${where}type is missing`, {
      hint: 'set it to what is attested: spdxjson, cyclonedx, slsaprovenance1, vuln, or the URI of another type',
    });
  }
  let content: string;
  try {
    content = await readTextFile(path, maximumPredicate);
  } catch (cause) {
    throw cause instanceof UserError
      ? new UserError(`${where}predicate ${JSON.stringify(path)} cannot be read`, { cause })
      : new UserError(`${where}predicate ${JSON.stringify(path)} cannot be read: ${systemReason(cause)}`);
  }
  return readAttestation(type, content, where, now);
}
