// Where a benchmark keeps its images and trees: in memory where possible, so that disks are not what is compared.
import { existsSync, statfsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const sharedMemory = '/dev/shm';

/** A new directory with room for `bytes`; removed by disposing of it. */
export async function makeWorkDirectory(
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
