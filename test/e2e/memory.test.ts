// The memory of a check, a get and a put does not grow with the image, and foreign documents and large manifests need little.

import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Digest, finishDigest } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, type Document, descriptorOf, jsonDocument, seed } from '../support/images.ts';
import { buildLayer, type Layer } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { executablePath, runExecutableMeasured, runMeasured } from '../support/run.ts';
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

/** An index that is stored in the repository `large`. */
function putIndex(registry: TestRegistry, children: readonly Document[]): Document {
  const index = jsonDocument(mediaTypes.ociIndex, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: children.map((child) => descriptorOf(child, { annotations: { padding: 'p'.repeat(200) } })),
  });
  registry.putManifest('large', undefined, index.mediaType, index.bytes);
  return index;
}

/** About `size` bytes of annotations, to be added to others. */
function padding(size: number): Buffer {
  const entries = Array.from({ length: size / 100 }, (_, key) => `,"${key}":"${'v'.repeat(90)}"`);
  return Buffer.from(entries.join(''));
}

/** The manifest of an image with the tag and this padding in its annotations. */
function padded(
  registry: TestRegistry,
  { mediaType, bytes }: Document,
  tag: string,
  more: Buffer = Buffer.alloc(0),
): Document {
  const start = Buffer.from(`{"annotations":{"tag":"${tag}"`);
  const content = Buffer.concat([start, more, Buffer.from('},'), bytes.subarray(1)]);
  return { mediaType, bytes: content, digest: registry.putManifest('large', tag, mediaType, content) };
}

it.each([
  {
    name: 'an index of 8,000 children',
    build: (registry: TestRegistry, image: Document) =>
      putIndex(
        registry,
        Array.from({ length: 8_000 }, (_, number) => padded(registry, image, `v${number}`)),
      ),
  },
  {
    name: 'a manifest of 7 MB',
    build: (registry: TestRegistry, image: Document) => padded(registry, image, 'v', padding(7 * megabyte)),
  },
  {
    name: 'an index nested 2,000 deep',
    build: (registry: TestRegistry, image: Document) => {
      let root = image;
      for (let depth = 0; depth < 2_000; depth++) {
        root = putIndex(registry, [root]);
      }
      return root;
    },
  },
])('in writes $name to a layout with less than 256 MB of memory', async ({ build }) => {
  await using registry = await startRegistry();
  const image = await buildImage();
  seed(registry, 'large', undefined, image);
  const { digest } = build(registry, image);
  const source = { repository: `${registry.host}/large` };
  const { status, stderr, peakMemory } = await runExecutableMeasured('in', {
    request: { source, version: { tag: 'latest', digest }, params: { format: 'oci-layout' } },
    directory: mkdtempSync(join(folder, 'get-')),
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  expect(peakMemory).toBeLessThan(limit);
});

it.each([7, 37])('check sorts 32 manifests of %d MB with less than 256 MB of memory', async (size) => {
  await using registry = await startRegistry();
  const image = await buildImage();
  seed(registry, 'large', undefined, image);
  const more = padding(size * megabyte);
  for (let number = 0; number < 32; number++) {
    padded(registry, image, `v${number}`, more);
  }
  const { status, stdout, stderr, peakMemory } = await runExecutableMeasured('check', {
    request: { source: { repository: `${registry.host}/large`, tag_regex: '^v', created_at_sort: true } },
  });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toHaveLength(32);
  expect(stderr.includes('body exceeds 8388608 byte limit')).toBe(size > 8);
  expect(peakMemory).toBeLessThan(limit);
});

it('in refuses a manifest of 90 MB with less than 256 MB of memory', async () => {
  await using registry = await startRegistry();
  const { digest } = padded(registry, await buildImage(), 'v', padding(90 * megabyte));
  const { status, stderr, peakMemory } = await runExecutableMeasured('in', {
    request: { source: { repository: `${registry.host}/large` }, version: { tag: 'v', digest } },
    directory: mkdtempSync(join(folder, 'get-')),
  });
  expect(status).toBe(1);
  expect(stderr).toContain(`manifest ${digest} of ${registry.host}/large is too large: body exceeds 8388608`);
  expect(peakMemory).toBeLessThan(limit);
});

it.each([
  { pages: 1, pageSize: 54, message: 'this page of the list of tags is too large' },
  { pages: 20, pageSize: 4, message: 'the list of tags is too long: it has more than 16777216 bytes' },
  { pages: 2, pageSize: 7, message: undefined },
])('check reads $pages pages of $pageSize MB of tags with less than 256 MB of memory', async (list) => {
  await using registry = await startRegistry({
    beside: ({ path, query }) => {
      if (!path.endsWith('/tags/list')) {
        return undefined;
      }
      const next = Number(query.get('page') ?? 0) + 1;
      const tags = Array.from(
        { length: (list.pageSize * megabyte) / 20 },
        (_, key) => `t${next * 1e15 + key}`,
      );
      return {
        status: 200,
        headers: next < list.pages ? { link: `</v2/large/tags/list?page=${next}>; rel="next"` } : {},
        body: JSON.stringify({ tags }),
      };
    },
  });
  const { status, stderr, peakMemory } = await runExecutableMeasured('check', {
    request: { source: { repository: `${registry.host}/large`, tag_regex: '^v' } },
  });
  expect({ status, stderr }).toEqual({
    status: list.message === undefined ? 0 : 1,
    stderr: list.message === undefined ? expect.any(String) : expect.stringContaining(list.message),
  });
  expect(peakMemory).toBeLessThan(limit);
});

it('validate reads 20,000 digests of one manifest with less than 180 MB of memory', async () => {
  const digests = Array.from({ length: 20_000 }, (_, number) => {
    const digest = `sha256:${createHash('sha256').update(`${number}`).digest('hex')}`;
    const image = number % 40 === 0 ? `- name: app-${number / 40}\n  dmap:\n` : '';
    return `${image}    "${digest}": ["v${number}.0", "v${number}.1"]\n`;
  });
  const manifest = join(folder, 'manifest.yaml');
  const registries = 'registries:\n- {name: a.test/from, src: true}\n- name: a.test/to\n';
  await writeFile(manifest, `${registries}images:\n${digests.join('')}`);
  const { status, stdout, peakMemory } = await runMeasured(
    executablePath('registry-image'),
    ['validate', manifest],
    { input: '', environment: { TEST: 'true' } },
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('20000 digests') });
  expect(peakMemory).toBeLessThan(180 * megabyte);
});
