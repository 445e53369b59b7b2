// What the targets on disk have in common: content is written into files until the target is closed.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ContentTarget } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';

/** A target in a directory or a tarball. Before it is published, no tool takes what is there for an image. */
export interface DiskTarget extends ContentTarget {
  /** Ends the writes under way and removes what they left. A target that was not published cannot be any more. */
  close(): Promise<void>;
}

/** The writes of one target. */
export interface DiskWrites {
  /** A stream from `open`, which a close destroys. */
  open(open: () => Promise<Readable>): Promise<Readable>;
  /** Runs a write, for whose end a close waits. */
  run(write: () => Promise<void>): Promise<void>;
  /** Destroys the open streams and waits for the writes; from now on `open` and `run` throw. */
  close(): Promise<void>;
}

/** No writes yet. */
export function createDiskWrites(): DiskWrites {
  const streams = new Set<Readable>();
  const pending = new Set<Promise<void>>();
  let closed: UserError | undefined;

  return {
    async open(open) {
      const stream = await open();
      if (closed) {
        stream.destroy();
        throw closed;
      }
      // A close destroys streams that may have no reader at that moment.
      stream.on('error', () => {});
      stream.once('close', () => streams.delete(stream));
      streams.add(stream);
      return stream;
    },
    async run(write) {
      if (closed) {
        throw closed;
      }
      const written = write();
      pending.add(written);
      await written.finally(() => pending.delete(written));
    },
    async close() {
      closed = new UserError('the copy was cancelled');
      for (const stream of streams) {
        stream.destroy(closed);
      }
      await Promise.allSettled(pending);
    },
  };
}

/**
 * Writes all chunks at the end of the file. A failure of the disk is a {@link UserError} with the path, an error of
 * the content is thrown as it is.
 */
export async function writeContent(
  file: FileHandle,
  path: string,
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of content) {
    await onDisk(path, () => file.appendFile(chunk));
  }
}

/**
 * Writes a file that gets its name only when it is complete, and replaces what has the name; on failure nothing of it is
 * left. Throws as {@link writeContent} does.
 */
export async function writeWhole(
  path: string,
  mode: number,
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const partial = `${path}.partial`;
  const file = await onDisk(partial, async () => {
    await rm(partial, { recursive: true, force: true });
    return await open(partial, 'wx', mode);
  });
  try {
    await writeContent(file, partial, content);
    await onDisk(path, async () => {
      await rm(path, { recursive: true, force: true });
      await rename(partial, path);
    });
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** The result of an operation on the disk; its failure becomes a {@link UserError} that names the path. */
export async function onDisk<Result>(path: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (cause) {
    throw new UserError(`cannot write ${path}`, { cause });
  }
}
