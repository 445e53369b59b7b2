// Owner, permissions and times, set so that neither the umask nor the order of writing shows.
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
import { UserError } from '../errors.ts';
import type { ByteString, TarEntry, TarTime } from '../tar/tar-entry.ts';
import { filePath, systemErrorCode } from './file-path.ts';
import type { KnownDirectory } from './known-directory.ts';

/** Seconds from the epoch beyond which no file system goes. */
const furthest = 2 ** 47;

/** The permission bits of an entry, set-user-id, set-group-id and sticky included. */
export function permissions(entry: TarEntry): number {
  return entry.mode & 0o7777;
}

/** A user or group id as the kernel sees it: its low 32 bits. */
function kernelId(id: number): number {
  return id >>> 0;
}

/**
 * A time for the file system functions, which take seconds as a floating point number: right to the microsecond in
 * which the time lies. Numbers before the epoch must be given as text.
 */
export function fileTime(time: TarTime): number | string {
  const seconds = Math.max(-furthest, Math.min(furthest, time.seconds));
  const value = seconds + time.nanoseconds / 1e9;
  if (value < 0) {
    return String(value);
  }
  const microsecond = time.nanoseconds - (time.nanoseconds % 1000);
  const off = Math.floor((value - seconds) * 1e9) - microsecond;
  const step = 2 ** (Math.floor(Math.log2(Math.max(1, seconds))) - 52);
  return off < 0 ? value + step : off >= 1000 ? value - step : value;
}

/** The times that an entry's file gets. It was never read before it was written, as upstream has it. */
export function timesOf(entry: TarEntry): { accessed: TarTime; modified: TarTime } {
  const { accessed, modified } = entry;
  const later =
    accessed !== undefined &&
    (accessed.seconds - modified.seconds || accessed.nanoseconds - modified.nanoseconds) > 0;
  return { accessed: later ? accessed : modified, modified };
}

/** Does a change of owner. That fails with EINVAL for ids that the user namespace of this process does not have. */
function giveAway({ userId, groupId }: TarEntry, change: (user: number, group: number) => void): void {
  try {
    change(kernelId(userId), kernelId(groupId));
  } catch (cause) {
    if (systemErrorCode(cause) !== 'EINVAL') {
      throw cause;
    }
    throw new UserError(`it belongs to user ${userId} and group ${groupId}, which do not exist here`, {
      cause,
      hint: 'this container has a user namespace without these ids: give it a larger range',
    });
  }
}

/** Owner, then permissions (a change of owner clears set-user-id), then times of an open file. */
export function setFileAttributes(file: number, entry: TarEntry, asRoot: boolean): void {
  if (asRoot) {
    giveAway(entry, (user, group) => fchownSync(file, user, group));
  }
  fchmodSync(file, permissions(entry));
  const { accessed, modified } = timesOf(entry);
  futimesSync(file, fileTime(accessed), fileTime(modified));
}

/** The owner of whatever `path` is, a link itself included; only root may give files away. */
export function setOwner(path: ByteString, entry: TarEntry, asRoot: boolean): void {
  if (asRoot) {
    giveAway(entry, (user, group) => lchownSync(filePath(path), user, group));
  }
}

/** The times of whatever `path` is, a link itself included. */
export function setOwnTimes(path: ByteString, entry: TarEntry): void {
  const { accessed, modified } = timesOf(entry);
  lutimesSync(filePath(path), fileTime(accessed), fileTime(modified));
}

/** The owner that a hard link's entry gives to the file it shares; the file's permissions outlive that. */
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

/** Permissions and times of a directory and all below it, innermost first: writing into one would change its time. */
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
