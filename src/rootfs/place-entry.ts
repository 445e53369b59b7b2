// One entry into its directory, by type, replacing what has its name and following no link.
import { chmodSync, constants, linkSync, lstatSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { type ByteString, displayName, quoteName, type TarEntry } from '../tar/tar-entry.ts';
import { adopt, checkLength, cleanParts, resolveDirectory } from './contained-path.ts';
import { makeFifo } from './fifo.ts';
import { permissions, setOwner, setOwnTimes, setSharedOwner, timesOf } from './file-attributes.ts';
import { filePath, systemErrorCode } from './file-path.ts';
import type { KnownDirectory } from './known-directory.ts';
import { OpenFile } from './open-file.ts';
import { removeTree } from './remove-tree.ts';

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const privateFile = 0o600;
const privateDirectory = 0o700;

/** Where an entry goes, and on whose behalf. */
export interface Place {
  readonly root: KnownDirectory;
  readonly parent: KnownDirectory;
  /** The last part of the entry's name. */
  readonly base: ByteString;
  /** Whether files are given to the owners that the entries name. */
  readonly asRoot: boolean;
  /** Told what is being done. */
  readonly debug: (message: string) => void;
  /** Told what could not be done without being wrong. */
  readonly warn: (message: string) => void;
}

function pathOf({ parent, base }: Place): ByteString {
  return `${parent.path}/${base}`;
}

function remove(place: Place): void {
  place.debug('removing existing path');
  removeTree(pathOf(place));
  place.parent.forget(place.base);
}

/** Does what needs a free name, and removes what has the name when it turns out to be taken. */
function replacing<T>(place: Place, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') {
      throw error;
    }
    remove(place);
    return make();
  }
}

/** An existing directory is kept; anything else of that name is replaced. */
function makeDirectory(place: Place): KnownDirectory {
  const { parent, base, asRoot } = place;
  const known = parent.child(base);
  if (known) {
    return known;
  }
  const path = filePath(pathOf(place));
  try {
    mkdirSync(path, privateDirectory);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') {
      throw error;
    }
    const found = lstatSync(path);
    if (found.isDirectory()) {
      return adopt(parent, base, found.mode, asRoot);
    }
    remove(place);
    mkdirSync(path, privateDirectory);
  }
  return parent.addChild(base);
}

/** Gives a directory its owner, and notes what it gets once everything in it has been written. */
export function setDirectoryAttributes(directory: KnownDirectory, entry: TarEntry, asRoot: boolean): void {
  setOwner(directory.path, entry, asRoot);
  directory.attributes = { mode: permissions(entry), times: timesOf(entry) };
}

function makeSymlink(place: Place, entry: TarEntry): void {
  checkLength(entry.linkName);
  place.debug(`symlinking to ${displayName(entry.linkName)}`);
  const path = pathOf(place);
  replacing(place, () => symlinkSync(filePath(entry.linkName), filePath(path)));
  setOwner(path, entry, place.asRoot);
  setOwnTimes(path, entry);
}

/** Like any name, the target is read inside the root; if it is a link itself, the link is shared, not what it points to. */
function makeHardLink(place: Place, entry: TarEntry): void {
  const parts = cleanParts(entry.linkName);
  place.debug(`hardlinking to ${displayName(entry.linkName)}`);
  const name = parts.pop();
  const directory = resolveDirectory(place.root, parts, { create: false, asRoot: place.asRoot });
  const target = directory && name !== undefined ? `${directory.path}/${name}` : undefined;
  if (target === undefined || !lstatSync(filePath(target), { throwIfNoEntry: false })) {
    throw new UserError(`it is a hard link to ${quoteName(entry.linkName)}, which does not exist`);
  }
  const path = pathOf(place);
  replacing(place, () => linkSync(filePath(target), filePath(path)));
  setSharedOwner(path, entry, place.asRoot);
}

function placeFifo(place: Place, entry: TarEntry): void {
  const path = pathOf(place);
  removeTree(path);
  place.parent.forget(place.base);
  if (makeFifo(path)) {
    setOwner(path, entry, place.asRoot);
    chmodSync(filePath(path), permissions(entry));
    setOwnTimes(path, entry);
  } else {
    place.warn(`skipping fifo ${displayName(entry.name)}: there is no mkfifo program that could make it`);
  }
}

/**
 * Makes what the entry describes, with its owner, permissions and times. A regular file comes back open: its content
 * and attributes are still to come. Fails with a `UserError`, or with the system's error.
 */
export function placeEntry(place: Place, entry: TarEntry): OpenFile | undefined {
  switch (entry.type) {
    case 'file': {
      const path = filePath(pathOf(place));
      return new OpenFile(
        replacing(place, () => openSync(path, newFile, privateFile)),
        entry,
      );
    }
    case 'directory':
      setDirectoryAttributes(makeDirectory(place), entry, place.asRoot);
      return undefined;
    case 'symlink':
      makeSymlink(place, entry);
      return undefined;
    case 'hardlink':
      makeHardLink(place, entry);
      return undefined;
    case 'fifo':
      placeFifo(place, entry);
      return undefined;
    default:
      throw new UserError(`its entry type ${JSON.stringify(entry.typeFlag)} is not supported`);
  }
}
