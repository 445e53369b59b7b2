// Builds dist/native: the bundle and Bun in one Linux executable, with a link for each command.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'dist', 'native');
const name = 'registry-image-resource';
const bunArchitectures: Readonly<Record<string, string>> = { x64: 'x64', arm64: 'aarch64' };

/** The Bun executable of one of the optional dependencies; downloaded when it is meant for another machine. */
function bunExecutable(packageName: string): string {
  const installed = join(root, 'node_modules', packageName, 'bin', 'bun');
  return existsSync(installed) ? installed : downloadedBun(packageName);
}

/** Takes the package from the registry in the version, and with the bytes, that the lockfile states. */
function downloadedBun(packageName: string): string {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const entry: { version: string; integrity: string } | undefined =
    lock.packages[`node_modules/${packageName}`];
  if (!entry) {
    throw new Error(`package-lock.json has no ${packageName}`);
  }
  const target = join(root, 'dist', 'bun', `${packageName.replace('/', '-')}-${entry.version}`);
  const executable = join(target, 'package', 'bin', 'bun');
  if (!existsSync(executable)) {
    mkdirSync(target, { recursive: true });
    const answer = execFileSync(
      'npm',
      ['pack', `${packageName}@${entry.version}`, '--json', '--pack-destination', target],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const archive = join(target, JSON.parse(answer)[0].filename);
    const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (integrity !== entry.integrity) {
      throw new Error(
        `${packageName}@${entry.version} is ${integrity}, package-lock.json wants ${entry.integrity}`,
      );
    }
    execFileSync('tar', ['-xzf', archive, '-C', target, 'package/bin/bun']);
    rmSync(archive);
  }
  return executable;
}

const { arch } = parseArgs({ options: { arch: { type: 'string', default: process.arch } } }).values;
const bunArchitecture = bunArchitectures[arch];
const hostArchitecture = bunArchitectures[process.arch];
if (!bunArchitecture || !hostArchitecture) {
  throw new Error(`--arch is x64 or arm64, not ${arch}`);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
execFileSync(
  bunExecutable(`@oven/bun-${process.platform}-${hostArchitecture}`),
  [
    'build',
    '--compile',
    '--bytecode',
    '--format=cjs',
    // A check ends before compiled code has paid for itself; the long runs of in and out hardly notice.
    '--compile-jit-policy=30',
    `--target=bun-linux-${arch}`,
    `--compile-executable-path=${bunExecutable(`@oven/bun-linux-${bunArchitecture}`)}`,
    // The working directory holds what users fetched or built: none of it may set or run anything.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--no-compile-autoload-tsconfig',
    '--no-compile-autoload-package-json',
    `--outfile=${join(folder, name)}`,
    join(root, 'dist', `${name}.cjs`),
  ],
  { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
);
for (const command of ['check', 'in', 'out']) {
  symlinkSync(name, join(folder, command));
}
