// Tarballs and layouts as targets: what a close leaves of an incomplete one, and images that cannot be described.
import { lstat, readdir, rename, rm, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ContentNode } from '../../src/content/content-graph.ts';
import type { DiskTarget } from '../../src/disk/disk-writes.ts';
import { dockerArchiveTarget } from '../../src/disk/docker-archive-target.ts';
import { ociLayoutTarget } from '../../src/disk/oci-layout-target.ts';
import { digestHex } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { buildImage, type Document, descriptorOf, type Image, jsonDocument } from '../support/images.ts';
import { buildLayer, file } from '../support/layers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function nodeOf(
  content: Document,
  part: 'config' | 'layer',
  stream = () => Readable.from([content.bytes]),
): ContentNode {
  return { descriptor: descriptorOf(content), kind: 'blob', part, open: async () => stream() };
}

/** A stream with one chunk and no end; `read` is called when it has a reader. */
function stalled(read: () => void): Readable {
  const chunks = ['half'];
  return new Readable({
    read() {
      read();
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        this.push(chunk);
      }
    },
  });
}

async function imageWith(mediaType: string): Promise<Image> {
  return await buildImage({ layers: [await buildLayer([file('a')], { mediaType })] });
}

/** Begins to write a layer of which only a part arrives. */
async function writeStalled(target: DiskTarget, layer: Document): Promise<{ outcome: Promise<string> }> {
  const reading = Promise.withResolvers<void>();
  const outcome = target.write(nodeOf(layer, 'layer', () => stalled(reading.resolve))).then(
    () => 'written',
    (error: Error) => error.message,
  );
  await reading.promise;
  return { outcome };
}

