// The walk over a graph: children first, each digest once, and no further than it must go.
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ContentReader, contentKind, type GraphNode } from '../../src/content/content-graph.ts';
import { graphDocuments } from '../../src/content/graph-documents.ts';
import { childrenOf, type GraphSourceOptions, graphSource } from '../../src/content/graph-source.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** Documents by digest; every descriptor is named after what it was made from. */
function graphOf() {
  const documents = new Map<string, Buffer>();
  const names = new Map<string, string>();
  const add = (name: string, mediaType: string, bytes: Buffer): Descriptor => {
    const descriptor = { mediaType, size: bytes.length, digest: digestOf(bytes) };
    names.set(descriptor.digest, name);
    documents.set(descriptor.digest, bytes);
    return descriptor;
  };
  const blob = (name: string, mediaType: string = mediaTypes.ociLayerGzip) =>
    add(name, mediaType, Buffer.from(name));
  const image = (name: string, config: Descriptor, ...layers: Descriptor[]) =>
    add(name, mediaTypes.ociManifest, json({ annotations: { name }, config, layers }));
  const index = (name: string, ...manifests: Descriptor[]) =>
    add(name, mediaTypes.ociIndex, json({ annotations: { name }, manifests }));
  return { documents, names, blob, image, index };
}

type TestGraph = ReturnType<typeof graphOf>;

const nodeOf = (descriptor: Descriptor): GraphNode => ({
  descriptor,
  kind: contentKind(descriptor.mediaType),
});

async function walk(
  { documents, names }: TestGraph,
  root: Descriptor,
  options: Partial<GraphSourceOptions> & { present?: readonly string[] } = {},
) {
  const read: string[] = [];
  const asked: string[] = [];
  const nameOf = ({ digest }: Descriptor) => names.get(digest) ?? digest;
  const reader: ContentReader = {
    name: 'memory',
    async document({ descriptor }) {
      read.push(nameOf(descriptor));
      return { bytes: documents.get(descriptor.digest) ?? Buffer.alloc(0), mediaType: descriptor.mediaType };
    },
    open: async ({ descriptor }) => Readable.from([documents.get(descriptor.digest) ?? Buffer.alloc(0)]),
  };
  const { present = [], ...others } = options;
  const source = graphSource(reader, nodeOf(root), { foreign: 'keep', listedBlobs: 'keep', ...others });
  const visited = await Array.fromAsync(
    source.nodes(async (descriptor) => {
      asked.push(nameOf(descriptor));
      return present.includes(nameOf(descriptor));
    }),
    ({ descriptor }) => nameOf(descriptor),
  );
  return { visited, read, asked };
}

function twoPlatforms() {
  const graph = graphOf();
  const base = graph.blob('base');
  const amd64 = graph.image('amd64', graph.blob('config 1'), base, base, graph.blob('app'));
  const arm64 = graph.image('arm64', graph.blob('config 2'), base);
  return { graph, amd64, root: graph.index('root', amd64, graph.index('inner', arm64), amd64) };
}

