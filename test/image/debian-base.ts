// Builds a Debian root file system on this machine, as a replacement for the official base image.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../support/run.ts';
import { outputOf } from './program.ts';

/** The code name of this machine's release, which its apt has a mirror of. */
function installedRelease(): string {
  const name = /^VERSION_CODENAME=(.+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (name === undefined) {
    throw new Error('/etc/os-release has no VERSION_CODENAME');
  }
  return name;
}

async function mirrorOf(release: string): Promise<string> {
  const format = '$(CODENAME) $(COMPONENT) $(REPO_URI)';
  const targets = await outputOf('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const mirror = targets
    .split('\n')
    .map((line) => line.split(' '))
    .find(([name, component]) => name === release && component === 'main');
  if (mirror?.[2] === undefined) {
    throw new Error(`apt has no mirror of ${release}`);
  }
  return mirror[2];
}

/** A processor architecture by its name in Debian and in images. */
export type Architecture = 'amd64' | 'arm64';

/**
 * The path of a tar with the files of a minimal Debian, unpacked but not configured: nothing in it is run. It takes
 * half a minute the first time and is then cached in dist.
 */
export async function debianBase(architecture: Architecture): Promise<string> {
  const release = installedRelease();
  const folder = join(repositoryRoot, 'dist', 'test');
  const archive = join(folder, `${release}-${architecture}.tar`);
  if (existsSync(archive)) {
    return archive;
  }
  const workspace = await mkdtemp(join(tmpdir(), 'debian-base-'));
  try {
    const tree = join(workspace, 'tree');
    const unfinished = join(workspace, 'base.tar');
    const settings = ['--foreign', '--variant=minbase', `--arch=${architecture}`];
    await outputOf('debootstrap', [...settings, release, tree, await mirrorOf(release)]);
    await outputOf('tar', [
      '-cf',
      unfinished,
      '--exclude=./var/cache',
      '--exclude=./debootstrap',
      '-C',
      tree,
      '.',
    ]);
    await mkdir(folder, { recursive: true });
    await outputOf('mv', [unfinished, `${archive}.new`]);
    await rename(`${archive}.new`, archive);
    return archive;
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}
