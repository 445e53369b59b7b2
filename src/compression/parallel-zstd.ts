// Zstd of one stream on all cores: blocks become frames of their own, which readers join (RFC 8878 section 3).
import { constants, zstdCompress } from 'node:zlib';
import { compressionLevels } from './layer-compression.ts';
import { blocksForAllCores, compressBlocks } from './parallel-blocks.ts';

/**
 * Bytes of the input that become one frame. Another size would change the output, and so the digests. It was measured: frames of
 * twice the size make layers smaller by 1 % or 2 %, and need more memory here and in readers.
 */
export const zstdFrameSize: number = 2 * 1024 * 1024;

/** The highest level whose tables are small beside a frame. */
const smallTables = 12;

/** How a stream is compressed. */
export interface ZstdOptions {
  /** From 1 to 19. */
  readonly level?: number;
  /** The number of frames compressed at once. */
  readonly concurrency?: number;
}

/**
 * The input as zstd frames, at least one, each with its size and its checksum. The result depends only on the bytes of the
 * input, the level and the zstd of the runtime: not on the chunks of the input, nor on the concurrency. A chunk must not be
 * changed after it was yielded.
 */
export async function* parallelZstd(
  input: AsyncIterable<Uint8Array>,
  { level = compressionLevels.zstd.usual, concurrency = concurrencyOf(level) }: ZstdOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let isEmpty = true;
  yield* compressBlocks(input, { size: zstdFrameSize, concurrency }, (block) => {
    isEmpty = false;
    return compressFrame(block, level);
  });
  if (isEmpty) {
    yield* await compressFrame(new Uint8Array(0), level);
  }
}

// The bounds keep the memory small on machines with many cores: a frame takes about 5 MiB while it is compressed, and on
// the highest levels about 40 MiB.
function concurrencyOf(level: number): number {
  return Math.min(blocksForAllCores, level <= smallTables ? 16 : 4);
}

function compressFrame(block: Uint8Array, level: number): Promise<readonly Uint8Array[]> {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return new Promise((resolve, reject) => {
    // Every filled chunk is a round trip to the thread pool. With the size, the tables are no larger than the frame needs, and
    // a reader needs no window beyond it.
    zstdCompress(
      block,
      { params, pledgedSrcSize: block.length, chunkSize: zstdFrameSize },
      (error, frame) => {
        if (error) {
          reject(error);
        } else {
          resolve([frame]);
        }
      },
    );
  });
}
