// The commands that are compared: the resource on both runtimes, upstream's, and shell commands of other tools.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type ExecutableName, repositoryRoot } from '../test/support/run.ts';
import type { Contender } from './case.ts';
import type { Counts } from './results.ts';

/** A directory of executables check, in and out of a resource. */
export interface Resource {
  readonly name: 'native' | 'Node' | 'upstream';
  readonly directory: string;
}

/** The resource that is built here, native and on Node, and upstream's in the directory; those that do not exist are left out. */
export function resources(upstream: string | undefined): Resource[] {
  const all: readonly Resource[] = [
    { name: 'native', directory: join(repositoryRoot, 'dist', 'native') },
    { name: 'Node', directory: join(repositoryRoot, 'bin') },
    ...(upstream === undefined ? [] : [{ name: 'upstream', directory: upstream } as const]),
  ];
  return all.filter(({ directory }) => existsSync(join(directory, 'check')));
}

/** An executable registry-image that is built here. */
export interface OwnExecutable {
  readonly name: 'native' | 'Node';
  readonly path: string;
}

/** registry-image, native and on Node, as far as they are built. */
export function ownExecutables(): OwnExecutable[] {
  const all: readonly OwnExecutable[] = [
    { name: 'native', path: join(repositoryRoot, 'dist', 'native', 'registry-image') },
    { name: 'Node', path: join(repositoryRoot, 'bin', 'registry-image') },
  ];
  return all.filter(({ path }) => existsSync(path));
}

/** Whether all the programs are on the PATH. */
export function areInstalled(...programs: string[]): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return programs.every((program) => folders.some((folder) => existsSync(join(folder, program))));
}

/** What is done around the runs of a command. */
export interface Around {
  /** Restores the state before a run. */
  before?(): Promise<void>;
}

/** An executable of the resource with a request on standard input; `directory` is that of the benchmark. */
export function resourceContender(
  directory: string,
  resource: Resource,
  executable: ExecutableName,
  request: (run: number) => unknown,
  options: Around & {
    readonly name?: string;
    readonly argument?: string;
    readonly environment?: Readonly<Record<string, string>>;
    count?(): Promise<Counts>;
  } = {},
): Contender {
  const { name = resource.name, argument, environment, before, count } = options;
  return {
    name,
    async prepare(run) {
      await before?.();
      const input = join(directory, 'request.json');
      await writeFile(input, JSON.stringify(request(run)));
      const command = [join(resource.directory, executable), ...(argument === undefined ? [] : [argument])];
      return { command, input, environment: { TMPDIR: directory, ...environment } };
    },
    ...(count ? { count } : {}),
  };
}

/** A shell command, with a home directory of its own. */
export function toolContender(
  directory: string,
  name: string,
  script: string | ((run: number) => string),
  { before }: Around = {},
): Contender {
  return {
    name,
    async prepare(run) {
      await before?.();
      const environment = {
        PATH: process.env.PATH ?? '',
        HOME: directory,
        TMPDIR: directory,
        // As root, skopeo would keep its record of what it pushed outside of HOME.
        _CONTAINERS_ROOTLESS_UID: '1',
      };
      const text = typeof script === 'string' ? script : script(run);
      return { command: ['/bin/sh', '-c', text], input: '/dev/null', environment };
    },
  };
}

/** The shell commands whose programs are installed. */
export function installedTools(
  directory: string,
  tools: readonly {
    readonly name: string;
    readonly needs: readonly string[];
    readonly script: string | ((run: number) => string);
  }[],
  around: Around = {},
): Contender[] {
  return tools
    .filter(({ needs }) => areInstalled(...needs))
    .map(({ name, script }) => toolContender(directory, name, script, around));
}
