// Tarballs and layouts that are given up on their way, and images that cannot be described.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ContentNode } from '../../src/content/content-graph.ts';
import { dockerArchiveTarget } from '../../src/disk/docker-archive-target.ts';
import { ociLayoutTarget } from '../../src/disk/oci-layout-target.ts';
import { digestHex } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { buildImage, type Document, descriptorOf, type Image } from '../support/images.ts';
import { buildLayer, file } from '../support/layers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function nodeOf(
  content: Document,
  part: 'config' | 'layer',
  stream = () => Readable.from([content.bytes]),
): ContentNode {
  return { descriptor: descriptorOf(content), kind: 'blob', part, open: async () => stream() };
}

/** A stream that gives one chunk and then nothing, until it is destroyed. */
function stalled(): Readable {
  const stream = new Readable({ read: () => {} });
  stream.push('half');
  return stream;
}

async function imageWith(mediaType: string): Promise<Image> {
  return await buildImage({ layers: [await buildLayer([file('a')], { mediaType })] });
}

describe('a tarball', () => {
  it('that is given up is not there', async () => {
    const directory = await temporaryDirectory();
    const image = await imageWith(mediaTypes.ociLayerGzip);
    const target = dockerArchiveTarget(join(directory, 'image.tar'), 'a/b:c');
    await target.write(nodeOf(image.config, 'config'));
    expect(await readdir(directory)).toEqual(['image.tar.partial']);
    await target.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('shows up when it is whole, and stays when it is closed', async () => {
    const directory = await temporaryDirectory();
    const image = await imageWith(mediaTypes.ociLayerGzip);
    const [layer = image] = image.layers;
    const target = dockerArchiveTarget(join(directory, 'image.tar'), 'a/b:c');
    await target.write(nodeOf(image.config, 'config'));
    await target.write(nodeOf(layer, 'layer'));
    await target.publish(descriptorOf(image), image.bytes);
    await target.close();
    expect(await readdir(directory)).toEqual(['image.tar']);
  });

  it('needs a diff id for a foreign layer, under which tools look for its source', async () => {
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

describe('a layout', () => {
  it('that is given up ends what is being written, and begins nothing more', async () => {
    const directory = await temporaryDirectory();
    const image = await imageWith(mediaTypes.ociLayerGzip);
    const [layer = image] = image.layers;
    const target = ociLayoutTarget(directory, new Set());
    const late = Promise.withResolvers<Readable>();
    const opened = Promise.withResolvers<void>();
    const stuck = target.write(
      nodeOf(layer, 'layer', () => {
        opened.resolve();
        return stalled();
      }),
    );
    const begins = target.write({ ...nodeOf(image.config, 'config'), open: () => late.promise });
    const outcomes = Promise.allSettled([stuck, begins]);
    await opened.promise;
    await new Promise((resolve) => setImmediate(resolve));
    await target.close();
    late.resolve(Readable.from([image.config.bytes]));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const blobs = await readdir(join(directory, 'blobs', 'sha256'));
    expect(blobs).toEqual([`${digestHex(layer.digest)}.partial`]);
  });
});
