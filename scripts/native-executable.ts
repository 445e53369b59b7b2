// Compiles the bundles and Bun to one Linux executable with a link for each command.
import { lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Architecture, architectureNamed } from './architecture.ts';
import { bunExecutable, hostBun } from './bun.ts';
import { repositoryRoot, runProgram } from './run-script.ts';

const dist = join(repositoryRoot, 'dist');
const name = 'registry-image-resource';

/**
 * Builds `dist/native-<architecture>` from the bundles in `dist`. `dist/native` is a link to the directory for this
 * machine.
 */
export function buildNativeExecutable(architecture: Architecture): void {
  const host = architectureNamed();
  const directoryName = `native-${architecture.image}`;
  const directory = join(dist, directoryName);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  runProgram(
    hostBun(),
    [
      'build',
      '--compile',
      '--bytecode',
      '--format=cjs',
      // The image has to stay small. Names stay for stack traces.
      '--minify-whitespace',
      // A small command ends before compiled code has paid for itself: see src/compilation.ts.
      '--compile-jit-policy=30',
      `--target=bun-linux-${architecture.node}`,
      `--compile-executable-path=${bunExecutable(`@oven/bun-linux-${architecture.bun}`)}`,
      // The working directory contains files of users: none of them may configure the executable or run in it.
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      '--no-compile-autoload-tsconfig',
      '--no-compile-autoload-package-json',
      `--outfile=${join(directory, name)}`,
      join(dist, `${name}.cjs`),
    ],
    directory,
  );
  for (const command of ['check', 'in', 'out', 'registry-image']) {
    symlinkSync(name, join(directory, command));
  }
  if (architecture === host) {
    linkTo(directoryName, join(dist, 'native'));
  }
}

function linkTo(target: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) {
    rmSync(path, { recursive: true });
  }
  symlinkSync(target, path);
}
