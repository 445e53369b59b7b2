import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ContentNode } from '../../src/content/content-graph.ts';
import { type DiskImage, type OpenImageOptions, openImage } from '../../src/disk/open-image.ts';
import { errorText } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, emptyImage } from '../support/images.ts';
import { buildLayer, compress, file, type LayerEntry, tarOf } from '../support/layers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

async function plant(archive: Buffer) {
  const directory = await temporaryDirectory();
  const path = join(directory, 'image.tar');
  await writeFile(path, archive);
  return { directory, path };
}

async function opened(archive: Buffer, options: Partial<OpenImageOptions> = {}): Promise<DiskImage> {
  const { directory, path } = await plant(archive);
  const image = await openImage(path, { temporaryDirectory: directory, ...options });
  onTestFinished(() => image.close());
  return image;
}

/** The text of the error with which a tarball is refused. */
async function openText(archive: Buffer): Promise<string> {
  const { directory, path } = await plant(archive);
  return errorText(
    await openImage(path, { temporaryDirectory: directory }).catch((reason: unknown) => reason),
  );
}

function nodesOf(image: DiskImage): Promise<ContentNode[]> {
  return Array.fromAsync(image.nodes(async () => false));
}

async function contentOf(node: ContentNode | undefined): Promise<Buffer> {
  return node ? buffer(await node.open()) : Buffer.alloc(0);
}

function archiveOf(manifest: unknown, ...entries: LayerEntry[]): Promise<Buffer> {
  return tarOf([...entries, file('manifest.json', JSON.stringify([manifest]))]);
}

const configOf = (...diffIds: string[]) => file('config', JSON.stringify({ rootfs: { diff_ids: diffIds } }));

const layers = [[file('bottom', 'b')], [file('top', 't')]];

describe('a tarball of compressed layers', () => {
  it('keeps layers as they are, children first, and knows its root from the start', async () => {
    const built = await buildImage({ format: 'docker', layers });
    const image = await opened(await dockerArchive(built, { layout: 'compressed' }));
    const nodes = await nodesOf(image);
    expect(nodes.map(({ kind, descriptor }) => [kind, descriptor.digest])).toEqual([
      ['blob', built.config.digest],
      ['blob', built.layers[0]?.digest],
      ['blob', built.layers[1]?.digest],
      ['manifest', built.digest],
    ]);
    expect(image.root).toEqual(nodes.at(-1)?.descriptor);
    expect(image.root?.mediaType).toBe(mediaTypes.dockerManifest);
    expect(await contentOf(nodes[1])).toEqual(built.layers[0]?.bytes);
    expect(await contentOf(nodes[3])).toEqual(built.bytes);
  });

  it('yields a repeated layer once and lists it twice', async () => {
    const layer = await buildLayer([file('same')], { format: 'docker' });
    const built = await buildImage({ format: 'docker', layers: [layer, layer] });
    const nodes = await nodesOf(await opened(await dockerArchive(built, { layout: 'compressed' })));
    expect(nodes.map(({ descriptor }) => descriptor.digest)).toEqual([
      built.config.digest,
      layer.digest,
      built.digest,
    ]);
  });

  it('opens a node again', async () => {
    const built = await buildImage({ format: 'docker', layers });
    const [, layer] = await nodesOf(await opened(await dockerArchive(built, { layout: 'compressed' })));
    expect(await contentOf(layer)).toEqual(await contentOf(layer));
  });

  it('notices that the file changed after it was opened', async () => {
    const built = await buildImage({ format: 'docker', layers });
    const archive = await dockerArchive(built, { layout: 'compressed' });
    const { path, directory } = await plant(archive);
    const image = await openImage(path, { temporaryDirectory: directory });
    const [, layer] = await nodesOf(image);
    const at = archive.indexOf(built.layers[0]?.bytes ?? '');
    await writeFile(
      path,
      Buffer.concat([archive.subarray(0, at + 20), Buffer.from('XX'), archive.subarray(at + 22)]),
    );
    await expect(contentOf(layer)).rejects.toThrow('digest mismatch');
    await writeFile(path, archive.subarray(0, at + 20));
    await expect(contentOf(layer)).rejects.toThrow('the file ends');
    await image.close();
  });

  it('lists a foreign layer, but neither needs nor yields it', async () => {
    const kept = await buildLayer([file('kept')], { format: 'docker' });
    const foreign = { mediaType: mediaTypes.dockerForeignLayer, size: 9, digest: digestOf('absent') };
    const archive = await archiveOf(
      { Config: 'config', Layers: ['kept', 'absent'], LayerSources: { [digestOf('diff')]: foreign } },
      configOf(kept.diffId, digestOf('diff')),
      file('kept', kept.bytes),
    );
    const nodes = await nodesOf(await opened(archive));
    expect(nodes.map(({ descriptor }) => descriptor.digest)).not.toContain(foreign.digest);
    const { layers: listed } = parseManifest(await contentOf(nodes.at(-1)), 'it');
    expect(listed.map(({ digest }) => digest)).toEqual([kept.digest, foreign.digest]);
  });
});

