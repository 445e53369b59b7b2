// Writes layers to files: uncompressed, and compressed with gzip and zstd at their default levels.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { pack } from 'tar-stream';
import { type Digest, finishDigest } from '../src/oci/digest.ts';
import { type LayerEntry, testTime } from '../test/support/layers.ts';
import { contentPool, layerEntries } from './layer-content.ts';

/** A file with its digest and size in bytes. */
export interface BlobFile {
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
}

/** A layer in all forms. */
export interface LayerFiles {
  readonly plain: BlobFile;
  readonly gzip: BlobFile;
  readonly zstd: BlobFile;
}

const wholeSize = 1.09e9;
const wholeCount = 29_000;
const shares = [0.6, 0.21, 0.19];

/** Writes three layers with a total of 1.1 GB and 29,000 entries, divided by `divisor`. */
export async function writeLayers(directory: string, divisor: number): Promise<LayerFiles[]> {
  const pool = contentPool();
  return await Promise.all(
    shares.map(async (share, number) => {
      const entries = layerEntries(
        number,
        (share * wholeCount) / divisor,
        (share * wholeSize) / divisor,
        pool,
      );
      const plain = await writeTar(join(directory, `layer-${number}.tar`), entries);
      const [gzip, zstd] = await Promise.all([
        compressed(plain.path, `${plain.path}.gz`, createGzip()),
        compressed(plain.path, `${plain.path}.zst`, createZstdCompress()),
      ]);
      return { plain, gzip, zstd };
    }),
  );
}

/** Writes the entries as an archive. */
export async function writeTar(path: string, entries: Iterable<LayerEntry>): Promise<BlobFile> {
  const archive = pack();
  const written = pipeline(archive as unknown as AsyncIterable<Buffer>, createWriteStream(path));
  for (const { content, ...header } of entries) {
    const owned = {
      mode: header.type === 'directory' ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      mtime: testTime,
      ...header,
    };
    await new Promise<void>((resolve, reject) => {
      archive.entry(owned, Buffer.from(content ?? ''), (error) => (error ? reject(error) : resolve()));
    });
  }
  archive.finalize();
  await written;
  return await blobFile(path);
}

/** Compresses a file into another. */
export async function compressed(source: string, path: string, compressor: Transform): Promise<BlobFile> {
  await pipeline(
    createReadStream(source, { highWaterMark: 1024 * 1024 }),
    compressor,
    createWriteStream(path),
  );
  return await blobFile(path);
}

/** A file as it is, with its digest. */
export async function blobFile(path: string): Promise<BlobFile> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk);
  }
  return { path, digest: finishDigest(hash), size: (await stat(path)).size };
}

/** Writes a `docker save` tarball: uncompressed layers, a config and a manifest.json. */
export async function writeDockerArchive(
  target: Writable,
  config: Buffer,
  layers: readonly BlobFile[],
): Promise<void> {
  const archive = pack();
  const written = pipeline(archive as unknown as AsyncIterable<Buffer>, target);
  const names = layers.map((_, number) => `${number}/layer.tar`);
  for (const [number, layer] of layers.entries()) {
    const entry = archive.entry({ name: names[number] ?? '', size: layer.size });
    const file = await open(layer.path);
    for await (const chunk of file.createReadStream({ highWaterMark: 1024 * 1024 })) {
      if (!entry.write(chunk)) {
        await new Promise<void>((resolve) => entry.once('drain', () => resolve()));
      }
    }
    const ended = new Promise<void>((resolve) => entry.once('finish', () => resolve()));
    entry.end(null);
    await ended;
  }
  archive.entry({ name: 'config.json' }, config);
  const manifest = [{ Config: 'config.json', RepoTags: ['bench:latest'], Layers: names }];
  archive.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  archive.finalize();
  await written;
}
