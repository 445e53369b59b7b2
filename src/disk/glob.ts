// Finding the image of a put by a pattern of paths, as Go's filepath.Glob does.
import { isUtf8 } from 'node:buffer';
import { lstat, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, UserError } from '../errors.ts';
import { refuseLinkOutside } from './artifact-link.ts';
import { joinPaths } from './clean-path.ts';
import { checkPattern, compileComponent, hasMeta } from './glob-pattern.ts';

const listedMatches = 10;

/**
 * The path of the one file or directory that matches `image`, a pattern below the source directory. It may leave the
 * directory by `..` but not by a link; an empty one is the directory itself; metacharacters in the directory's own path
 * count too. No match, several matches, and a malformed pattern are a {@link UserError}.
 */
export async function findImage(sourceDirectory: string, image: string): Promise<string> {
  const pattern = joinPaths(sourceDirectory, image);
  const failures: UserError[] = [];
  const found = await glob(pattern, failures);
  const [match] = found;
  if (match === undefined) {
    const hint = `check "image" in the params: it was looked for as ${pattern}${await nearby(pattern, failures)}`;
    throw new UserError(`no files match glob '${image}'`, { hint, cause: failures[0] });
  }
  if (found.length > 1) {
    throw new UserError(`too many files/directories match glob '${image}': ${listText(found)}`, {
      hint: 'make "image" in the params match exactly one of them',
    });
  }
  if (!isUtf8(match)) {
    throw new UserError(`the only match of glob '${image}' is ${match}, a path that is not UTF-8`);
  }
  const path = match.toString();
  await refuseLinkOutside(sourceDirectory, path);
  return path;
}

/**
 * The paths that match a cleaned pattern, as bytes because file names need not be UTF-8: directory by directory, each in
 * byte order. A directory that cannot be read has no matches, as in Go, and is added to `failures`. A malformed pattern is
 * always a {@link UserError}.
 */
export async function glob(pattern: string, failures: UserError[] = []): Promise<Buffer[]> {
  checkPattern(pattern);
  return expand(pattern, failures);
}

/** The content of the deepest existing directory of a pattern: the name may only be misspelled. */
async function nearby(pattern: string, failures: UserError[]): Promise<string> {
  let directory = dirname(pattern);
  while (hasMeta(directory) || !(await exists(Buffer.from(directory), failures))) {
    directory = dirname(directory);
  }
  const names = await sortedNames(Buffer.from(directory), failures);
  if (failures.length > 0) {
    return '';
  }
  return names.length === 0 ? `; ${directory} is empty` : `; in ${directory} there is: ${listText(names)}`;
}

function listText(names: readonly Buffer[]): string {
  const shown = names.slice(0, listedMatches).map((name) => name.toString());
  const rest = names.length > listedMatches ? `, and ${names.length - listedMatches} more` : '';
  return `${shown.join(', ')}${rest}`;
}

async function expand(pattern: string, failures: UserError[]): Promise<Buffer[]> {
  if (!hasMeta(pattern)) {
    const path = Buffer.from(pattern);
    return (await exists(path, failures)) ? [path] : [];
  }
  const slash = pattern.lastIndexOf('/');
  const parent = slash === 0 ? '/' : slash < 0 ? '.' : pattern.slice(0, slash);
  const matches = compileComponent(pattern.slice(slash + 1));
  const directories = hasMeta(parent) ? await expand(parent, failures) : [Buffer.from(parent)];
  const found: Buffer[] = [];
  for (const directory of directories) {
    for (const name of await sortedNames(directory, failures)) {
      if (matches(name.toString())) {
        found.push(pathBelow(directory, name));
      }
    }
  }
  return found;
}

async function exists(path: Buffer, failures: UserError[]): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (cause: unknown) => {
      addFailure(failures, path, cause);
      return false;
    },
  );
}

async function sortedNames(directory: Buffer, failures: UserError[]): Promise<Buffer[]> {
  const names = await readdir(directory, { encoding: 'buffer' }).catch((cause: unknown) => {
    addFailure(failures, directory, cause);
    return [];
  });
  return names.sort(Buffer.compare);
}

/** What is missing, or no directory, is no failure: there is nothing to be found in it. */
function addFailure(failures: UserError[], path: Buffer, cause: unknown): void {
  if (!['ENOENT', 'ENOTDIR'].includes(errorCode(cause))) {
    failures.push(new UserError(`${path} cannot be read`, { cause }));
  }
}

function pathBelow(directory: Buffer, name: Buffer): Buffer {
  const text = directory.toString('latin1');
  return text === '.' ? name : Buffer.concat([directory, Buffer.from(text === '/' ? '' : '/'), name]);
}