describe.each(['classic', 'docker25'] as const)('a %s tarball of plain layers', (layout) => {
  it('yields gzip layers whose content has the diff ids', async () => {
    const built = await buildImage({ format: 'docker', layers });
    const image = await opened(await dockerArchive(built, { layout }));
    const [config, bottom, top, root, ...more] = await nodesOf(image);
    expect(image.root).toEqual(root?.descriptor);
    expect(more).toEqual([]);
    expect(config?.descriptor.digest).toBe(built.config.digest);
    expect(gunzipSync(await contentOf(bottom))).toEqual(built.layers[0]?.tar);
    expect(gunzipSync(await contentOf(top))).toEqual(built.layers[1]?.tar);
    const manifest = parseManifest(await contentOf(root), 'it');
    expect(manifest.layers).toEqual([bottom?.descriptor, top?.descriptor]);
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([
      mediaTypes.dockerLayerGzip,
      mediaTypes.dockerLayerGzip,
    ]);
  });

  it('yields the same nodes again, for a push that is repeated', async () => {
    const built = await buildImage({ format: 'docker', layers });
    const image = await opened(await dockerArchive(built, { layout }));
    const first = await nodesOf(image);
    const second = await nodesOf(image);
    expect(second.map(({ descriptor }) => descriptor)).toEqual(first.map(({ descriptor }) => descriptor));
    expect(await contentOf(second[1])).toEqual(await contentOf(first[1]));
  });

  it('compresses a repeated layer once and lists it twice', async () => {
    const layer = await buildLayer([file('same')], { format: 'docker' });
    const built = await buildImage({ format: 'docker', layers: [layer, layer] });
    const nodes = await nodesOf(await opened(await dockerArchive(built, { layout })));
    expect(nodes).toHaveLength(3);
    expect(parseManifest(await contentOf(nodes[2]), 'it').layers).toEqual([
      nodes[1]?.descriptor,
      nodes[1]?.descriptor,
    ]);
  });

  it('compresses the layers when it is opened, each entry once, and leaves no file', async () => {
    const layer = await buildLayer([file('same')], { format: 'docker' });
    const built = await buildImage({ format: 'docker', layers: [layer, [file('other')], layer] });
    const { directory, path } = await plant(await dockerArchive(built, { layout }));
    const watched: number[] = [];
    const image = await openImage(path, {
      temporaryDirectory: directory,
      watchLayer(plain, { number }) {
        watched.push(number);
        return plain;
      },
    });
    expect(watched).toEqual([1, 2]);
    expect(await readdir(directory)).toEqual(['image.tar']);
    await image.close();
    expect(await readdir(directory)).toEqual(['image.tar']);
  });
});

