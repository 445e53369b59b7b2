// Removing files and directories without following links.
import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { type ByteString, byteString, filePath } from '../tar/byte-string.ts';

const ownerMayAll = 0o700;

/** The names in a directory, without `.` and `..`. */
export function namesIn(directory: ByteString): ByteString[] {
  return readdirSync(filePath(directory), { encoding: 'latin1' });
}

/**
 * Removes a file, a symbolic link itself, or a directory with everything in it; does nothing when there is none. Read-only
 * directories of this user are made writable first. Throws the system's error.
 */
export function removePath(path: ByteString): void {
  const found = lstatSync(filePath(path), { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    if ((found.mode & ownerMayAll) !== ownerMayAll && found.uid === process.geteuid?.()) {
      chmodSync(filePath(path), ownerMayAll);
    }
    for (const name of namesIn(path)) {
      removePath(`${path}/${name}`);
    }
    rmdirSync(filePath(path));
  } else if (found) {
    unlinkSync(filePath(path));
  }
}

/** As {@link removePath}, for a path that is UTF-8. */
export function removeTree(path: string): void {
  removePath(byteString(path));
}

/** Removes everything in a directory and keeps the directory; does nothing when there is none. Throws a `UserError`. */
export function emptyTree(directory: string): void {
  const path = byteString(directory);
  try {
    if (lstatSync(directory, { throwIfNoEntry: false })) {
      for (const name of namesIn(path)) {
        removePath(`${path}/${name}`);
      }
    }
  } catch (error) {
    throw new UserError(`cannot empty ${directory}`, { cause: error });
  }
}
