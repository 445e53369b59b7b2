// Resolving names of entries inside the root: names and links are read as if it were the root of the file system.
import { chmodSync, lstatSync, mkdirSync, readlinkSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { maximumPath, maximumSymlinks } from '../limits.ts';
import { type ByteString, filePath, quoteName } from '../tar/byte-string.ts';
import type { KnownDirectory } from './known-directory.ts';

const parentMode = 0o755;
const ownerMayAll = 0o700;

/** Throws a `UserError` when a name or the target of a link is longer than a path may be. */
export function checkLength(name: ByteString): void {
  if (name.length >= maximumPath) {
    throw new UserError(`${quoteName(name)} is too long: ${name.length} bytes`);
  }
}

/**
 * The parts of an entry's or hard link's name without a leading `/`, empty parts and `.`; `..` removes the part before
 * it. Throws a `UserError` when a name leads above the root or is too long. The root itself has no parts.
 */
export function cleanParts(name: ByteString): ByteString[] {
  checkLength(name);
  const parts: ByteString[] = [];
  for (const part of name.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) {
        throw new UserError(`${quoteName(name)} leads out of the image's root directory`);
      }
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return parts;
}

function createParent(parent: KnownDirectory, name: ByteString): KnownDirectory {
  const path = filePath(`${parent.path}/${name}`);
  mkdirSync(path, parentMode);
  chmodSync(path, parentMode);
  return parent.addChild(name);
}

/** Records an existing directory. One that its owner may not write to becomes writable until the end. */
export function adopt(
  parent: KnownDirectory,
  name: ByteString,
  mode: number,
  asRoot: boolean,
): KnownDirectory {
  const directory = parent.addChild(name);
  if (!asRoot && (mode & ownerMayAll) !== ownerMayAll) {
    chmodSync(filePath(directory.path), mode | ownerMayAll);
    directory.attributes = { mode: mode & 0o7777, times: undefined };
  }
  return directory;
}

/**
 * The real directory that `parts` lead to from the root. Symbolic links are followed inside the root: an absolute one
 * starts there, and none leads above it. With `create` a missing directory is created (0755); without, the result is
 * `undefined` when one is missing or is not a directory. Throws a `UserError` or the system's error.
 */
export function resolveDirectory(
  root: KnownDirectory,
  parts: readonly ByteString[],
  options: { create: true; asRoot: boolean },
): KnownDirectory;
export function resolveDirectory(
  root: KnownDirectory,
  parts: readonly ByteString[],
  options: { create: false; asRoot: boolean },
): KnownDirectory | undefined;
export function resolveDirectory(
  root: KnownDirectory,
  parts: readonly ByteString[],
  options: { create: boolean; asRoot: boolean },
): KnownDirectory | undefined {
  const pending = parts.toReversed();
  let here = root;
  let links = 0;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === '' || part === '.') {
      continue;
    }
    const known = part === '..' ? here.parent : here.child(part);
    if (known) {
      here = known;
      continue;
    }
    const path = `${here.path}/${part}`;
    const found = lstatSync(filePath(path), { throwIfNoEntry: false });
    if (found?.isDirectory()) {
      here = adopt(here, part, found.mode, options.asRoot);
    } else if (found?.isSymbolicLink()) {
      links += 1;
      if (links > maximumSymlinks) {
        throw new UserError(`too many symbolic links in the path of ${quoteName(parts.join('/'))}`);
      }
      const target = readlinkSync(filePath(path), { encoding: 'latin1' });
      here = target.startsWith('/') ? root : here;
      pending.push(...target.split('/').reverse());
    } else if (!options.create) {
      return undefined;
    } else if (found) {
      throw new UserError(`${quoteName(part)} in its path is not a directory`);
    } else {
      here = createParent(here, part);
    }
  }
  return here;
}