describe('a tarball that is compressed later', () => {
  const missing = '/nonexistent/for-layers';

  it('is read and compared now, and compressed when its nodes are read', async () => {
    const built = await buildImage({ format: 'docker', layers });
    const archive = await dockerArchive(built, { layout: 'classic' });
    const image = await opened(archive, { compressLater: true, temporaryDirectory: missing });
    expect(image.root).toBeUndefined();
    const plain = await Array.fromAsync(image.plain?.nodes(async () => false) ?? []);
    expect(plain.map(({ descriptor }) => [descriptor.mediaType, descriptor.digest])).toEqual([
      [mediaTypes.dockerConfig, built.config.digest],
      ...built.layers.map(({ diffId }) => [mediaTypes.dockerLayerTar, diffId]),
      [mediaTypes.dockerManifest, image.plain?.root?.digest],
    ]);
    expect(await Promise.all(plain.slice(1, -1).map(contentOf))).toEqual(built.layers.map(({ tar }) => tar));
    await expect(nodesOf(image)).rejects.toThrow(`could not compress layer`);
  });

  it('has the nodes that it has when it is compressed at once', async () => {
    const archive = await dockerArchive(await buildImage({ format: 'docker', layers }), {
      layout: 'classic',
    });
    const nodes = await nodesOf(await opened(archive, { compressLater: true }));
    const atOnce = await nodesOf(await opened(archive));
    expect(nodes.map(({ descriptor }) => descriptor)).toEqual(atOnce.map(({ descriptor }) => descriptor));
    expect(await Promise.all(nodes.map(contentOf))).toEqual(await Promise.all(atOnce.map(contentOf)));
  });

  it('knows its root at once where nothing is to be compressed', async () => {
    const built = await buildImage({ format: 'docker', layers });
    const archive = await dockerArchive(built, { layout: 'compressed' });
    const image = await opened(archive, { compressLater: true, temporaryDirectory: missing });
    expect([image.root?.digest, image.plain]).toEqual([built.digest, undefined]);
    expect(await nodesOf(image)).toHaveLength(4);
  });

  it('is refused at once when a layer is not the one that the config lists', async () => {
    const archive = await archiveOf(
      { Config: 'config', Layers: ['layer'] },
      configOf(digestOf('other')),
      file('layer', 'plain'),
    );
    await expect(opened(archive, { compressLater: true })).rejects.toThrow('could not load image from path');
  });
});

