// Creating a FIFO, for which the runtime has no function: by a program of the system, else by a system call.
import { isUtf8 } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ByteString } from '../tar/byte-string.ts';
import { loadSystemCalls, type SystemCalls } from './system-calls.ts';

/** Where a FIFO can come from. */
export interface FifoMakers {
  /** Paths of the program `mkfifo`; the first that exists is used. */
  readonly programs: readonly string[];
  /** Loads the system call, which is needed only where the program is not. */
  readonly load: () => SystemCalls | undefined;
}

/** The places of the program on Linux and macOS: PATH may be empty, so the name alone is not enough. */
const systemMakers: FifoMakers = { programs: ['/usr/bin/mkfifo', '/bin/mkfifo'], load: loadSystemCalls };

/**
 * Creates a FIFO. Returns `false` when there is neither a program nor a system call for it. The program goes first, because
 * Node calls its interface to system calls experimental; it cannot have a path that is not UTF-8 as an argument. Throws
 * when the program fails or the system refuses the call.
 */
export function createFifo(path: ByteString, { programs, load }: FifoMakers = systemMakers): boolean {
  const program = programs.find((candidate) => existsSync(candidate));
  const bytes = Buffer.from(path, 'latin1');
  if (program !== undefined && isUtf8(bytes)) {
    execFileSync(program, [bytes.toString()], { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
    return true;
  }
  const calls = load();
  calls?.makeFifo(path);
  return calls !== undefined;
}
