// The layers of a `docker save` tarball: each is compressed or kept by its own bytes, and compared with its diff id.
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { decompress } from '../compression/decompress.ts';
import { type Compression, detectCompression, signatureLength } from '../compression/detect.ts';
import { beginDigest, digested } from '../content/content-digest.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { ArchiveEntry } from '../tar/archive-index.ts';
import { type FileRange, readRange, readWholeRange } from './file-range.ts';
import type { LayerSpool } from './layer-spool.ts';

/** A layer. `diffId` is the digest of its plain content, `size` in bytes. */
export interface ArchiveLayer {
  /** `none` for a layer that is to be compressed before it is pushed. */
  readonly compression: Compression;
  /** Whether it is pushed with the bytes of the tarball: it was compressed there already. */
  readonly asStored: boolean;
  readonly digest: Digest;
  readonly size: number;
  readonly diffId: Digest;
  /** The content with this compression. */
  open(): Readable;
}

/** How a layer is read. */
export interface ReadLayerOptions {
  /** The layer in error messages. */
  readonly name: string;
  /** Compresses plain layers; without one they are only read, and stay plain. */
  readonly spool: LayerSpool | undefined;
  /** Observes the plain bytes while they are compressed. */
  watch(plain: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal | undefined;
}

/** The layer that is stored in an entry: gzip and zstd as they are, anything else compressed into the spool, if there is one. */
export async function readLayer(
  file: FileHandle,
  entry: ArchiveEntry,
  options: ReadLayerOptions,
): Promise<ArchiveLayer> {
  const what = `layer ${options.name}`;
  const { offset, size } = entry;
  const head = await readWholeRange(file, { offset, size: Math.min(size, signatureLength) }, what);
  const compression = detectCompression(head);
  if (compression === 'none') {
    const { spool } = options;
    return spool
      ? await compressLayer(file, entry, { ...options, spool })
      : await readPlain(file, entry, options);
  }
  const stored = beginDigest(size);
  const plain = beginDigest(size);
  const content = digested(abortable(readRange(file, entry, what), options.signal), stored);
  try {
    for await (const _ of digested(decompress(Readable.from(content)), plain)) {
      // Only its digest counts.
    }
  } catch (cause) {
    throw new UserError(`${what} cannot be decompressed`, { cause });
  }
  return {
    compression,
    asStored: true,
    digest: await stored.finish(),
    size,
    diffId: await plain.finish(),
    open: () => streamOf(file, entry, what),
  };
}

async function readPlain(
  file: FileHandle,
  entry: ArchiveEntry,
  { name, signal }: ReadLayerOptions,
): Promise<ArchiveLayer> {
  const what = `layer ${name}`;
  const plain = beginDigest(entry.size);
  for await (const _ of digested(abortable(readRange(file, entry, what), signal), plain)) {
    // Only its digest counts.
  }
  const digest = await plain.finish();
  const open = () => streamOf(file, entry, what);
  return { compression: 'none', asStored: false, digest, size: entry.size, diffId: digest, open };
}

async function compressLayer(
  file: FileHandle,
  entry: ArchiveEntry,
  { name, spool, watch, signal }: ReadLayerOptions & { readonly spool: LayerSpool },
): Promise<ArchiveLayer> {
  const what = `layer ${name}`;
  const plain = beginDigest(entry.size);
  const content = digested(abortable(readRange(file, entry, what), signal), plain);
  const spooled = await spool.compress(name, entry.size, watch(content));
  return {
    compression: spooled.compression,
    asStored: false,
    digest: spooled.digest,
    size: spooled.size,
    diffId: await plain.finish(),
    open: () => streamOf(spooled.file, { offset: 0, size: spooled.size }, what),
  };
}

function streamOf(file: FileHandle, range: FileRange, what: string): Readable {
  return Readable.from(readRange(file, range, what));
}

/** The same chunks; ends with the reason of the signal when it aborts. */
async function* abortable(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of content) {
    signal?.throwIfAborted();
    yield chunk;
  }
}
