// Runs programs in a user namespace with the ids that Concourse maps, and with their own root directory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { ProgramOptions, ProgramResult } from '../support/child-process.ts';
import { runProgram } from '../support/child-process.ts';

/** A user namespace that exists until it is disposed of. */
export interface UserNamespace extends AsyncDisposable {
  /** Runs a program as root of the namespace; `mounts` maps paths for the program to directories of this machine. */
  run(
    root: string,
    mounts: Readonly<Record<string, string>>,
    command: readonly string[],
    options: ProgramOptions & { readonly workingDirectory: string },
  ): Promise<ProgramResult>;
}

/** The greatest id in this namespace, computed as by Concourse's worker: the outer id of its containers' root. */
export function greatestId(kind: 'uid' | 'gid'): number {
  const ranges = readFileSync(`/proc/self/${kind}_map`, 'utf8').trim().split('\n');
  return Math.max(
    ...ranges.map((line) => {
      const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return inside + count - 1;
    }),
  );
}

/** The mapped ids: `all`, with root as the greatest outer id and others as themselves, or `root` only. */
export type MappedIds = 'all' | 'root';

function idMap(kind: 'uid' | 'gid', ids: MappedIds): string {
  const greatest = greatestId(kind);
  return ids === 'root' ? `0 ${greatest} 1\n` : `0 ${greatest} 1\n1 1 ${greatest - 1}\n`;
}

/** Creates a user namespace; needs root. */
export async function createUserNamespace(ids: MappedIds): Promise<UserNamespace> {
  const holder = spawn('unshare', ['--user', 'sh', '-c', 'echo ready && exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  await once(holder.stdout, 'data');
  for (const kind of ['uid', 'gid'] as const) {
    writeFileSync(`/proc/${holder.pid}/${kind}_map`, idMap(kind, ids));
  }
  return {
    run: (root, mounts, command, { workingDirectory, ...options }) => {
      const script = [
        'set -e',
        ...Object.entries(mounts).map(
          ([place, directory]) => `mount --rbind '${directory}' '${root}${place}'`,
        ),
        `exec unshare --root='${root}' --wd='${workingDirectory}' "$@"`,
      ].join('\n');
      const namespace = ['--user', `--target=${holder.pid}`, '--setuid=0', '--setgid=0'];
      return runProgram(
        'nsenter',
        [...namespace, 'unshare', '--mount', 'sh', '-c', script, 'sh', ...command],
        options,
      );
    },
    [Symbol.asyncDispose]: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}
