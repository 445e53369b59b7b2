// Paths whose bytes need not be UTF-8, as the file system functions take them.
import type { ByteString } from '../tar/tar-entry.ts';

/** The path for a file system function: a string when it is ASCII, which is faster, otherwise its bytes. */
export function filePath(path: ByteString): string | Buffer {
  return /[\u0080-\u00ff]/.test(path) ? Buffer.from(path, 'latin1') : path;
}

/** The bytes of a path that is UTF-8. */
export function bytesOfPath(path: string): ByteString {
  return Buffer.from(path, 'utf8').toString('latin1');
}
