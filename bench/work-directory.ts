// Creates the work directory of a benchmark: in memory if possible, so that it does not measure the disk.
import { existsSync, statfsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const sharedMemory = '/dev/shm';

/** Creates a directory, in memory if there is room for `bytes`; it is removed when disposed of. */
export async function createWorkDirectory(
  chosen: string | undefined,
  bytes: number,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(
    join(chosen ?? (hasRoom(sharedMemory, bytes) ? sharedMemory : tmpdir()), 'bench-'),
  );
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function hasRoom(directory: string, bytes: number): boolean {
  if (!existsSync(directory)) {
    return false;
  }
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize >= bytes;
}
