// Runs a build script and the programs that it needs: an error is one line, and output is shown only after a failure.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The root of the repository. */
export const repositoryRoot: string = join(import.meta.dirname, '..');

/** Runs the body of a script. An error is reported as one line on stderr, and the process ends with status 1. */
export async function runScript(name: string, body: () => void | Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}

/**
 * Runs a program in the root of the repository and returns its standard output. After a failure its whole output is
 * written to stderr, and an error is thrown.
 */
export function runProgram(
  program: string,
  programArguments: readonly string[],
  workingDirectory: string = repositoryRoot,
): string {
  const { error, status, signal, stdout, stderr } = spawnSync(program, programArguments, {
    cwd: workingDirectory,
    encoding: 'utf8',
    maxBuffer: Number.POSITIVE_INFINITY,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) {
    throw new Error(`cannot run ${program}: ${error.message}`);
  }
  if (status !== 0) {
    process.stderr.write(stdout + stderr);
    throw new Error(`${program} ${programArguments[0]} failed with ${signal ?? `status ${status}`}`);
  }
  return stdout;
}
