// How names that are bytes reach the file system.
import type { ByteString } from '../tar/tar-entry.ts';

/** The path as the file system functions take it: ASCII as text (the fast way), anything else as its bytes. */
export function filePath(path: ByteString): string | Buffer {
  return /[\u0080-\u00ff]/.test(path) ? Buffer.from(path, 'latin1') : path;
}

/** The bytes of a path given as text. */
export function bytesOfPath(path: string): ByteString {
  return Buffer.from(path, 'utf8').toString('latin1');
}

/** The `code` of a failed system call, such as `EEXIST`. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
