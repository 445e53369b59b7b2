import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openOciLayout } from '../../src/disk/oci-layout.ts';
import { type Digest, digestHex, digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { writeOciLayout } from '../support/image-files.ts';
import {
  buildImage,
  buildIndex,
  descriptorOf,
  type Image,
  jsonDocument,
  type Root,
} from '../support/images.ts';
import { buildLayer, file } from '../support/layers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const imageOf = (name: string): Promise<Image> => buildImage({ layers: [[file('base')], [file(name)]] });

async function layoutOf(root: Root, options: Parameters<typeof writeOciLayout>[2] = {}): Promise<string> {
  const directory = await temporaryDirectory();
  await writeOciLayout(directory, root, options);
  return directory;
}

function pathOf(directory: string, { digest }: { readonly digest: Digest }): string {
  return join(directory, 'blobs', 'sha256', digestHex(digest));
}

async function digestsOf(directory: string, present: readonly Digest[] = []): Promise<Digest[]> {
  const layout = await openOciLayout(directory);
  return Array.fromAsync(
    layout.nodes(async ({ digest }) => present.includes(digest)),
    ({ descriptor }) => descriptor.digest,
  );
}

describe('openOciLayout', () => {
  it('yields an index with everything below it, children first and shared blobs once', async () => {
    const [a, b] = [await imageOf('a'), await imageOf('b')];
    const index = buildIndex([a, b]);
    const [base, top] = a.layers;
    expect(b.layers[0]?.digest).toBe(base?.digest);
    const inOrder = [a.config, base, top, a, b.config, b.layers[1], b, index];
    expect(await digestsOf(await layoutOf(index))).toEqual(inOrder.map((content) => content?.digest));
  });

  it('descends into an index while it lists just one index', async () => {
    const inner = buildIndex([await imageOf('a'), await imageOf('b')], { format: 'docker' });
    const directory = await layoutOf(buildIndex([inner]), { nested: true });
    const layout = await openOciLayout(directory);
    expect(layout.root).toMatchObject({ digest: inner.digest, mediaType: mediaTypes.dockerManifestList });
  });

  it('yields a layout of a single image as an index', async () => {
    const image = await imageOf('a');
    const digests = await digestsOf(await layoutOf(image));
    expect(digests.slice(0, -1)).toContain(image.digest);
    expect(digests.at(-1)).not.toBe(image.digest);
  });

  it('yields the image that the file single-image-digest names', async () => {
    const image = await imageOf('a');
    const directory = await layoutOf(image, { singleImageDigest: true });
    const layout = await openOciLayout(directory);
    expect(layout.root).toMatchObject({ digest: image.digest, mediaType: mediaTypes.ociManifest });
    expect((await digestsOf(directory)).at(-1)).toBe(image.digest);
  });

  it.each([
    ['oci', mediaTypes.ociIndex],
    ['docker', mediaTypes.dockerManifestList],
  ] as const)(
    'takes the media type of an index.json in %s format from its content',
    async (format, mediaType) => {
      const index = buildIndex([await imageOf('a'), await imageOf('b')], { format });
      expect((await openOciLayout(await layoutOf(index))).root).toEqual({
        mediaType,
        size: index.bytes.length,
        digest: index.digest,
      });
    },
  );

  it('takes an index.json without a media type as an OCI index', async () => {
    const directory = await layoutOf(buildIndex([await imageOf('a'), await imageOf('b')]));
    const path = join(directory, 'index.json');
    const { mediaType: _, ...untyped } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify(untyped));
    expect((await openOciLayout(directory)).root?.mediaType).toBe(mediaTypes.ociIndex);
  });

  const refName = (name: string) => ({
    annotations: { 'org.opencontainers.image.ref.name': name, 'io.containerd.image.name': name },
  });

  async function layoutListing(listing: unknown[], ...roots: Root[]): Promise<string> {
    const directory = await layoutOf(buildIndex(roots), { nested: true });
    await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: listing }));
    return directory;
  }

  it('descends into an index that has several names', async () => {
    const inner = buildIndex([await imageOf('a'), await imageOf('b')]);
    const names = ['1', '1.0', 'latest'].map((name) => descriptorOf(inner, refName(name)));
    const layout = await openOciLayout(await layoutListing(names, inner));
    expect(layout.root?.digest).toBe(inner.digest);
  });

  it('lists an image that has several names once', async () => {
    const [a, b] = [await imageOf('a'), await imageOf('b')];
    const listing = [descriptorOf(a, refName('1')), descriptorOf(b), descriptorOf(a, refName('2'))];
    const directory = await layoutListing(listing, a, b);
    const nodes = await Array.fromAsync((await openOciLayout(directory)).nodes(async () => false));
    const root = JSON.parse((await buffer(await nodes.at(-1)!.open())).toString());
    expect(root).toEqual({ schemaVersion: 2, manifests: listing.slice(0, 2) });
    expect(nodes.at(-1)?.descriptor.size).toBe(JSON.stringify(root).length);
  });

  const amd64 = { platform: { os: 'linux', architecture: 'amd64' } };
  it.each<[string, object, object, object]>([
    ['annotations of any name', { annotations: { created: '1' } }, { annotations: { created: '2' } }, {}],
    ['the order of a platform', amd64, { platform: { architecture: 'amd64', os: 'linux' } }, amd64],
    ['a platform that one of them lacks', { annotations: { a: 'b' } }, amd64, amd64],
  ])('lists an image once whose entries differ in %s', async (_name, first, second, kept) => {
    const a = await imageOf('a');
    const directory = await layoutListing([descriptorOf(a, first), descriptorOf(a, second)], a);
    const nodes = await Array.fromAsync((await openOciLayout(directory)).nodes(async () => false));
    const root = JSON.parse((await buffer(await nodes.at(-1)!.open())).toString());
    expect(root.manifests).toEqual([expect.objectContaining(descriptorOf(a, kept))]);
  });

  it('keeps an index as it is that lists one image for several platforms', async () => {
    const a = await imageOf('a');
    const listing = [
      descriptorOf(a, { platform: { os: 'linux', architecture: 'amd64' } }),
      descriptorOf(a, { platform: { os: 'linux', architecture: 'arm64' } }),
    ];
    const directory = await layoutListing(listing, a);
    const bytes = await readFile(join(directory, 'index.json'));
    expect((await openOciLayout(directory)).root?.size).toBe(bytes.length);
    expect((await digestsOf(directory)).at(-1)).toBe(digestOf(bytes));
  });

  it('opens the content of every node, again too', async () => {
    const image = await imageOf('a');
    const directory = await layoutOf(buildIndex([image, await imageOf('b')]));
    const layout = await openOciLayout(directory);
    for await (const node of layout.nodes(async () => false)) {
      const first = await buffer(await node.open());
      expect(first).toHaveLength(node.descriptor.size);
      expect(await buffer(await node.open())).toEqual(first);
    }
  });

  it('does not descend into an image that the target has already', async () => {
    const [a, b] = [await imageOf('a'), await imageOf('b')];
    const index = buildIndex([a, b]);
    const digests = await digestsOf(await layoutOf(index), [a.digest]);
    expect(digests).not.toContain(a.digest);
    expect(digests).not.toContain(a.layers[1]?.digest);
    expect(digests.slice(-2)).toEqual([b.digest, index.digest]);
  });

  it('neither needs nor yields foreign layers', async () => {
    const foreign = await buildLayer([file('w')], { mediaType: mediaTypes.ociForeignLayerGzip });
    const image = await buildImage({ layers: [foreign, [file('a')]] });
    const directory = await layoutOf(buildIndex([image, await imageOf('b')]));
    await rm(pathOf(directory, foreign));
    expect(await digestsOf(directory)).not.toContain(foreign.digest);
  });

  it('yields a layer that is foreign in one image and plain in the next', async () => {
    const layer = await buildLayer([file('w')]);
    const foreign = { ...layer, mediaType: mediaTypes.ociForeignLayerGzip };
    const index = buildIndex([
      await buildImage({ layers: [foreign] }),
      await buildImage({ layers: [layer] }),
    ]);
    expect(await digestsOf(await layoutOf(index))).toContain(layer.digest);
  });

  it('fails to read a blob whose content does not have its digest', async () => {
    const image = await imageOf('a');
    const directory = await layoutOf(image, { singleImageDigest: true });
    const layer = image.layers[0];
    await writeFile(pathOf(directory, layer ?? image), Buffer.alloc(layer?.bytes.length ?? 0));
    const [, node] = await Array.fromAsync((await openOciLayout(directory)).nodes(async () => false));
    await expect(node?.open().then(buffer)).rejects.toThrow('digest mismatch');
  });
});

