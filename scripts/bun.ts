// Finds the Bun executable for an architecture: an optional dependency, downloaded for other machines.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { architectureNamed } from './architecture.ts';
import { repositoryRoot, runProgram } from './run-script.ts';

/** The path of the Bun executable that runs on this machine. */
export function hostBun(): string {
  return bunExecutable(`@oven/bun-${process.platform}-${architectureNamed().bun}`);
}

/** The path of the Bun executable in a package such as `@oven/bun-linux-x64`; downloads the package if it is missing. */
export function bunExecutable(packageName: string): string {
  const installed = join(repositoryRoot, 'node_modules', packageName, 'bin', 'bun');
  return existsSync(installed) ? installed : downloadedBun(packageName);
}

/** Downloads the version in the lockfile and compares its bytes with the integrity there. */
function downloadedBun(packageName: string): string {
  const lock = JSON.parse(readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8'));
  const entry: { version: string; integrity: string } | undefined =
    lock.packages[`node_modules/${packageName}`];
  if (!entry) {
    throw new Error(`package-lock.json has no package ${packageName}`);
  }
  const { version, integrity } = entry;
  const directory = join(repositoryRoot, 'dist', 'bun', `${packageName.replace('/', '-')}-${version}`);
  const executable = join(directory, 'package', 'bin', 'bun');
  if (!existsSync(executable)) {
    mkdirSync(directory, { recursive: true });
    const packed = runProgram('npm', [
      'pack',
      `${packageName}@${version}`,
      '--json',
      '--pack-destination',
      directory,
    ]);
    const archive = join(directory, JSON.parse(packed)[0].filename);
    const downloaded = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (downloaded !== integrity) {
      throw new Error(
        `the integrity of ${packageName}@${version} is ${downloaded}, but package-lock.json has ${integrity}`,
      );
    }
    runProgram('tar', ['-xzf', archive, '-C', directory, 'package/bin/bun']);
    rmSync(archive);
  }
  return executable;
}
