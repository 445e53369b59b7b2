// Content on its way into a file: what the disk refuses is told with the path, what the source fails with goes through.
import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../errors.ts';

/** Writes all chunks at the file's position. Chunks are as large as the source gives them. */
export async function writeContent(
  file: FileHandle,
  path: string,
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of content) {
    await onDisk(path, () => file.appendFile(chunk));
  }
}

/** What an operation on the disk gives; its failure becomes a {@link UserError} that names the path. */
export async function onDisk<Result>(path: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (cause) {
    throw new UserError(`cannot write ${path}`, { cause });
  }
}
