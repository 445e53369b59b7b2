// Who is compared: the resource on both runtimes, other executables that take its requests, and other tools.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { repositoryRoot } from '../test/support/run.ts';

/** Executables named check, in and out that take the requests of a resource. */
export interface Resource {
  readonly name: string;
  readonly directory: string;
}

/** The resource as it is built here, the native executables first where there are any, and the one in `against`. */
export function resources(against: string | undefined): Resource[] {
  const found = [
    { name: 'native', directory: join(repositoryRoot, 'dist', 'native') },
    { name: 'node', directory: join(repositoryRoot, 'bin') },
    ...(against === undefined ? [] : [{ name: against, directory: against }]),
  ];
  return found.filter(({ directory }) => existsSync(join(directory, 'check')));
}

/** Whether all the programs are on the PATH. */
export function areInstalled(...programs: string[]): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return programs.every((program) => folders.some((folder) => existsSync(join(folder, program))));
}
