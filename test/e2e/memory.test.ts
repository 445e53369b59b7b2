// The memory of a get and a put does not grow with the image.

import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Digest, finishDigest } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, seed } from '../support/images.ts';
import { buildLayer, type Layer } from '../support/layers.ts';
import { startRegistry } from '../support/registry.ts';
import { runExecutableMeasured } from '../support/run.ts';
import { endMarker, header } from '../support/tar-builder.ts';

const megabyte = 2 ** 20;
const limit = 256 * megabyte;
const large = 1024 * megabyte;
const plain = 200 * megabyte;

// Repeated random bytes: they can be compressed, but not to almost nothing.
const block = Buffer.concat(Array(64).fill(randomBytes(16 * 1024)));

let folder: string;

beforeAll(() => {
  // In memory if possible, because the disk is not what is measured.
  const shared = '/dev/shm';
  folder = mkdtempSync(join(existsSync(shared) ? shared : tmpdir(), 'memory-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A gzip layer with one file of `large` bytes, which is never in memory as a whole. */
function largeLayer(): Layer {
  const start = gzipSync(header({ name: 'large', size: large }));
  const middle = gzipSync(block, { level: 1 });
  const end = gzipSync(endMarker);
  const bytes = Buffer.concat([start, ...Array(large / block.length).fill(middle), end]);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as const;
  return { mediaType: mediaTypes.ociLayerGzip, bytes, digest, tar: Buffer.alloc(0), diffId: digest };
}

/** A layer of `plain` bytes that is sent as it is. */
function plainLayer(): Promise<Layer> {
  const tar = Buffer.concat([
    header({ name: 'plain', size: plain }),
    ...Array(plain / block.length).fill(block),
    endMarker,
  ]);
  return buildLayer(tar, { compression: 'none' });
}

it('in unpacks a layer of 1 GB with less than 256 MB of memory', async () => {
  await using registry = await startRegistry();
  const image = await buildImage({ layers: [largeLayer(), await plainLayer()] });
  seed(registry, 'large', 'latest', image);
  const directory = mkdtempSync(join(folder, 'get-'));
  const source = { repository: `${registry.host}/large` };
  const version = { tag: 'latest', digest: image.digest };
  const { status, stderr, peakMemory } = await runExecutableMeasured('in', {
    request: { source, version },
    directory,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  expect(statSync(join(directory, 'rootfs', 'large')).size).toBe(large);
  expect(statSync(join(directory, 'rootfs', 'plain')).size).toBe(plain);
  expect(peakMemory).toBeLessThan(limit);
});

/** A `docker save` tarball with one plain layer of a gigabyte. */
async function writeLargeTarball(path: string): Promise<void> {
  const hash = createHash('sha256');
  const layer = [
    header({ name: 'large', size: large }),
    ...Array<Buffer>(large / block.length).fill(block),
    endMarker,
  ];
  for (const part of layer) {
    hash.update(part);
  }
  const diffId: Digest = finishDigest(hash);
  const config = Buffer.from(JSON.stringify({ rootfs: { type: 'layers', diff_ids: [diffId] } }));
  const manifest = Buffer.from(
    JSON.stringify([{ Config: 'config.json', RepoTags: null, Layers: ['layer.tar'] }]),
  );
  const member = (name: string, content: readonly Buffer[]) => {
    const size = content.reduce((sum, part) => sum + part.length, 0);
    return [header({ name, size }), ...content, Buffer.alloc((512 - (size % 512)) % 512)];
  };
  const file = await open(path, 'wx');
  for (const part of [
    ...member('layer.tar', layer),
    ...member('config.json', [config]),
    ...member('manifest.json', [manifest]),
    endMarker,
  ]) {
    await file.write(part);
  }
  await file.close();
}

it('out compresses and sends a layer of 1 GB with less than 256 MB of memory', async () => {
  await using registry = await startRegistry();
  const directory = mkdtempSync(join(folder, 'put-'));
  await writeLargeTarball(join(directory, 'image.tar'));
  const { status, stderr, peakMemory } = await runExecutableMeasured('out', {
    request: { source: { repository: `${registry.host}/large`, tag: 'a' }, params: { image: 'image.tar' } },
    directory,
    environment: { TEST: 'true', TMPDIR: folder },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  expect(registry.tags('large')).toEqual(['a']);
  expect(peakMemory).toBeLessThan(limit);
});

it('out sends a blob of 200 MB with less than 256 MB of memory', async () => {
  await using registry = await startRegistry();
  const directory = mkdtempSync(join(folder, 'put-'));
  const image = await buildImage({ layers: [await plainLayer()] });
  await writeOciLayout(directory, image, { singleImageDigest: true });
  const { status, stderr, peakMemory } = await runExecutableMeasured('out', {
    request: { source: { repository: `${registry.host}/large`, tag: 'a' } },
    directory,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  expect(registry.manifest('large', 'a')?.digest).toBe(image.digest);
  expect(peakMemory).toBeLessThan(limit);
});