describe('a tarball whose layers are compressed in different ways', () => {
  const tars = [tarOf([file('one')]), tarOf([file('two')]), tarOf([file('three')])];
  type Form = 'none' | 'gzip' | 'zstd';

  async function pushed(
    forms: readonly Form[],
    sources: Record<string, unknown> = {},
    options: Partial<OpenImageOptions> = {},
  ) {
    const plain = (await Promise.all(tars)).slice(0, forms.length);
    const archive = await archiveOf(
      {
        Config: 'config',
        Layers: forms.map((form, position) => `${position}.${form}`),
        LayerSources: sources,
      },
      configOf(...plain.map(digestOf)),
      ...plain.map((bytes, position) => {
        const form = forms[position] ?? 'none';
        return file(`${position}.${form}`, compress(bytes, form));
      }),
    );
    const { keptLayers, ...image } = await opened(archive, options);
    const nodes = await nodesOf({ ...image, keptLayers });
    const manifest = parseManifest(await contentOf(nodes.at(-1)), 'the manifest');
    const contents = await Promise.all(nodes.slice(1, -1).map(contentOf));
    return { manifest, contents, plain, keptLayers };
  }

  it.each<[string, Form[]]>([
    ['plain and gzip', ['none', 'gzip']],
    ['gzip and plain', ['gzip', 'none']],
    ['gzip, plain and gzip', ['gzip', 'none', 'gzip']],
  ])('pushes %s layers as gzip, each compressed once', async (_, forms) => {
    const { manifest, contents, plain } = await pushed(forms);
    expect(manifest.mediaType).toBe(mediaTypes.dockerManifest);
    expect(manifest.config.mediaType).toBe(mediaTypes.dockerConfig);
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(
      forms.map(() => mediaTypes.dockerLayerGzip),
    );
    expect(contents.map((bytes) => gunzipSync(bytes))).toEqual(plain);
    for (const [position, form] of forms.entries()) {
      if (form === 'gzip') {
        expect(contents[position]).toEqual(compress(plain[position]!, 'gzip'));
      }
    }
  });

  it.each<[string, Form[]]>([
    ['zstd', ['zstd']],
    ['gzip and zstd', ['gzip', 'zstd']],
    ['zstd, plain and gzip', ['zstd', 'none', 'gzip']],
  ])('pushes %s layers with the media types of OCI, which has one for zstd', async (_, forms) => {
    const { manifest, contents, plain } = await pushed(forms);
    expect(manifest.mediaType).toBe(mediaTypes.ociManifest);
    expect(manifest.config.mediaType).toBe(mediaTypes.ociConfig);
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(
      forms.map((form) => (form === 'zstd' ? mediaTypes.ociLayerZstd : mediaTypes.ociLayerGzip)),
    );
    expect(
      contents.map((bytes, position) =>
        forms[position] === 'zstd' ? zstdDecompressSync(bytes) : gunzipSync(bytes),
      ),
    ).toEqual(plain);
  });

  it.each<[Form[], Form[], number]>([
    [['none'], ['zstd'], 0],
    [['none', 'none', 'none'], ['zstd', 'zstd', 'zstd'], 0],
    [['gzip', 'none'], ['gzip', 'zstd'], 1],
    [['zstd', 'none', 'gzip'], ['zstd', 'zstd', 'gzip'], 2],
  ])(
    'with zstd chosen, pushes %j as %j in an OCI image, with the diff ids of before',
    async (forms, expected, kept) => {
      const { manifest, contents, plain, keptLayers } = await pushed(
        forms,
        {},
        { compression: { format: 'zstd', level: 3 } },
      );
      expect([manifest.mediaType, manifest.config.mediaType]).toEqual([
        mediaTypes.ociManifest,
        mediaTypes.ociConfig,
      ]);
      expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(
        expected.map((form) => (form === 'zstd' ? mediaTypes.ociLayerZstd : mediaTypes.ociLayerGzip)),
      );
      expect(
        contents.map((bytes, position) =>
          expected[position] === 'zstd' ? zstdDecompressSync(bytes) : gunzipSync(bytes),
        ),
      ).toEqual(plain);
      for (const [position, form] of forms.entries()) {
        if (form !== 'none') {
          expect(contents[position]).toEqual(compress(plain[position]!, form));
        }
      }
      expect(keptLayers).toBe(kept);
    },
  );

  it('with zstd chosen, pushes gzip layers alone as the Docker image that they are', async () => {
    const { manifest, keptLayers } = await pushed(
      ['gzip', 'gzip'],
      {},
      { compression: { format: 'zstd', level: 3 } },
    );
    expect(manifest.mediaType).toBe(mediaTypes.dockerManifest);
    expect(keptLayers).toBe(2);
  });

  it.each<[string, Form, string, string]>([
    ['uncompressed', 'gzip', mediaTypes.ociLayerTar, mediaTypes.dockerLayerGzip],
    ['zstd', 'gzip', mediaTypes.ociLayerZstd, mediaTypes.dockerLayerGzip],
    ['gzip', 'zstd', mediaTypes.dockerLayerGzip, mediaTypes.ociLayerZstd],
  ])(
    'does not believe a descriptor that calls a layer %s when it is %s',
    async (_, form, stated, expected) => {
      const [plain] = await Promise.all(tars);
      const bytes = compress(plain!, form);
      const described = {
        mediaType: stated,
        size: bytes.length,
        digest: digestOf(bytes),
        annotations: { kept: 'yes' },
      };
      const { manifest } = await pushed([form], { [digestOf(plain!)]: described });
      expect(manifest.layers).toEqual([{ ...described, mediaType: expected }]);
    },
  );

  it('lists a foreign layer with the media type of OCI beside a zstd layer', async () => {
    const foreign = { mediaType: mediaTypes.dockerForeignLayer, size: 9, digest: digestOf('absent') };
    const [, plain] = await Promise.all(tars);
    const { manifest } = await pushed(['zstd', 'gzip'], { [digestOf(plain!)]: foreign });
    expect(manifest.layers[1]).toEqual({ ...foreign, mediaType: mediaTypes.ociForeignLayerGzip });
  });
});

