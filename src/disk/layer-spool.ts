// Layers that are compressed here: each once, into a file that lies in a directory of its own until the end.
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parallelGzip } from '../compression/parallel-gzip.ts';
import { UserError } from '../errors.ts';
import { type Digest, finishDigest } from '../oci/digest.ts';

/** The gzip of a layer in its file; `size` in bytes. */
export interface SpooledLayer {
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
}

/** Compresses layers; the same name is compressed once. */
export interface LayerSpool {
  /** The gzip of what `content` gives, kept under a name; a full disk and the like are a {@link UserError}. */
  compress(name: string, content: () => AsyncIterable<Uint8Array>): Promise<SpooledLayer>;
  /** Ends what is under way and removes all files. */
  close(): Promise<void>;
}

/** A spool that makes its directory below the given one as soon as there is something to compress. */
export function createLayerSpool(temporaryDirectory: string): LayerSpool {
  const layers = new Map<string, Promise<SpooledLayer>>();
  const closing = new AbortController();
  let directory: Promise<string> | undefined;

  const spool = async (name: string, content: AsyncIterable<Uint8Array>, position: number) => {
    try {
      closing.signal.throwIfAborted();
      directory ??= mkdtemp(join(temporaryDirectory, 'image-layers-'));
      const path = join(await directory, `layer-${position}.tar.gz`);
      return { path, ...(await writeCompressed(content, path, closing.signal)) };
    } catch (cause) {
      throw new UserError(`could not compress layer ${name} into ${temporaryDirectory}`, {
        cause,
        hint: 'compressed layers are kept there until they are pushed; TMPDIR chooses another place',
      });
    }
  };

  return {
    compress(name, content) {
      const layer = layers.get(name) ?? spool(name, content(), layers.size);
      layers.set(name, layer);
      return layer;
    },
    async close() {
      closing.abort(new UserError('the image was closed'));
      await Promise.allSettled(layers.values());
      // A directory that could not be made was reported by whoever wanted to compress.
      const made = await directory?.catch(() => undefined);
      if (made !== undefined) {
        await rm(made, { recursive: true, force: true });
      }
    },
  };
}

async function writeCompressed(content: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal) {
  const file = await open(path, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of parallelGzip(content)) {
      signal.throwIfAborted();
      hash.update(chunk);
      size += chunk.length;
      await file.appendFile(chunk);
    }
    return { digest: finishDigest(hash), size };
  } finally {
    await file.close();
  }
}
