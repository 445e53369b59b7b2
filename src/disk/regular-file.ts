// Files that other programs left on the disk: only regular ones are read, neither links nor FIFOs nor devices.
import { constants, type Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { errorCode, UserError } from '../errors.ts';
import { readWholeRange } from './file-range.ts';

// A FIFO must not block the open, and a link that has replaced the file since it was checked is not followed.
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The facts of a file or directory of a layout; undefined when there is none. A link, and anything else than `kind`, is a
 * {@link UserError}.
 */
export async function statOfKind(path: string, kind: 'file' | 'directory'): Promise<Stats | undefined> {
  const info = await lstat(path).catch((error) => {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  if (info) {
    requireKind(path, info, kind);
  }
  return info;
}

/** The content of a small file; undefined when there is none. A large one, and no regular file, is a {@link UserError}. */
export async function readSmallFile(path: string): Promise<Uint8Array | undefined> {
  if (!(await statOfKind(path, 'file'))) {
    return undefined;
  }
  const file = await open(path, readOnly);
  try {
    const info = await file.stat();
    requireKind(path, info, 'file');
    return await readWholeRange(file, { offset: 0, size: info.size }, path);
  } finally {
    await file.close();
  }
}

function requireKind(path: string, info: Stats, kind: 'file' | 'directory'): void {
  if (info.isSymbolicLink()) {
    throw new UserError(`${path} is a symbolic link`, {
      hint: 'a layout may not have links in it: copy it with "cp -RL", which copies what they lead to',
    });
  }
  if (kind === 'file' ? !info.isFile() : !info.isDirectory()) {
    throw new UserError(`${path} is not a ${kind === 'file' ? 'regular file' : 'directory'}`);
  }
}
