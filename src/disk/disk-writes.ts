// What the targets on disk have in common: content is written into files until the target is closed.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ContentTarget } from '../content/content-graph.ts';
import { errorCode, UserError } from '../errors.ts';
import { lockOfFile } from './path-lock.ts';

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

/** A file that is written beside the one that it becomes. */
export interface PartialFile {
  readonly path: string;
  readonly file: FileHandle;
  /** Closes the file, unless it is closed, and removes it if it has not become another one. */
  close(): Promise<void>;
}

/** Where a file is written until it is complete, by the first of its writers or by a further one. */
export function partialPath(path: string, number = 1): string {
  return `${path}${number === 1 ? '' : `.${number}`}.partial`;
}

/**
 * Opens a new file beside `path`, with the ending `.partial`. Each writer of `path` has one of its own; what a killed one left
 * is replaced.
 */
export async function openPartial(path: string, mode: number): Promise<PartialFile> {
  for (let number = 1; ; number++) {
    const partial = partialPath(path, number);
    const unlock = await onDisk(partial, () => lockOfFile(partial));
    if (unlock) {
      try {
        const file = await onDisk(partial, async () => {
          await rm(partial, { recursive: true, force: true });
          return await open(partial, 'wx', mode);
        });
        const close = async () => {
          await file.close();
          await onDisk(partial, () => rm(partial, { force: true }));
          unlock();
        };
        return { path: partial, file, close };
      } catch (error) {
        unlock();
        throw error;
      }
    }
  }
}

/** Renames a partial file that is complete to the name that it is for; at no moment is nothing there, unless that was a directory. */
export async function renamePartial({ path: partial }: PartialFile, path: string): Promise<void> {
  await onDisk(path, async () => {
    try {
      await rename(partial, path);
    } catch (error) {
      if (errorCode(error) !== 'EISDIR') {
        throw error;
      }
      await rm(path, { recursive: true });
      await rename(partial, path);
    }
  });
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
  const partial = await openPartial(path, mode);
  try {
    await writeContent(partial.file, partial.path, content);
    await renamePartial(partial, path);
  } finally {
    await partial.close();
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