describe.each<[string, (directory: string) => DiskTarget, string]>([
  ['tarball', (directory) => dockerArchiveTarget(join(directory, 'image.tar'), 'a/b:c'), '.'],
  ['layout', (directory) => ociLayoutTarget(directory, new Set()), 'blobs/sha256'],
])('closing a %s', (_, targetIn, place) => {
  it('ends the writes under way and leaves no partial file', async () => {
    const directory = await temporaryDirectory();
    const image = await imageWith(mediaTypes.ociLayerGzip);
    const [layer = image] = image.layers;
    const target = targetIn(directory);
    const { outcome } = await writeStalled(target, layer);
    expect((await readdir(join(directory, place))).map((name) => name.split('.').at(-1))).toEqual([
      'partial',
    ]);
    await target.close();
    expect(await outcome).toBe('the copy was cancelled');
    expect(await readdir(join(directory, place))).toEqual([]);
  });

  it('destroys content that is opened later, and refuses to publish', async () => {
    const directory = await temporaryDirectory();
    const image = await imageWith(mediaTypes.ociLayerGzip);
    const target = targetIn(directory);
    const late = Promise.withResolvers<Readable>();
    const content = stalled(() => {});
    const written = target.write({ ...nodeOf(image.config, 'config'), open: () => late.promise });
    await target.close();
    late.resolve(content);
    await expect(written).rejects.toThrow('the copy was cancelled');
    expect(content.destroyed).toBe(true);
    await expect(target.publish(descriptorOf(image), image.bytes)).rejects.toThrow('the copy was cancelled');
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('dockerArchiveTarget', () => {
  it('renames the tarball when it is complete, and keeps it when the target is closed', async () => {
    const directory = await temporaryDirectory();
    const image = await imageWith(mediaTypes.ociLayerGzip);
    const [layer = image] = image.layers;
    const target = dockerArchiveTarget(join(directory, 'image.tar'), 'a/b:c');
    await target.write(nodeOf(image.config, 'config'));
    await target.write(nodeOf(layer, 'layer'));
    expect(await readdir(directory)).toEqual(['image.tar.partial']);
    await target.publish(descriptorOf(image), image.bytes);
    await target.close();
    expect(await readdir(directory)).toEqual(['image.tar']);
  });

  it('removes an incomplete tarball when the target is closed', async () => {
    const directory = await temporaryDirectory();
    const image = await imageWith(mediaTypes.ociLayerGzip);
    const target = dockerArchiveTarget(join(directory, 'image.tar'), 'a/b:c');
    await target.write(nodeOf(image.config, 'config'));
    expect(await readdir(directory)).toEqual(['image.tar.partial']);
    await target.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('needs a diff id for a foreign layer, because tools look up its source by that', async () => {
    const image = await imageWith(mediaTypes.dockerForeignLayer);
    const [layer = image] = image.layers;
    const target = dockerArchiveTarget(join(await temporaryDirectory(), 'image.tar'), 'a/b:c');
    await target.write({
      ...nodeOf(image.config, 'config', () => Readable.from([Buffer.from('{"rootfs":{}}')])),
    });
    await target.write(nodeOf(layer, 'layer'));
    await expect(target.publish(descriptorOf(image), image.bytes)).rejects.toThrow(
      `the config has no diff id for the layer ${layer.digest}`,
    );
    await target.close();
  });
});

describe('ociLayoutTarget', () => {
  async function writeImage(target: DiskTarget, image: Image): Promise<void> {
    for (const [content, part] of [
      [image.config, 'config'],
      ...image.layers.map((layer) => [layer, 'layer'] as const),
    ] as const) {
      if (!(await target.has(descriptorOf(content), 'blob'))) {
        await target.write(nodeOf(content, part));
      }
    }
    await target.publish(descriptorOf(image), image.bytes);
  }

  it.each(['.', 'blobs', 'blobs/sha256'])(
    'does not trust blobs below a link that was left in the place of %s',
    async (name) => {
      const elsewhere = join(await temporaryDirectory(), 'elsewhere');
      const directory = join(await temporaryDirectory(), 'oci');
      const image = await imageWith(mediaTypes.ociLayerGzip);
      await writeImage(ociLayoutTarget(directory, new Set()), image);
      await rename(join(directory, name), elsewhere);
      await symlink(elsewhere, join(directory, name).replace(/\/\.?$/, ''));
      await writeImage(ociLayoutTarget(directory, new Set()), image);
      expect((await lstat(join(directory, name))).isDirectory()).toBe(true);
      expect((await readdir(join(directory, 'blobs/sha256'))).length).toBe(3);
    },
  );

  it.each<[string, (blobs: string, name: string) => Promise<void>]>([
    ['is removed', (blobs, name) => rm(join(blobs, name))],
    ['is cut short', (blobs, name) => truncate(join(blobs, name), 1)],
    [
      'is replaced by a link',
      async (blobs, name) => {
        await rename(join(blobs, name), join(blobs, '../../other'));
        await symlink('../../other', join(blobs, name));
      },
    ],
  ])('fails to publish when a blob %s in the meantime', async (_, change) => {
    const directory = await temporaryDirectory();
    const image = await imageWith(mediaTypes.ociLayerGzip);
    const [layer = image] = image.layers;
    const target = ociLayoutTarget(directory, new Set());
    await target.write(nodeOf(image.config, 'config'));
    await target.write(nodeOf(layer, 'layer'));
    await change(join(directory, 'blobs/sha256'), digestHex(layer.digest));
    await expect(target.publish(descriptorOf(image), image.bytes)).rejects.toThrow(
      'was changed or removed while the layout was written',
    );
    expect(await readdir(directory)).not.toContain('index.json');
  });

  it('looks at each index of an earlier run once, however often and deep it is listed', async () => {
    const directory = await temporaryDirectory();
    const image = await buildImage();
    const write = async (target: DiskTarget, content: Document, kind: 'blob' | 'manifest' | 'index') =>
      target.write({
        descriptor: descriptorOf(content),
        kind,
        open: async () => Readable.from([content.bytes]),
      });
    const first = ociLayoutTarget(directory, new Set());
    await write(first, image.config, 'blob');
    await write(first, image, 'manifest');
    let root: Document = image;
    for (let depth = 0; depth < 1_000; depth++) {
      // Each index lists the next one twice: 2 to the power of 1,000 paths.
      root = jsonDocument(mediaTypes.ociIndex, { manifests: [descriptorOf(root), descriptorOf(root)] });
      await write(first, root, 'index');
    }
    const second = ociLayoutTarget(directory, new Set());
    expect(await second.has(descriptorOf(root), 'index')).toBe(true);
    await rm(join(directory, 'blobs', 'sha256', digestHex(image.config.digest)));
    const third = ociLayoutTarget(directory, new Set());
    expect(await third.has(descriptorOf(root), 'index')).toBe(false);
    expect(await third.has(descriptorOf(image), 'manifest')).toBe(false);
    await write(third, image.config, 'blob');
    await write(third, image, 'manifest');
    expect(await third.has(descriptorOf(image), 'manifest')).toBe(true);
  });
});
