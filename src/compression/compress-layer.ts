// A layer compressed in the format that was chosen.
import type { LayerCompression } from './layer-compression.ts';
import { parallelGzip } from './parallel-gzip.ts';
import { parallelZstd } from './parallel-zstd.ts';

/** The compressed bytes of a layer. A chunk of `plain` must not be changed after it was yielded. */
export function compressLayer(
  plain: AsyncIterable<Uint8Array>,
  { format, level }: LayerCompression,
): AsyncGenerator<Uint8Array, void, undefined> {
  return format === 'zstd' ? parallelZstd(plain, { level }) : parallelGzip(plain, { level });
}
