// Resolving names of entries inside the root: names and links are read as if it were the root of the file system.
import { chmodSync, lstatSync, mkdirSync, readlinkSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { maximumSymlinks } from '../limits.ts';
import { type ByteString, filePath, quoteName } from '../tar/byte-string.ts';
import type { KnownDirectory } from './known-directory.ts';

const parentMode = 0o755;
const ownerMayAll = 0o700;

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

/** How a directory is resolved. */
export interface ResolveOptions {
  /** Whether this process is root. Otherwise directories that are read-only become writable until the end. */
  readonly asRoot: boolean;
}

/**
 * The real directory that `parts` lead to from the root. Symbolic links are followed inside the root: an absolute one
 * starts there, and none leads above it. A missing directory is created (0755). Throws a `UserError` when the path has a
 * file or too many links in it, or the system's error.
 */
export function ensureDirectory(
  root: KnownDirectory,
  parts: readonly ByteString[],
  { asRoot }: ResolveOptions,
): KnownDirectory {
  return resolve<never>(root, parts, {
    asRoot,
    followLink: () => true,
    onMissing(parent, name, exists) {
      if (exists) {
        throw new UserError(`${quoteName(name)} in its path is not a directory`);
      }
      return createParent(parent, name);
    },
  });
}

/**
 * The same without creating anything: `undefined` when a directory is missing or is a file. A link for which `followLink`
 * returns false counts as missing.
 */
export function findDirectory(
  root: KnownDirectory,
  parts: readonly ByteString[],
  {
    asRoot,
    followLink = () => true,
  }: ResolveOptions & {
    readonly followLink?: (parent: KnownDirectory, name: ByteString) => boolean;
  },
): KnownDirectory | undefined {
  return resolve(root, parts, { asRoot, followLink, onMissing: () => undefined });
}

interface Resolution<Stop> extends ResolveOptions {
  readonly followLink: (parent: KnownDirectory, name: ByteString) => boolean;
  /** Returns the directory to go on with, or ends the resolution. */
  readonly onMissing: (parent: KnownDirectory, name: ByteString, exists: boolean) => KnownDirectory | Stop;
}

function resolve<Stop extends undefined>(
  root: KnownDirectory,
  parts: readonly ByteString[],
  { asRoot, followLink, onMissing }: Resolution<Stop>,
): KnownDirectory | Stop {
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
      here = adopt(here, part, found.mode, asRoot);
    } else if (found?.isSymbolicLink() && followLink(here, part)) {
      links += 1;
      if (links > maximumSymlinks) {
        throw new UserError(`too many symbolic links in the path of ${quoteName(parts.join('/'))}`);
      }
      const target = readlinkSync(filePath(path), { encoding: 'latin1' });
      here = target.startsWith('/') ? root : here;
      pending.push(...target.split('/').reverse());
    } else {
      const next = onMissing(here, part, found !== undefined);
      if (next === undefined) {
        return next;
      }
      here = next;
    }
  }
  return here;
}