describe('a tarball whose layers are not those of its config', () => {
  it.each(['none', 'gzip', 'zstd'] as const)(
    'is refused when it is opened: compression %s',
    async (compression) => {
      const tar = await tarOf([file('a')]);
      const archive = await archiveOf(
        { Config: 'config', Layers: ['layer'] },
        configOf(digestOf('something else')),
        file('layer', compress(tar, compression)),
      );
      await expect(openText(archive)).resolves.toContain(
        `layer layer does not match its diff id: its content is ${digestOf(tar)}`,
      );
    },
  );

  it.each([
    ['its descriptor has another digest', { digest: digestOf('?') }],
    ['its descriptor has another size', { size: 3 }],
  ])('is refused when it is opened: %s', async (_, change) => {
    const kept = await buildLayer([file('kept')], { format: 'docker' });
    const described = { mediaType: kept.mediaType, size: kept.bytes.length, digest: kept.digest, ...change };
    const archive = await archiveOf(
      { Config: 'config', Layers: ['kept'], LayerSources: { [kept.diffId]: described } },
      configOf(kept.diffId),
      file('kept', kept.bytes),
    );
    await expect(openText(archive)).resolves.toContain('layer kept does not match "LayerSources"');
  });

  it('is refused when a layer cannot be decompressed', async () => {
    const tar = await tarOf([file('a')]);
    const archive = await archiveOf(
      { Config: 'config', Layers: ['layer'] },
      configOf(digestOf(tar)),
      file('layer', compress(tar, 'gzip').subarray(0, -9)),
    );
    await expect(openText(archive)).resolves.toContain(
      'layer layer cannot be decompressed: the gzip data ends early',
    );
  });
});

describe('any tarball', () => {
  it('reads a tarball without layers', async () => {
    const built = emptyImage();
    const image = await opened(await dockerArchive(built));
    expect(image.root?.digest).toBe(
      'sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4',
    );
    expect((await nodesOf(image)).map(({ kind }) => kind)).toEqual(['blob', 'manifest']);
  });

  it('needs nothing of the config but its diff ids', async () => {
    const layer = await buildLayer([file('a')], { format: 'docker' });
    const config = { rootfs: { diff_ids: [layer.diffId] }, config: { Cmd: 'a string', Labels: [7] } };
    const archive = await archiveOf(
      { Config: 'config', Layers: ['layer'] },
      file('config', JSON.stringify(config)),
      file('layer', layer.bytes),
    );
    const image = await opened(archive);
    expect(await contentOf((await nodesOf(image))[0])).toEqual(Buffer.from(JSON.stringify(config)));
  });

  it.each([
    ['layer is missing', { Config: 'config', Layers: ['gone'] }, 'file gone not found in the tarball'],
    ['config is missing', { Config: 'gone', Layers: [] }, 'file gone not found in the tarball'],
    ['config is no JSON', { Config: 'plain', Layers: [] }, 'config plain is not a JSON document'],
    [
      'layer is a directory',
      { Config: 'config', Layers: ['directory'] },
      'directory in the tarball is not a file',
    ],
    ['second layer is missing', { Config: 'two', Layers: ['zipped', 'gone'] }, 'file gone not found'],
  ])('fails before anything is yielded when the %s', async (_case, manifest, message) => {
    const archive = await archiveOf(
      manifest,
      configOf(digestOf('plain')),
      file('plain', 'plain'),
      file('two', JSON.stringify({ rootfs: { diff_ids: [digestOf('1'), digestOf('2')] } })),
      file('zipped', compress(Buffer.from('1'), 'gzip')),
      { name: 'directory', type: 'directory' },
    );
    expect(await openText(archive)).toContain(message);
  });
});
