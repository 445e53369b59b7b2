// The executables and tools that are compared: the resource on both runtimes, another resource, and other tools.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { repositoryRoot } from '../test/support/run.ts';

/** A directory of executables check, in and out of a resource. */
export interface Resource {
  readonly name: string;
  readonly directory: string;
}

/** The resource that is built here, native and on Node, and the one in `against`; those that do not exist are left out. */
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
