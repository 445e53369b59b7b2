// Hard links: the target is resolved inside the root, and looked at before anything is removed.
import { linkSync, lstatSync } from 'node:fs';
import { errorCode, UserError } from '../errors.ts';
import { type ByteString, displayName, filePath, quoteName } from '../tar/byte-string.ts';
import { cleanParts } from '../tar/entry-path.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { findDirectory } from './contained-path.ts';
import { setSharedOwner } from './file-attributes.ts';
import { clearPlace, leaveOut, type Place, pathOf } from './place.ts';

/**
 * Links the entry to the file that it names. A symbolic link is shared itself, not its target; a file is not linked to
 * itself; a link to an entry that was left out is left out. Throws a `UserError` or the system's error.
 */
export function createHardLink(place: Place, entry: TarEntry): void {
  const parts = cleanParts(entry.linkName);
  place.debug(`hardlinking to ${displayName(entry.linkName)}`);
  const name = parts.at(-1);
  const directory = findDirectory(place.root, parts.slice(0, -1), place);
  const target = directory && name !== undefined ? `${directory.path}/${name}` : undefined;
  if (target === undefined || !lstatSync(filePath(target), { throwIfNoEntry: false })) {
    if (place.leftOut.has(parts, target)) {
      place.debug('skipping hard link to what was left out');
      leaveOut(place);
      return;
    }
    throw new UserError(`it is a hard link to ${quoteName(entry.linkName)}, which does not exist`, {
      code: 'LINK_TARGET_MISSING',
    });
  }
  linkTo(target, place, entry);
  setSharedOwner(pathOf(place), entry, place.asRoot);
}

function linkTo(target: ByteString, place: Place, entry: TarEntry): void {
  const path = pathOf(place);
  try {
    linkSync(filePath(target), filePath(path));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      throw error;
    }
    if (isSameFile(target, path)) {
      return;
    }
    if (target.startsWith(`${path}/`)) {
      throw new UserError(`it is a hard link to ${quoteName(entry.linkName)}, which it would replace`);
    }
    clearPlace(place);
    linkSync(filePath(target), filePath(path));
  }
}

function isSameFile(one: ByteString, other: ByteString): boolean {
  const [a, b] = [one, other].map((path) => lstatSync(filePath(path), { bigint: true }));
  return a?.dev === b?.dev && a?.ino === b?.ino;
}
