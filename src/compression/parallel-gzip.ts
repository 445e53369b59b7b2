// Gzip of one stream on all cores: blocks are deflated in parallel and joined into one member, as pigz does.
import { availableParallelism } from 'node:os';
import { constants, crc32, deflateRaw } from 'node:zlib';

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
  const underWay: Promise<Uint8Array>[] = [];
  let checksum = 0;
  let length = 0;
  yield header;
  for await (const block of blocksOf(input, gzipBlockSize)) {
    checksum = crc32(block, checksum);
    length += block.length;
    underWay.push(deflateBlock(block));
    const oldest = underWay.length >= concurrency ? underWay.shift() : undefined;
    if (oldest) {
      yield await oldest;
    }
  }
  for (const block of underWay) {
    yield await block;
  }
  yield emptyLastBlock;
  yield trailer(checksum, length);
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

/** Deflates a block on zlib's thread pool so that it ends at a byte boundary and another one can follow. */
function deflateBlock(block: Uint8Array): Promise<Uint8Array> {
  // Room for the whole result, because every filled output chunk is a round trip to the thread pool.
  const chunkSize = block.length + (block.length >> 10) + 1024;
  const deflated = new Promise<Uint8Array>((resolve, reject) => {
    deflateRaw(block, { level, chunkSize, finishFlush: constants.Z_SYNC_FLUSH }, (error, result) =>
      error ? reject(error) : resolve(result),
    );
  });
  // It is awaited later, or never when the reader stops.
  deflated.catch(() => {});
  return deflated;
}

/** RFC 1952 section 2.3.1: the CRC-32 and the length modulo 2^32 of the input, little-endian. */
function trailer(checksum: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(checksum, 0);
  bytes.writeUInt32LE(length % 2 ** 32, 4);
  return bytes;
}