describe('the traversal of a graph', () => {
  it('yields children before parents, each digest once, and the root last', async () => {
    const { graph, root } = twoPlatforms();
    const { visited, read } = await walk(graph, root);
    expect(visited).toEqual(['config 1', 'base', 'app', 'amd64', 'config 2', 'arm64', 'inner', 'root']);
    expect(read).toEqual(['root', 'amd64', 'inner', 'arm64']);
  });

  it('checks the root first, and yields it alone when it is present', async () => {
    const { graph, root } = twoPlatforms();
    expect(await walk(graph, root, { present: ['root'] })).toEqual({
      visited: ['root'],
      read: [],
      asked: ['root'],
    });
  });

  it('leaves out an image that is present, and does not read it', async () => {
    const { graph, root } = twoPlatforms();
    const { visited, read } = await walk(graph, root, { present: ['amd64'] });
    expect(visited).toEqual(['config 2', 'base', 'arm64', 'inner', 'root']);
    expect(read).toEqual(['root', 'inner', 'arm64']);
  });

  it('leaves out an index that is present with everything below it', async () => {
    const { graph, root } = twoPlatforms();
    expect((await walk(graph, root, { present: ['inner'] })).visited).not.toContain('arm64');
  });

  it('does not check blobs', async () => {
    const { graph, amd64 } = twoPlatforms();
    expect((await walk(graph, amd64)).asked).toEqual(['amd64']);
  });

  it('yields the config of an image after its layers when configs is last', async () => {
    const { graph, amd64 } = twoPlatforms();
    const { visited } = await walk(graph, amd64, { configs: 'last' });
    expect(visited).toEqual(['base', 'app', 'config 1', 'amd64']);
  });

  it('skips foreign layers when the target cannot store them', async () => {
    const graph = graphOf();
    const image = graph.image(
      'image',
      graph.blob('config'),
      graph.blob('foreign', mediaTypes.dockerForeignLayer),
    );
    expect((await walk(graph, image, { foreign: 'skip' })).visited).toEqual(['config', 'image']);
    expect((await walk(graph, image)).visited).toEqual(['config', 'foreign', 'image']);
  });

  it.each([mediaTypes.ociLayerGzip, mediaTypes.dockerManifestSchema1Signed, ''])(
    'refuses an index that lists content of type %j when it is to be pushed, and reads it as a blob otherwise',
    async (mediaType) => {
      const graph = graphOf();
      const listed = graph.blob('listed', mediaType);
      const index = graph.index('index', graph.image('image', graph.blob('config')), listed);
      await expect(walk(graph, index, { listedBlobs: 'refuse' })).rejects.toThrow(
        `index ${index.digest}: ${listed.digest} is neither an image nor an index: its media type is "${mediaType}"`,
      );
      expect((await walk(graph, index)).visited).toEqual(['config', 'image', 'listed', 'index']);
    },
  );

  it('follows indexes that nest thousands of levels deep', async () => {
    const graph = graphOf();
    let root = graph.image('image', graph.blob('config'));
    for (let depth = 0; depth < 5_000; depth++) {
      root = graph.index(`index ${depth}`, root);
    }
    expect((await walk(graph, root)).visited).toHaveLength(5_002);
  });

  it('fails when the indexes inside each other are too large together', async () => {
    const graph = graphOf();
    const padding = 'x'.repeat(6 << 20);
    const nested = (levels: number) => {
      let root = graph.image('image', graph.blob('config'));
      for (let depth = 0; depth < levels; depth++) {
        root = graph.index(`index ${depth} ${padding}`, root);
      }
      return root;
    };
    expect((await walk(graph, nested(2))).visited).toHaveLength(4);
    await expect(walk(graph, nested(3))).rejects.toThrow(
      /^index sha256:\w+ and the indexes above it have more than 16777216 bytes$/,
    );
  });

  it('does not read again what was read to select an image', async () => {
    const { graph, root } = twoPlatforms();
    const known = graphDocuments({
      name: 'other',
      document: async () => expect.unreachable('it is known'),
      open: async () => expect.unreachable('it is no blob'),
    });
    known.keep(root.digest, { bytes: graph.documents.get(root.digest) ?? Buffer.alloc(0), mediaType: '' });
    await expect(walk(graph, root, { documents: known })).rejects.toThrow('it is known');
  });
});

describe('the children', () => {
  const descriptorFor = (name: string, mediaType: string): Descriptor => ({
    mediaType,
    size: name.length,
    digest: digestOf(name),
  });

  it('of a manifest are its config and all layers', () => {
    const config = descriptorFor('config', mediaTypes.ociConfig);
    const layer = descriptorFor('layer', mediaTypes.ociLayerGzip);
    const foreign = descriptorFor('foreign', mediaTypes.dockerForeignLayer);
    expect(childrenOf('manifest', json({ config, layers: [layer, foreign] }), 'it')).toEqual([
      { descriptor: config, kind: 'blob', part: 'config' },
      { descriptor: layer, kind: 'blob', part: 'layer' },
      { descriptor: foreign, kind: 'blob', part: 'layer' },
    ]);
  });

  it('of an index are the images and indexes that it lists', () => {
    const image = descriptorFor('image', mediaTypes.dockerManifest);
    const list = descriptorFor('list', mediaTypes.dockerManifestList);
    expect(childrenOf('index', json({ manifests: [image, list] }), 'it')).toEqual([
      { descriptor: image, kind: 'manifest' },
      { descriptor: list, kind: 'index' },
    ]);
  });
});
