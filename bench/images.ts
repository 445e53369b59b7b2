// The images of the benchmark: in the registry with gzip and with zstd layers, and as a docker save tarball.
import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mediaTypes } from '../src/oci/media-type.ts';
import { authority } from '../test/support/certificates.ts';
import { type Document, descriptorOf, jsonDocument } from '../test/support/images.ts';
import { type PlainAnswer, plainRequest } from '../test/support/plain-client.ts';
import { type BlobFile, writeDockerArchive, writeLayers } from './layer-files.ts';

/** An image in the registry. */
export interface ServedImage {
  readonly repository: string;
  readonly digest: string;
  readonly layers: readonly BlobFile[];
}

/** All images of a benchmark. */
export interface BenchImages {
  readonly gzip: ServedImage;
  readonly zstd: ServedImage;
  /** The directory with `image.tar`. */
  readonly saved: string;
  /** Bytes of its layers. */
  readonly savedSize: number;
}

/** Creates the images in a directory and in the registry at `url`; `divisor` reduces their size. */
export async function createImages(directory: string, url: string, divisor: number): Promise<BenchImages> {
  const layers = await writeLayers(directory, divisor);
  const plain = layers.map((layer) => layer.plain);
  const gzip = layers.map((layer) => layer.gzip);
  const zstd = layers.map((layer) => layer.zstd);
  const images = {
    gzip: await push(url, 'gzip', plain, gzip, mediaTypes.ociLayerGzip),
    zstd: await push(url, 'zstd', plain, zstd, mediaTypes.ociLayerZstd),
    saved: directory,
    savedSize: plain.reduce((sum, { size }) => sum + size, 0),
  };
  await writeDockerArchive(createWriteStream(join(directory, 'image.tar')), configOf(plain).bytes, plain);
  await Promise.all([...plain, ...gzip, ...zstd].map(({ path }) => rm(path)));
  return images;
}

/** Pushes an image without layers. */
export function pushSmall(url: string, repository = 'small'): Promise<ServedImage> {
  return push(url, repository, [], []);
}

/** The config of an image with these layers. */
export function configOf(plain: readonly BlobFile[]): Document {
  return jsonDocument(mediaTypes.ociConfig, {
    os: 'linux',
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    config: {},
    rootfs: { type: 'layers', diff_ids: plain.map(({ digest }) => digest) },
  });
}

/** Pushes an image with these files as its layers. */
export async function push(
  url: string,
  repository: string,
  plain: readonly BlobFile[],
  layers: readonly BlobFile[],
  mediaType: string = mediaTypes.ociLayerGzip,
): Promise<ServedImage> {
  for (const { digest, path } of layers) {
    await pushBlob(url, repository, digest, await readFile(path));
  }
  const config = configOf(plain);
  await pushBlob(url, repository, config.digest, config.bytes);
  const manifest = jsonDocument(mediaTypes.ociManifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(config),
    layers: layers.map(({ size, digest }) => ({ mediaType, size, digest })),
  });
  await succeed('PUT', `${url}/v2/${repository}/manifests/latest`, manifest.bytes, mediaTypes.ociManifest);
  return { repository, digest: manifest.digest, layers };
}

async function pushBlob(url: string, repository: string, digest: string, bytes: Uint8Array): Promise<void> {
  const started = await succeed('POST', `${url}/v2/${repository}/blobs/uploads/`);
  const upload = new URL(started.headers.location ?? '', url);
  upload.searchParams.set('digest', digest);
  await succeed('PUT', upload.href, bytes, 'application/octet-stream');
}

/** Sends a request to a registry of the benchmark. Rejects when it does not succeed. */
async function succeed(
  method: string,
  url: string,
  body?: Uint8Array,
  contentType?: string,
): Promise<PlainAnswer> {
  const answer = await plainRequest(url, {
    method,
    ca: authority,
    ...(body ? { body } : {}),
    ...(contentType ? { headers: { 'content-type': contentType } } : {}),
  });
  if (answer.status < 200 || answer.status > 299) {
    throw new Error(`${method} ${url}: ${answer.error ?? answer.status} ${answer.body}`);
  }
  return answer;
}
