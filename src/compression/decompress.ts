// From compressed to plain bytes: recognised by content, decompressed ahead on another core, in bounded memory.
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { UserError } from '../errors.ts';
import { type Compression, detectCompression } from './detect.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** Compressed bytes handed to the decompressor at once: small pieces cost a change of threads each. */
const inputSize = 256 * 1024;
/** Plain bytes that one step of the decompressor gives. */
const outputSize = 512 * 1024;
/** Plain bytes that may wait for the reader. */
const readAhead = 8 * 1024 * 1024;

/**
 * Compressed data that stops in the middle of what it promised. Its `code` is zlib's name for that, on every
 * runtime and for every compression.
 */
export class EarlyEndError extends UserError {
  override readonly name = 'EarlyEndError';
  override readonly code = 'Z_BUF_ERROR';
}

function transformFor(compression: Compression): Transform {
  const sizes = {
    writableHighWaterMark: 2 * inputSize,
    readableHighWaterMark: outputSize,
    chunkSize: outputSize,
  };
  switch (compression) {
    case 'gzip':
      return createGunzip(sizes);
    case 'zstd':
      return createZstdDecompress(sizes);
    case 'none':
      return new PassThrough(sizes);
  }
}

function described(compression: Compression, error: unknown): UserError {
  if (error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR') {
    return new EarlyEndError(`the ${compression} data ends early`, { cause: error });
  }
  return new UserError(`the ${compression} data is damaged`, { cause: error });
}

/**
 * The plain bytes of a stream. Several gzip members or zstd frames count as one; zeros behind the last gzip member
 * are ignored, other bytes there are an error as Go's gzip reader has it; bytes behind the last zstd frame
 * are ignored. Errors come in their place behind the bytes before them: {@link EarlyEndError} and damage as
 * `UserError`, an error of the source as it is. The end is only reported once the source has reached its own.
 */
export class PlainBytes implements AsyncIterable<Buffer> {
  readonly #source: Readable;
  /** Settles when the source has been read to its end, or as it fails. */
  readonly sourceRead: Promise<void>;
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #transform: Transform | undefined;
  #frames: ZstdFrames | undefined;
  #compression: Compression = 'none';
  #discarding = false;
  #outcome: { readonly error?: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeSource: (() => void) | undefined;

  constructor(source: Readable) {
    this.#source = source;
    this.sourceRead = this.#readSource();
    this.sourceRead.catch(() => undefined);
  }

  /** The next plain bytes, `undefined` at the end. Lets the event loop turn, so that decompression goes on meanwhile. */
  async next(): Promise<Buffer | undefined> {
    if (this.#queue.length > 0) {
      await nextTurn();
    }
    while (this.#queue.length === 0 && this.#outcome === undefined) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const chunk = this.#queue.shift();
    if (chunk !== undefined) {
      this.#queued -= chunk.length;
      if (this.#queued < readAhead && this.#transform?.isPaused()) {
        this.#transform.resume();
      }
      return chunk;
    }
    if (this.#outcome?.error !== undefined) {
      throw this.#outcome.error;
    }
    await this.sourceRead;
    return undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) {
        yield chunk;
      }
    } finally {
      this.destroy();
    }
  }

  /** Gives up the plain bytes and reads the source to its end; fails as the source does. */
  async drain(): Promise<void> {
    this.#discard();
    await this.sourceRead;
  }

  /** Gives up the plain bytes and the source. */
  destroy(): void {
    this.#discard();
    this.#source.destroy();
  }

  #discard(): void {
    this.#discarding = true;
    this.#queue.length = 0;
    this.#queued = 0;
    this.#transform?.destroy();
    this.#wakeSource?.();
  }

  async #readSource(): Promise<void> {
    let pieces: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const piece of this.#source) {
        if (!this.#discarding) {
          pieces.push(piece);
          size += piece.length;
          if (size >= inputSize) {
            await this.#feed(Buffer.concat(pieces, size));
            pieces = [];
            size = 0;
          }
        }
      }
    } catch (error) {
      this.#finish(error);
      this.#transform?.destroy();
      throw error;
    }
    if (!this.#discarding) {
      await this.#feed(Buffer.concat(pieces, size));
      this.#transform?.end();
    }
  }

  async #feed(bytes: Buffer): Promise<void> {
    const transform = this.#transform ?? this.#start(bytes);
    this.#frames?.push(bytes);
    if (!transform.write(bytes) && !this.#discarding) {
      await new Promise<void>((resolve) => {
        this.#wakeSource = resolve;
        transform.once('drain', resolve);
      });
    }
  }

  #start(head: Buffer): Transform {
    this.#compression = detectCompression(head);
    this.#frames = this.#compression === 'zstd' ? new ZstdFrames() : undefined;
    const transform = transformFor(this.#compression);
    this.#transform = transform;
    transform.on('data', (chunk: Buffer) => {
      this.#queue.push(chunk);
      this.#queued += chunk.length;
      if (this.#queued >= readAhead) {
        transform.pause();
      }
      this.#wakeReader?.();
    });
    transform.on('end', () => this.#finish(undefined));
    transform.on('error', (error) => this.#finish(described(this.#compression, error)));
    return transform;
  }

  #finish(error: unknown): void {
    const early = error === undefined && this.#frames?.complete === false;
    this.#outcome ??= {
      error: early ? new EarlyEndError(`the ${this.#compression} data ends early`) : error,
    };
    this.#discarding = true;
    this.#wakeSource?.();
    this.#wakeReader?.();
  }
}

/** The plain bytes of a stream of gzip, zstd or uncompressed bytes; an empty stream gives none. */
export function decompress(source: Readable): PlainBytes {
  return new PlainBytes(source);
}
