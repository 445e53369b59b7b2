// Fifos, which the runtime cannot make by itself.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ByteString } from '../tar/tar-entry.ts';

/** Where the program is on Linux and macOS; asked for by name it would depend on PATH, which may be empty. */
const programs = ['/usr/bin/mkfifo', '/bin/mkfifo'];

/**
 * Makes a fifo with the `mkfifo` program. `false` when there is no such program, or the path is not
 * UTF-8 and so cannot be an argument. Fails when the program does.
 */
export function makeFifo(path: ByteString): boolean {
  const program = programs.find((candidate) => existsSync(candidate));
  const bytes = Buffer.from(path, 'latin1');
  const text = bytes.toString('utf8');
  if (program === undefined || !Buffer.from(text, 'utf8').equals(bytes)) {
    return false;
  }
  execFileSync(program, [text], { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
  return true;
}
