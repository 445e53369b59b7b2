// Finds the real programs that some tests need, and those that are not installed.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where `npm run test:services` installs the programs that are not in Debian. */
const ownFolder = join(import.meta.dirname, '..', '..', 'dist', 'test', 'moto', 'bin');

/** A program that `npm run test:services` installs. */
export type ServiceProgram =
  | 'docker-registry'
  | 'skopeo'
  | 'umoci'
  | 'buildah'
  | 'debootstrap'
  | 'chromium'
  | 'moto_server'
  | 'notary'
  | 'notary-server';

/** A program that is used where somebody has installed it. */
export type OptionalProgram = 'cosign' | 'git' | 'crane' | 'regctl' | 'oras';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program, or undefined when it is not installed. */
export function findProgram(program: ServiceProgram | OptionalProgram): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), ownFolder]
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

/** The programs that are not installed. */
export function missingPrograms(programs: readonly ServiceProgram[]): ServiceProgram[] {
  return programs.filter((program) => findProgram(program) === undefined);
}
