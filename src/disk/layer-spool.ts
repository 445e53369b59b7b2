// The spool of layers compressed for a push: each once, into a temporary file that has no name.
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compressLayer } from '../compression/compress-layer.ts';
import { type LayerCompression, usualCompression } from '../compression/layer-compression.ts';
import { beginDigest, digested } from '../content/content-digest.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';

/** A compressed layer; its file can be read until the spool is closed. `size` in bytes. */
export interface SpooledLayer {
  readonly compression: LayerCompression['format'];
  readonly file: FileHandle;
  readonly digest: Digest;
  readonly size: number;
}

/** How layers are compressed, and what ends it. */
export interface LayerSpoolOptions {
  /** {@link usualCompression} by default. */
  readonly compression?: LayerCompression | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Compresses layers. */
export interface LayerSpool {
  /** Compresses `content` of `size` bytes; a full disk and the like are a {@link UserError} that names the layer. */
  compress(name: string, size: number, content: AsyncIterable<Uint8Array>): Promise<SpooledLayer>;
  /** Stops the compressions under way and frees the space. */
  close(): Promise<void>;
}

/**
 * A spool on the disk of the given directory, of layers in one format. Its files are unlinked as soon as they are open, so that nothing of them
 * is left however the process ends. When `signal` aborts, compressions stop and throw its reason.
 */
export function createLayerSpool(
  temporaryDirectory: string,
  { compression = usualCompression, signal }: LayerSpoolOptions = {},
): LayerSpool {
  const layers: Promise<SpooledLayer>[] = [];
  const closing = new AbortController();
  const stop = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
  const files: FileHandle[] = [];

  const spool = async (name: string, size: number, content: AsyncIterable<Uint8Array>) => {
    try {
      stop.throwIfAborted();
      const file = await openNameless(temporaryDirectory);
      files.push(file);
      return {
        file,
        ...(await writeDigested(compressLayer(content, compression), size, file, stop)),
        compression: compression.format,
      };
    } catch (cause) {
      signal?.throwIfAborted();
      throw new UserError(`could not compress layer ${name} into ${temporaryDirectory}`, {
        cause,
        hint: 'compressed layers are kept there until they are pushed; TMPDIR chooses another place',
      });
    }
  };

  return {
    compress(name, size, content) {
      const layer = spool(name, size, content);
      layers.push(layer);
      return layer;
    },
    async close() {
      closing.abort(new UserError('the image was closed'));
      await Promise.allSettled(layers);
      await Promise.all(files.map((file) => file.close()));
    },
  };
}

async function openNameless(temporaryDirectory: string): Promise<FileHandle> {
  const directory = await mkdtemp(join(temporaryDirectory, 'image-layers-'));
  try {
    return await open(join(directory, 'layer'), 'wx+', 0o600);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** `plainSize` is that of the content before it was compressed. */
async function writeDigested(
  content: AsyncIterable<Uint8Array>,
  plainSize: number,
  file: FileHandle,
  signal: AbortSignal,
) {
  const digest = beginDigest(plainSize);
  let size = 0;
  for await (const chunk of digested(content, digest)) {
    signal.throwIfAborted();
    size += chunk.length;
    await file.appendFile(chunk);
  }
  return { digest: await digest.finish(), size };
}
