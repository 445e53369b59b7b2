// Creating the file of one entry in its directory, by type: what has its name is replaced, no link is followed.
import { chmodSync, constants, lstatSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { errorCode, UserError } from '../errors.ts';
import { displayName, filePath } from '../tar/byte-string.ts';
import { checkLength } from '../tar/entry-path.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { adopt } from './contained-path.ts';
import type { ExtendedAttributes } from './extended-attributes.ts';
import { permissions, setOwner, setOwnTimes, timesOf } from './file-attributes.ts';
import { FileWriter } from './file-writer.ts';
import { createHardLink } from './hard-link.ts';
import type { KnownDirectory } from './known-directory.ts';
import { clearPlace, leaveOut, type Place, pathOf } from './place.ts';
import { removePath } from './remove-tree.ts';

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const privateFile = 0o600;
const privateDirectory = 0o700;

/** Calls `create`, again after removing what has the name when the name is taken. */
function replacing<T>(place: Place, create: () => T): T {
  try {
    return create();
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      throw error;
    }
    clearPlace(place);
    return create();
  }
}

/** An existing directory is kept; anything else of that name is replaced. */
function createDirectory(place: Place): KnownDirectory {
  const { parent, base, asRoot } = place;
  const known = parent.child(base);
  if (known) {
    return known;
  }
  const path = filePath(pathOf(place));
  try {
    mkdirSync(path, privateDirectory);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      throw error;
    }
    const found = lstatSync(path);
    if (found.isDirectory()) {
      return adopt(parent, base, found.mode, asRoot);
    }
    clearPlace(place);
    mkdirSync(path, privateDirectory);
  }
  return parent.addChild(base);
}

/** Sets owner and extended attributes of a directory, and records permissions and times that it gets when everything in it has been written. */
export function setDirectoryAttributes(
  directory: KnownDirectory,
  entry: TarEntry,
  asRoot: boolean,
  attributes: ExtendedAttributes,
): void {
  setOwner(directory.path, entry, asRoot);
  attributes.apply(directory.path, entry);
  directory.attributes = { mode: permissions(entry), times: timesOf(entry) };
}

function createSymlink(place: Place, entry: TarEntry): void {
  checkLength(entry.linkName);
  place.debug(`symlinking to ${displayName(entry.linkName)}`);
  const path = pathOf(place);
  replacing(place, () => symlinkSync(filePath(entry.linkName), filePath(path)));
  setOwner(path, entry, place.asRoot);
  setOwnTimes(path, entry);
}

function replaceByFifo(place: Place, entry: TarEntry): void {
  const path = pathOf(place);
  removePath(path);
  place.parent.forget(place.base);
  if (place.createFifo(path)) {
    setOwner(path, entry, place.asRoot);
    chmodSync(filePath(path), permissions(entry));
    setOwnTimes(path, entry);
  } else {
    place.warn(
      `skipping fifo ${displayName(entry.name)}: neither the program mkfifo nor a system call can create it`,
    );
    leaveOut(place);
  }
}

/**
 * Creates what the entry describes, with its owner, permissions and times. A regular file is returned open: its content
 * and attributes are yet to be written. Throws a `UserError`, or the system's error.
 */
export function createEntry(place: Place, entry: TarEntry): FileWriter | undefined {
  switch (entry.type) {
    case 'file': {
      const path = filePath(pathOf(place));
      return new FileWriter(
        replacing(place, () => openSync(path, newFile, privateFile)),
        entry,
      );
    }
    case 'directory':
      setDirectoryAttributes(createDirectory(place), entry, place.asRoot, place.attributes);
      return undefined;
    case 'symlink':
      createSymlink(place, entry);
      return undefined;
    case 'hardlink':
      createHardLink(place, entry);
      return undefined;
    case 'fifo':
      replaceByFifo(place, entry);
      return undefined;
    default:
      throw new UserError(`its entry type ${JSON.stringify(entry.typeFlag)} is not supported`);
  }
}
