// Setting owner, permissions and times of files, independent of the umask and of the order of writing.
import {
  chmodSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  utimesSync,
} from 'node:fs';
import { errorCode, UserError } from '../errors.ts';
import { type ByteString, filePath } from '../tar/byte-string.ts';
import type { TarEntry, TarTime } from '../tar/tar-entry.ts';
import type { ExtendedAttributes } from './extended-attributes.ts';
import type { KnownDirectory } from './known-directory.ts';

/** Seconds from the epoch: no file system stores a time beyond. */
const furthestTime = 2 ** 47;

/** The permission bits of an entry, set-user-id, set-group-id and sticky included. */
export function permissions(entry: TarEntry): number {
  return entry.mode & 0o7777;
}

/** A user or group id as the kernel sees it: its low 32 bits. */
function kernelId(id: number): number {
  return id >>> 0;
}

/**
 * A time for the file system functions, which take seconds as a floating point number: exact to the microsecond. A time
 * before the epoch must be a string, because negative numbers mean now.
 */
export function fileTime(time: TarTime): number | string {
  const seconds = Math.max(-furthestTime, Math.min(furthestTime, time.seconds));
  const value = seconds + time.nanoseconds / 1e9;
  if (value < 0) {
    return String(value);
  }
  const microsecond = time.nanoseconds - (time.nanoseconds % 1000);
  const off = Math.floor((value - seconds) * 1e9) - microsecond;
  const step = 2 ** (Math.floor(Math.log2(Math.max(1, seconds))) - 52);
  return off < 0 ? value + step : off >= 1000 ? value - step : value;
}

/** The times of an entry's file. The access time is never before the modification time, as in upstream. */
export function timesOf(entry: TarEntry): { accessed: TarTime; modified: TarTime } {
  const { accessed, modified } = entry;
  const later =
    accessed !== undefined &&
    (accessed.seconds - modified.seconds || accessed.nanoseconds - modified.nanoseconds) > 0;
  return { accessed: later ? accessed : modified, modified };
}

/** Changes an owner. The system refuses ids that the user namespace of this process does not map (EINVAL). */
function changeOwner({ userId, groupId }: TarEntry, change: (user: number, group: number) => void): void {
  try {
    change(kernelId(userId), kernelId(groupId));
  } catch (cause) {
    if (errorCode(cause) !== 'EINVAL') {
      throw cause;
    }
    throw new UserError(`it belongs to user ${userId} and group ${groupId}, which do not exist here`, {
      cause,
      hint: 'the user namespace of this container does not map these ids: configure a larger range',
    });
  }
}

/**
 * Sets owner, extended attributes, permissions and times of an open file, in this order: a change of owner clears
 * set-user-id and capabilities, and a file that is read-only takes no attributes from its owner.
 */
export function setFileAttributes(
  file: number,
  entry: TarEntry,
  asRoot: boolean,
  attributes: ExtendedAttributes,
): void {
  if (asRoot) {
    changeOwner(entry, (user, group) => fchownSync(file, user, group));
  }
  attributes.apply(file, entry);
  fchmodSync(file, permissions(entry));
  const { accessed, modified } = timesOf(entry);
  futimesSync(file, fileTime(accessed), fileTime(modified));
}

/** Sets the owner of a file, of a symbolic link itself too. Only root can do that: otherwise nothing happens. */
export function setOwner(path: ByteString, entry: TarEntry, asRoot: boolean): void {
  if (asRoot) {
    changeOwner(entry, (user, group) => lchownSync(filePath(path), user, group));
  }
}

/** Sets the times of a file, of a symbolic link itself too. */
export function setOwnTimes(path: ByteString, entry: TarEntry): void {
  const { accessed, modified } = timesOf(entry);
  lutimesSync(filePath(path), fileTime(accessed), fileTime(modified));
}

/** Sets the owner of a shared file as its hard link's entry has it, and restores the permissions. */
export function setSharedOwner(path: ByteString, entry: TarEntry, asRoot: boolean): void {
  if (!asRoot) {
    return;
  }
  const found = lstatSync(filePath(path));
  if (found.uid !== kernelId(entry.userId) || found.gid !== kernelId(entry.groupId)) {
    setOwner(path, entry, asRoot);
    if (!found.isSymbolicLink()) {
      chmodSync(filePath(path), found.mode & 0o7777);
    }
  }
}

/** Sets permissions and times of a directory and all below it, the innermost first: writing into one changes its time. */
export function finishDirectory(directory: KnownDirectory): void {
  for (const child of directory.children) {
    finishDirectory(child);
  }
  if (directory.attributes) {
    const { mode, times } = directory.attributes;
    chmodSync(filePath(directory.path), mode);
    if (times) {
      utimesSync(filePath(directory.path), fileTime(times.accessed), fileTime(times.modified));
    }
  }
}
