// The images of the benchmark: in the registry with gzip and with zstd layers, and as a docker save tarball.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mediaTypes } from '../src/oci/media-type.ts';
import { type Document, descriptorOf, jsonDocument } from '../test/support/images.ts';
import { type BlobFile, writeDockerArchive, writeLayers } from './layer-files.ts';

/** An image in the registry. */
export interface ServedImage {
  readonly repository: string;
  readonly digest: string;
  readonly layers: readonly BlobFile[];
}

/** All images of a benchmark. */
export interface BenchImages {
  readonly small: ServedImage;
  readonly gzip: ServedImage;
  readonly zstd: ServedImage;
  /** The directory with `image.tar`. */
  readonly saved: string;
}

/** Creates the images in a directory and in the registry at `url`; `divisor` reduces their size. */
export async function createImages(directory: string, url: string, divisor: number): Promise<BenchImages> {
  const small = await push(url, 'small', [], []);
  const layers = await writeLayers(directory, divisor);
  const plain = layers.map((layer) => layer.plain);
  const gzip = layers.map((layer) => layer.gzip);
  const zstd = layers.map((layer) => layer.zstd);
  const images = {
    small,
    gzip: await push(url, 'gzip', plain, gzip, mediaTypes.ociLayerGzip),
    zstd: await push(url, 'zstd', plain, zstd, mediaTypes.ociLayerZstd),
    saved: directory,
  };
  await writeDockerArchive(join(directory, 'image.tar'), configOf(plain).bytes, plain);
  await Promise.all([...plain, ...gzip, ...zstd].map(({ path }) => rm(path)));
  return images;
}

function configOf(plain: readonly BlobFile[]): Document {
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
  const upload = new URL(started.headers.get('location') ?? '', url);
  upload.searchParams.set('digest', digest);
  await succeed('PUT', upload.href, bytes, 'application/octet-stream');
}

async function succeed(
  method: string,
  url: string,
  body?: Uint8Array,
  contentType?: string,
): Promise<Response> {
  const response = await fetch(url, {
    method,
    ...(body ? { body: Buffer.from(body) } : {}),
    ...(contentType ? { headers: { 'content-type': contentType } } : {}),
  });
  if (!response.ok) {
    throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  }
  await response.arrayBuffer();
  return response;
}
