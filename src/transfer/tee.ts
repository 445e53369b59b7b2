// One stream read once and handed to several readers: as fast as the slowest, unless that one stops altogether.
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { UserError } from '../errors.ts';

/** How long the other readers wait for one that takes no bytes, in milliseconds. */
const longestStall = 10_000;

/**
 * Streams of the same content, one for each reader. An error of `stream` fails all of them. A reader that has gone, or
 * takes nothing for {@link longestStall}, is abandoned: its stream fails, and the others go on. The source is
 * destroyed when no reader is left.
 */
export function teeStream(stream: Readable, readers: number): Readable[] {
  const branches = Array.from({ length: readers }, () => new PassThrough({ highWaterMark: 1024 * 1024 }));
  for (const branch of branches) {
    // Whoever reads the branch receives the error; this listener is for a branch that has no reader yet.
    branch.on('error', () => {});
  }
  pump(stream, branches).catch((error: unknown) => {
    for (const branch of branches) {
      branch.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  return branches;
}

async function pump(stream: Readable, branches: readonly PassThrough[]): Promise<void> {
  for await (const chunk of stream) {
    const open = branches.filter((branch) => !branch.destroyed);
    if (open.length === 0) {
      return;
    }
    const full = open.filter((branch) => !branch.write(chunk));
    await Promise.all(full.map(drained));
  }
  for (const branch of branches) {
    branch.end();
  }
}

async function drained(branch: PassThrough): Promise<void> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), longestStall);
  try {
    await Promise.race([
      once(branch, 'drain', { signal: stalled.signal }),
      once(branch, 'close', { signal: stalled.signal }),
    ]);
  } catch {
    branch.destroy(new UserError(`no byte was taken for ${longestStall / 1000} seconds`));
  } finally {
    clearTimeout(timer);
    stalled.abort();
  }
}
