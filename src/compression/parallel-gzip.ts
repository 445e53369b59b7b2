// Gzip of one stream on all cores: blocks are deflated in parallel and joined into one member, as pigz does.
import { crc32 } from 'node:zlib';
import { type BlockDeflater, createBlockDeflater } from './block-deflater.ts';
import { compressionLevels } from './layer-compression.ts';
import { blocksForAllCores, compressBlocks } from './parallel-blocks.ts';

/** Bytes of the input that are deflated as one block. Another size would change the output, and so the digests. */
export const gzipBlockSize: number = 512 * 1024;

// The block size was measured: smaller blocks compress worse and slower, larger ones only need more memory.
// The bound keeps the memory small on machines with many cores: a block takes about 1 MiB while it is deflated.
const defaultConcurrency = Math.min(blocksForAllCores, 16);

const { lowest, highest, usual } = compressionLevels.gzip;

// RFC 1951 section 3.2.3: an empty last block with fixed codes.
const emptyLastBlock = Uint8Array.of(0x03, 0x00);

/** How a stream is compressed. */
export interface GzipOptions {
  /** From 1 to 9. */
  readonly level?: number;
  /** The number of blocks deflated at once. */
  readonly concurrency?: number;
}

/**
 * The input as one gzip member without name or time. The result depends only on the bytes of the input, the level and the zlib
 * of the runtime: not on the chunks of the input, nor on the concurrency. A chunk must not be changed after it was yielded.
 */
export async function* parallelGzip(
  input: AsyncIterable<Uint8Array>,
  { level = usual, concurrency = defaultConcurrency }: GzipOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const deflaters = createDeflaters(level);
  let checksum = 0;
  let length = 0;
  try {
    yield header(level);
    yield* compressBlocks(input, { size: gzipBlockSize, concurrency }, (block) => {
      checksum = crc32(block, checksum);
      length += block.length;
      return deflaters.deflate(block);
    });
    yield emptyLastBlock;
    yield trailer(checksum, length);
  } finally {
    deflaters.close();
  }
}

/** As many deflaters as blocks are deflated at once. */
function createDeflaters(level: number): BlockDeflater {
  const all: BlockDeflater[] = [];
  const idle: BlockDeflater[] = [];
  const open = () => {
    const deflater = createBlockDeflater(level, gzipBlockSize);
    all.push(deflater);
    return deflater;
  };
  return {
    async deflate(block) {
      const deflater = idle.pop() ?? open();
      try {
        return await deflater.deflate(block);
      } finally {
        idle.push(deflater);
      }
    },
    close() {
      for (const deflater of all) {
        deflater.close();
      }
    },
  };
}

/** RFC 1952 section 2.3: deflate, no flags, no time, whether it was the fastest or the slowest, unknown operating system. */
function header(level: number): Uint8Array {
  const effort = level === lowest ? 4 : level === highest ? 2 : 0;
  return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, effort, 255);
}

/** RFC 1952 section 2.3.1: the CRC-32 and the length modulo 2^32 of the input, little-endian. */
function trailer(checksum: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(checksum, 0);
  bytes.writeUInt32LE(length % 2 ** 32, 4);
  return bytes;
}
