// The real programs that some tests work against, and which of them are installed.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that `npm run test:services` installs. */
export type ServiceProgram = 'docker-registry' | 'skopeo' | 'umoci' | 'buildah' | 'debootstrap';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program, or undefined when it is not installed. */
export function findProgram(program: ServiceProgram): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

/** Those of the programs that are not installed. */
export function missingPrograms(programs: readonly ServiceProgram[]): ServiceProgram[] {
  return programs.filter((program) => findProgram(program) === undefined);
}
