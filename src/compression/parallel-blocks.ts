// Compression of one stream on all cores: its blocks are compressed at the same time, and yielded in their order.
import { availableParallelism } from 'node:os';

/** One block more than cores, so that no core waits for the next one. */
export const blocksForAllCores: number = availableParallelism() + 1;

/** Compresses one block. */
export type CompressBlock = (block: Uint8Array) => Promise<readonly Uint8Array[]>;

/**
 * The compressed blocks of the input in their order, `concurrency` of them at once; the input is read no further ahead. What is
 * cut depends on `size` only, not on the chunks of the input. A chunk must not be changed after it was yielded.
 */
export async function* compressBlocks(
  input: AsyncIterable<Uint8Array>,
  { size, concurrency }: { readonly size: number; readonly concurrency: number },
  compress: CompressBlock,
): AsyncGenerator<Uint8Array, void, undefined> {
  const underWay: Promise<readonly Uint8Array[]>[] = [];
  for await (const block of blocksOf(input, size)) {
    const compressed = compress(block);
    // It is awaited later, or never when the reader stops.
    compressed.catch(() => {});
    underWay.push(compressed);
    const oldest = underWay.length >= concurrency ? underWay.shift() : undefined;
    if (oldest) {
      yield* await oldest;
    }
  }
  for (const compressed of underWay) {
    yield* await compressed;
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
