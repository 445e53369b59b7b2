// Reading files and ranges of open files, in chunks that are large because each costs a change of threads.
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { gzipBlockSize } from '../compression/parallel-gzip.ts';
import { UserError } from '../errors.ts';
import { maximumDiskDocument } from '../limits.ts';

/** A part of a file: `offset` and `size` in bytes. */
export interface FileRange {
  readonly offset: number;
  readonly size: number;
}

// The block that gzip compresses at a time: chunks of this size are compressed without a copy.
const chunkSize = gzipBlockSize;

/** The content of the file at a path. */
export function readContent(path: string): Readable {
  return createReadStream(path, { highWaterMark: chunkSize });
}

/** The bytes of the range in new buffers; `what` names it in the {@link UserError} for a file that ends too early. */
export async function* readRange(
  file: FileHandle,
  range: FileRange,
  what: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const end = range.offset + range.size;
  for (let position = range.offset; position < end; ) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(chunkSize, end - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) {
      throw new UserError(`${what}: the file ends ${end - position} bytes too early`);
    }
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** All bytes of the range, for documents. More than {@link maximumDiskDocument} bytes are a {@link UserError}. */
export async function readWholeRange(file: FileHandle, range: FileRange, what: string): Promise<Uint8Array> {
  if (range.size > maximumDiskDocument) {
    throw new UserError(
      `${what} has ${range.size} bytes, more than the limit of ${maximumDiskDocument} bytes`,
    );
  }
  return Buffer.concat(await Array.fromAsync(readRange(file, range, what)));
}
