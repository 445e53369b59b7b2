// Which commit of git a file lies in, read from the files of its checkout: git itself need not be installed.
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** A place in a checkout. */
export interface CommittedFile {
  /** The path of the file below the top of the checkout, with `/` between its parts. */
  readonly path: string;
  /** The commit that is checked out. Whether the file was changed since is not known. */
  readonly commit: string;
}

/** How many symbolic refs are followed. Git itself has a HEAD that names a branch. */
const maximumRefs = 5;

/** The place of a file in its checkout; undefined where there is none, and where its commit cannot be read. Never throws. */
export async function committedFile(file: string): Promise<CommittedFile | undefined> {
  const path = resolve(file);
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const gitFolder = await gitFolderOf(folder);
    if (gitFolder !== undefined) {
      const commit = await headOf(gitFolder);
      return commit === undefined ? undefined : { path: relative(folder, path).replaceAll(sep, '/'), commit };
    }
    if (folder === dirname(folder)) {
      return undefined;
    }
  }
}

/** The folder with HEAD: `.git`, or the one that a file of this name points to, in a submodule or another worktree. */
async function gitFolderOf(folder: string): Promise<string | undefined> {
  const git = join(folder, '.git');
  if ((await textOf(join(git, 'HEAD'))) !== undefined) {
    return git;
  }
  const [, named] = /^gitdir: (.+)$/m.exec((await textOf(git)) ?? '') ?? [];
  return named === undefined ? undefined : resolve(folder, named.trim());
}

async function headOf(gitFolder: string): Promise<string | undefined> {
  // Worktrees have a HEAD of their own, and their branches in common.
  const common = resolve(gitFolder, ((await textOf(join(gitFolder, 'commondir'))) ?? '.').trim());
  let value = await textOf(join(gitFolder, 'HEAD'));
  for (let followed = 0; followed < maximumRefs; followed++) {
    const [, ref] = /^ref: (refs\/\S+)\s*$/.exec(value ?? '') ?? [];
    if (ref === undefined) {
      return /^([\da-f]{40}|[\da-f]{64})\s*$/.exec(value ?? '')?.[1];
    }
    if (ref.split('/').includes('..')) {
      return undefined;
    }
    value =
      (await textOf(join(gitFolder, ref))) ??
      (await textOf(join(common, ref))) ??
      (await packedRef(common, ref));
  }
  return undefined;
}

async function packedRef(common: string, ref: string): Promise<string | undefined> {
  const lines = ((await textOf(join(common, 'packed-refs'))) ?? '').split('\n');
  return lines.find((line) => line.endsWith(` ${ref}`))?.split(' ', 1)[0];
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // It is not there, it is a folder, or this user may not read it.
    return undefined;
  }
}
