// Creating a fifo, for which the runtime has no call.
import { isUtf8 } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ByteString } from '../tar/byte-string.ts';

/** Where the program is on Linux and macOS. PATH may be empty, so the name alone is not enough. */
const programs = ['/usr/bin/mkfifo', '/bin/mkfifo'];

/**
 * Creates a fifo with the `mkfifo` program. Returns `false` when there is no such program, or when the path is not UTF-8
 * and so cannot be an argument. Throws when the program fails.
 */
export function createFifo(path: ByteString): boolean {
  const program = programs.find((candidate) => existsSync(candidate));
  const bytes = Buffer.from(path, 'latin1');
  if (program === undefined || !isUtf8(bytes)) {
    return false;
  }
  execFileSync(program, [bytes.toString()], { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
  return true;
}