describe('openOciLayout of a damaged layout', () => {
  const damages: [string, (directory: string, image: Image) => Promise<unknown>, RegExp][] = [
    [
      'without a layer',
      (directory, image) => rm(pathOf(directory, image.layers[1] ?? image)),
      /is missing from/,
    ],
    ['without the config', (directory, image) => rm(pathOf(directory, image.config)), /is missing from/],
    ['without a manifest', (directory, image) => rm(pathOf(directory, image)), /is missing from/],
    [
      'with a layer cut short',
      (directory, image) => truncate(pathOf(directory, image.layers[1] ?? image), 5),
      /has 5 bytes where its descriptor says \d+/,
    ],
    [
      'with a manifest of another size',
      (directory, image) => appendFile(pathOf(directory, image), ' '),
      /has \d+ bytes where its descriptor says \d+/,
    ],
    [
      'with another manifest of the same size',
      (directory, image) =>
        writeFile(pathOf(directory, image), image.bytes.toString().replace('layer', 'LAYER')),
      /digest mismatch/,
    ],
    ...['index.json', 'oci-layout', 'blobs', 'blobs/sha256'].map((name): (typeof damages)[number] => [
      `in which ${name} is a symbolic link`,
      async (directory) => {
        await rename(join(directory, name), join(directory, 'elsewhere'));
        await symlink(join(directory, 'elsewhere'), join(directory, name));
      },
      new RegExp(`${name} is a symbolic link$`),
    ]),
    ...(['config', 'layer', 'manifest'] as const).map((part): (typeof damages)[number] => [
      `in which a ${part} is a symbolic link`,
      async (directory, image) => {
        const parts = { config: image.config, layer: image.layers[1] ?? image, manifest: image };
        const path = pathOf(directory, parts[part]);
        await rename(path, join(directory, 'elsewhere'));
        await symlink('../../elsewhere', path);
      },
      /is a symbolic link$/,
    ]),
    ...['index.json', 'oci-layout', 'single-image-digest'].map((name): (typeof damages)[number] => [
      `in which ${name} is a fifo`,
      async (directory) => {
        await rm(join(directory, name), { force: true });
        execFileSync('mkfifo', [join(directory, name)]);
      },
      new RegExp(`${name} is not a regular file$`),
    ]),
    [
      'with an index.json larger than any index',
      (directory) => truncate(join(directory, 'index.json'), 33 * 1024 * 1024),
      /has 34603008 bytes, more than the limit of 33554432 bytes$/,
    ],
    [
      'with a layer that is a directory',
      async (directory, image) => {
        await rm(pathOf(directory, image.config));
        await mkdir(pathOf(directory, image.config));
      },
      /is not a regular file/,
    ],
    [
      'with an index.json that lists nothing',
      (directory) => writeFile(join(directory, 'index.json'), '{"schemaVersion":2,"manifests":[]}'),
      /index\.json lists no image$/,
    ],
    ...['{}', '{"manifests":null}'].map((content): (typeof damages)[number] => [
      `with the index.json ${content}`,
      (directory) => writeFile(join(directory, 'index.json'), content),
      /index\.json lists no image$/,
    ]),
    ...[{ layers: [] }, { config: {} }, { mediaType: mediaTypes.ociManifest }].map(
      (members): (typeof damages)[number] => [
        `whose index.json has members of an image: ${JSON.stringify(members)}`,
        async (directory) => {
          const path = join(directory, 'index.json');
          const index = JSON.parse(await readFile(path, 'utf8'));
          await writeFile(path, JSON.stringify({ ...index, ...members }));
        },
        /index\.json is ambiguous: it is an index by its media type/,
      ],
    ),
    [
      'with a nested index whose media type is not that of its descriptor',
      async (directory) => {
        const path = join(directory, 'index.json');
        const bytes = await readFile(path);
        await writeFile(pathOf(directory, { digest: digestOf(bytes) }), bytes);
        const inner = {
          mediaType: mediaTypes.dockerManifestList,
          size: bytes.length,
          digest: digestOf(bytes),
        };
        await writeFile(path, JSON.stringify({ manifests: [inner] }));
      },
      /is ambiguous: its media type is application\/vnd\.docker\.distribution\.manifest\.list/,
    ],
    [
      'with a manifest whose media type is not that of its descriptor',
      async (directory, image) => {
        const path = join(directory, 'index.json');
        const index = JSON.parse(await readFile(path, 'utf8'));
        index.manifests[0].mediaType = mediaTypes.dockerManifest;
        await writeFile(path, JSON.stringify(index));
        expect(index.manifests[0].digest).toBe(image.digest);
      },
      /is ambiguous: its media type is application\/vnd\.docker\.distribution\.manifest\.v2\+json, but it states/,
    ],
    [
      'with an entry that is neither image nor index',
      async (directory, image) => {
        const odd = jsonDocument('application/vnd.example+json', {});
        const manifests = [descriptorOf(image), descriptorOf(odd)];
        await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
      },
      /is neither an image nor an index: its media type is "application\/vnd\.example\+json"/,
    ],
    [
      'with an index.json that is not JSON',
      (directory) => writeFile(join(directory, 'index.json'), 'x'),
      /index\.json is not a JSON document/,
    ],
    [
      'with a line feed after the single image digest',
      (directory, image) => writeFile(join(directory, 'single-image-digest'), `${image.digest}\n`),
      /must hold a digest and nothing else/,
    ],
    [
      'with a single image that the index does not list',
      (directory, image) => writeFile(join(directory, 'single-image-digest'), image.config.digest),
      /names sha256:\w+, which is not an image/,
    ],
  ];

  it.each(damages)('refuses a layout %s before anything is pushed', async (_case, damage, message) => {
    const image = await imageOf('a');
    const directory = await layoutOf(buildIndex([image, await imageOf('b')]));
    await damage(directory, image);
    await expect(openOciLayout(directory)).rejects.toThrow(message);
  });
});
