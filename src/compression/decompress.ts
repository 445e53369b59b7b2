// Decompression of gzip and zstd, recognised by content: ahead of the reader, on another core, in bounded memory.
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { errorCode, UserError } from '../errors.ts';
import { type Compression, detectCompression } from './detect.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** Compressed bytes passed to the decompressor at once: each call costs a change of threads. */
const inputSize = 512 * 1024;
/** Plain bytes that one step of the decompressor returns at most. */
const outputSize = 1024 * 1024;
/** Plain bytes that may wait for the reader. */
const readAhead = 4 * 1024 * 1024;

/** zlib's code for input that ends too early. */
const truncatedCode = 'Z_BUF_ERROR';

/** Compressed data that ends inside a gzip member or a zstd frame. Its `code` is zlib's, whatever the compression. */
export class TruncatedStreamError extends UserError {
  override readonly name = 'TruncatedStreamError';
  override readonly code = truncatedCode;
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

/** Without the runtime's error: Bun has none for zstd, and it says no more. */
function truncated(compression: Compression): TruncatedStreamError {
  return new TruncatedStreamError(`the ${compression} data ends early`);
}

function decompressionError(compression: Compression, cause: unknown): UserError {
  return errorCode(cause) === truncatedCode
    ? truncated(compression)
    : new UserError(`the ${compression} data is damaged`, { cause });
}

/**
 * The plain bytes of a stream. Several gzip members or zstd frames are read as one. Zeros after the last gzip member
 * are ignored, other bytes there are an error, as in Go's gzip reader; bytes after the last zstd frame are ignored.
 * An error is thrown after the bytes that precede it: a {@link TruncatedStreamError}, a `UserError` for damaged data,
 * an error of the source as it is. The end is reported only when the source has ended too, because a source may
 * verify its content.
 */
export class PlainBytes implements AsyncIterable<Buffer> {
  readonly #source: Readable;
  /** Resolves when the source has been read to its end; rejects with its error or the reason to destroy it. */
  readonly sourceRead: Promise<void>;
  readonly #destroyed = Promise.withResolvers<never>();
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #transform: Transform | undefined;
  #frames: ZstdFrames | undefined;
  #compression: Compression = 'none';
  /** Buffers for compressed bytes that the decompressor has read: with new ones, the system clears as much memory as is read. */
  readonly #idle: Buffer[] = [];
  #discarding = false;
  #outcome: { readonly error?: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeSource: (() => void) | undefined;

  constructor(source: Readable) {
    this.#source = source;
    this.sourceRead = Promise.race([this.#readSource(), this.#destroyed.promise]);
    this.sourceRead.catch(() => undefined);
  }

  /** The next plain bytes, `undefined` at the end. Lets the event loop turn, so that decompression continues. */
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

  /** Discards the plain bytes and reads the source to its end; throws the error of the source. */
  async drain(): Promise<void> {
    this.#discard();
    await this.sourceRead;
  }

  /** Discards the plain bytes and destroys the source. A read that waits or follows throws the `reason`. */
  destroy(reason: unknown = new UserError('the stream was destroyed')): void {
    this.#finish(reason);
    this.#discard();
    this.#destroyed.reject(reason);
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
    let input: Buffer | undefined;
    let size = 0;
    try {
      for await (const piece of this.#source) {
        for (let taken = 0; taken < piece.length && !this.#discarding; ) {
          input ??= this.#idle.pop() ?? Buffer.allocUnsafeSlow(inputSize);
          const part: Uint8Array = piece.subarray(taken, taken + inputSize - size);
          input.set(part, size);
          size += part.length;
          taken += part.length;
          if (size === inputSize) {
            await this.#feed(input);
            input = undefined;
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
      await this.#feed(input?.subarray(0, size) ?? Buffer.alloc(0));
      this.#transform?.end();
    }
  }

  async #feed(bytes: Buffer): Promise<void> {
    const transform = this.#transform ?? this.#start(bytes);
    this.#frames?.push(bytes);
    const isReady = transform.write(bytes, () => {
      // Plain bytes are passed on as they are.
      if (this.#compression !== 'none') {
        this.#idle.push(bytes);
      }
    });
    if (!isReady && !this.#discarding) {
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
    transform.on('error', (error) => this.#finish(decompressionError(this.#compression, error)));
    return transform;
  }

  #finish(error: unknown): void {
    const endsEarly = error === undefined && this.#frames?.complete === false;
    this.#outcome ??= { error: endsEarly ? truncated(this.#compression) : error };
    this.#discarding = true;
    this.#wakeSource?.();
    this.#wakeReader?.();
  }
}

/** The plain bytes of a stream of gzip, zstd or uncompressed bytes; an empty stream has none. */
export function decompress(source: Readable): PlainBytes {
  return new PlainBytes(source);
}
