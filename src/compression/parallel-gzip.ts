// Gzip of one stream on all cores: blocks are deflated in parallel and joined into one member, as pigz does.
import { availableParallelism } from 'node:os';
import { crc32 } from 'node:zlib';
import { type BlockDeflater, createBlockDeflater } from './block-deflater.ts';

/** Bytes of the input that are deflated as one block. Another size would change the output, and so the digests. */
export const gzipBlockSize: number = 512 * 1024;

// Level 1 is upstream's choice. The block size was measured: smaller blocks compress worse and slower, larger ones
// only need more memory.
const level = 1;

// RFC 1952 section 2.3: deflate, no flags, no time, fastest algorithm, unknown operating system.
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255);

// RFC 1951 section 3.2.3: an empty last block with fixed codes.
const emptyLastBlock = Uint8Array.of(0x03, 0x00);

// One block more than cores, so that no core waits for the next one. The bound keeps the memory small on machines
// with many cores: a block takes about 1 MiB while it is deflated.
const defaultConcurrency = Math.min(availableParallelism() + 1, 16);

/**
 * The input as one gzip member without name or time. The result depends only on the bytes of the input and the zlib of
 * the runtime: not on the chunks of the input, nor on `concurrency`, the number of blocks deflated at once. A chunk
 * must not be changed after it was yielded.
 */
export async function* parallelGzip(
  input: AsyncIterable<Uint8Array>,
  concurrency: number = defaultConcurrency,
): AsyncGenerator<Uint8Array, void, undefined> {
  const deflaters = createDeflaters();
  const underWay: Promise<readonly Uint8Array[]>[] = [];
  let checksum = 0;
  let length = 0;
  try {
    yield header;
    for await (const block of blocksOf(input, gzipBlockSize)) {
      checksum = crc32(block, checksum);
      length += block.length;
      underWay.push(deflaters.deflate(block));
      const oldest = underWay.length >= concurrency ? underWay.shift() : undefined;
      if (oldest) {
        yield* await oldest;
      }
    }
    for (const block of underWay) {
      yield* await block;
    }
    yield emptyLastBlock;
    yield trailer(checksum, length);
  } finally {
    deflaters.close();
  }
}

/** The input in blocks of exactly `size` bytes; the last one may be shorter, none is empty. */
async function* blocksOf(input: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(0);
  let filled = 0;
  for await (const chunk of input) {
    for (let offset = 0; offset < chunk.length; ) {
      const rest = chunk.length - offset;
      if (filled === 0 && rest >= size) {
        yield chunk.subarray(offset, offset + size);
        offset += size;
        continue;
      }
      if (filled === 0) {
        block = new Uint8Array(size);
      }
      const taken = Math.min(rest, size - filled);
      block.set(chunk.subarray(offset, offset + taken), filled);
      filled += taken;
      offset += taken;
      if (filled === size) {
        yield block;
        filled = 0;
      }
    }
  }
  if (filled > 0) {
    yield block.subarray(0, filled);
  }
}

/** As many deflaters as blocks are deflated at once. */
function createDeflaters(): BlockDeflater {
  const all: BlockDeflater[] = [];
  const idle: BlockDeflater[] = [];
  const open = () => {
    const deflater = createBlockDeflater(level, gzipBlockSize);
    all.push(deflater);
    return deflater;
  };
  return {
    deflate(block) {
      const deflater = idle.pop() ?? open();
      const deflated = deflater.deflate(block).finally(() => idle.push(deflater));
      // It is awaited later, or never when the reader stops.
      deflated.catch(() => {});
      return deflated;
    },
    close() {
      for (const deflater of all) {
        deflater.close();
      }
    },
  };
}

/** RFC 1952 section 2.3.1: the CRC-32 and the length modulo 2^32 of the input, little-endian. */
function trailer(checksum: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(checksum, 0);
  bytes.writeUInt32LE(length % 2 ** 32, 4);
  return bytes;
}
