// Inputs that grow: images of many layers, of many entries, and of a large file of zeros that takes no room on disk.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { finishDigest } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { file, testTime } from '../../test/support/layers.ts';
import { configOf, push, type ServedImage } from '../images.ts';
import { contentPool, layerEntries } from '../layer-content.ts';
import { type BlobFile, blobFile, compressed, writeDockerArchive, writeTar } from '../layer-files.ts';

const layerShape = { entries: 100, size: 2e6 };

/** Pushes an image of gzip layers that are alike in size, with 100 entries and 2 MB each. */
export async function pushLayers(directory: string, url: string, count: number): Promise<ServedImage> {
  const pool = contentPool();
  const { entries, size } = layerShape;
  return await pushArchives(directory, url, `layers-${count}`, count, (number) =>
    layerEntries(number, entries, size, pool),
  );
}

/** Pushes an image of one gzip layer with many small files. */
export async function pushEntries(directory: string, url: string, count: number): Promise<ServedImage> {
  return await pushArchives(directory, url, `entries-${count}`, 1, () => smallFiles(count));
}

const filesPerDirectory = 100;

function* smallFiles(count: number) {
  for (let number = 0; number < count; number++) {
    yield file(`directory-${Math.floor(number / filesPerDirectory)}/file-${number}`, `content of ${number}`);
  }
}

async function pushArchives(
  directory: string,
  url: string,
  repository: string,
  count: number,
  entriesOf: (number: number) => Parameters<typeof writeTar>[1],
): Promise<ServedImage> {
  const plain: BlobFile[] = [];
  const gzip: BlobFile[] = [];
  for (let number = 0; number < count; number++) {
    const archive = await writeTar(join(directory, `scale-${number}.tar`), entriesOf(number));
    gzip.push(await compressed(archive.path, `${archive.path}.gz`, createGzip()));
    plain.push(archive);
    await rm(archive.path);
  }
  const image = await push(url, repository, plain, gzip, mediaTypes.ociLayerGzip);
  await Promise.all(gzip.map(({ path }) => rm(path)));
  return image;
}

const pieceSize = 1024 * 1024;
const zeros = Buffer.alloc(pieceSize);

/** Pushes an image of one gzip layer with a file of `size` zeros. */
export async function pushZeros(directory: string, url: string, size: number): Promise<ServedImage> {
  const path = join(directory, 'zeros.tar.gz');
  const hash = createHash('sha256');
  const hashed = new PassThrough();
  hashed.on('data', (chunk: Buffer) => hash.update(chunk));
  await pipeline(zeroLayer(size), hashed, createGzip({ level: 1 }), createWriteStream(path));
  const gzip = await blobFile(path);
  const image = await push(
    url,
    `zeros-${size}`,
    [{ path, digest: finishDigest(hash), size }],
    [gzip],
    mediaTypes.ociLayerGzip,
  );
  await rm(path);
  return image;
}

/** Writes `image.tar` with one plain layer, a file of `size` zeros; blocks of zeros take no room on disk. */
export async function writeZerosArchive(directory: string, size: number): Promise<void> {
  const layer = join(directory, 'zeros.tar');
  await writeSparse(layer, zeroLayer(size));
  const plain = [await blobFile(layer)];
  const whole = new PassThrough();
  await Promise.all([
    writeDockerArchive(whole, configOf(plain).bytes, plain),
    writeSparse(join(directory, 'image.tar'), whole),
  ]);
  await rm(layer);
}

async function* zeroLayer(size: number): AsyncGenerator<Buffer> {
  const archive = pack();
  const entry = archive.entry({ name: 'zeros', size, mode: 0o644, mtime: testTime });
  const feed = async () => {
    for (let left = size; left > 0; left -= pieceSize) {
      if (!entry.write(left < pieceSize ? zeros.subarray(0, left) : zeros)) {
        await new Promise<void>((resolve) => entry.once('drain', () => resolve()));
      }
    }
    entry.end(null);
    archive.finalize();
  };
  const fed = feed();
  yield* archive as unknown as AsyncIterable<Buffer>;
  await fed;
}

async function writeSparse(path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  await using handle = await open(path, 'w');
  let position = 0;
  for await (const chunk of chunks) {
    if (!zeros.subarray(0, chunk.length).equals(chunk)) {
      await handle.write(chunk, 0, chunk.length, position);
    }
    position += chunk.length;
  }
  await handle.truncate(position);
}
