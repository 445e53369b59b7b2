import { describe, expect, it } from 'vitest';
import {
  childrenOf,
  type GraphNode,
  refuseListedBlobs,
  visitChildrenFirst,
} from '../../src/content/graph-source.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';

function descriptorFor(name: string, mediaType: string): Descriptor {
  return { mediaType, size: name.length, digest: digestOf(name) };
}

const blob = (name: string): GraphNode => ({
  kind: 'blob',
  descriptor: descriptorFor(name, mediaTypes.ociLayerGzip),
});
const manifest = (name: string): GraphNode => ({
  kind: 'manifest',
  descriptor: descriptorFor(name, mediaTypes.ociManifest),
});
const index = (name: string): GraphNode => ({
  kind: 'index',
  descriptor: descriptorFor(name, mediaTypes.ociIndex),
});

const graph: Readonly<Record<string, readonly GraphNode[]>> = {
  root: [manifest('amd64'), index('inner'), manifest('amd64')],
  inner: [manifest('arm64')],
  amd64: [blob('config-1'), blob('base'), blob('base'), blob('app')],
  arm64: [blob('config-2'), blob('base')],
};
const names = new Map(
  ['root', 'inner', 'amd64', 'arm64', 'config-1', 'config-2', 'base', 'app'].map((name) => [
    digestOf(name),
    name,
  ]),
);

function nameOf({ digest }: Descriptor): string {
  return names.get(digest) ?? '';
}

async function visit(root: GraphNode, present: readonly string[] = []) {
  const expanded: string[] = [];
  const expand = async ({ descriptor }: GraphNode) => {
    expanded.push(nameOf(descriptor));
    return graph[nameOf(descriptor)] ?? [];
  };
  const visited = await Array.fromAsync(
    visitChildrenFirst(root, expand, async (descriptor) => present.includes(nameOf(descriptor))),
    ({ descriptor }) => nameOf(descriptor),
  );
  return { visited, expanded };
}

describe('the walk over a graph', () => {
  it('gives children before parents, each once, the root last', async () => {
    expect((await visit(index('root'))).visited).toEqual([
      'config-1',
      'base',
      'app',
      'amd64',
      'config-2',
      'arm64',
      'inner',
      'root',
    ]);
  });

  it('leaves out what is present, and does not read it', async () => {
    expect(await visit(index('root'), ['amd64'])).toEqual({
      visited: ['config-2', 'base', 'arm64', 'inner', 'root'],
      expanded: ['root', 'inner', 'arm64'],
    });
  });

  it('leaves out an index that is present with everything below it', async () => {
    expect((await visit(index('root'), ['inner'])).visited).not.toContain('arm64');
  });

  it('does not ask about the root nor about blobs', async () => {
    const { visited } = await visit(manifest('amd64'), ['amd64', 'base', 'app', 'config-1']);
    expect(visited).toEqual(['config-1', 'base', 'app', 'amd64']);
  });
});

describe('children', () => {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const config = descriptorFor('config', mediaTypes.ociConfig);
  const layer = descriptorFor('layer', mediaTypes.ociLayerGzip);
  const foreign = descriptorFor('foreign', mediaTypes.dockerForeignLayer);

  it('of a manifest are its config and all layers', () => {
    expect(childrenOf('manifest', json({ config, layers: [layer, foreign] }), 'it')).toEqual([
      { descriptor: config, kind: 'blob', part: 'config' },
      { descriptor: layer, kind: 'blob', part: 'layer' },
      { descriptor: foreign, kind: 'blob', part: 'layer' },
    ]);
  });

  it('of an index are images and indexes', () => {
    const image = descriptorFor('image', mediaTypes.dockerManifest);
    const list = descriptorFor('list', mediaTypes.dockerManifestList);
    expect(childrenOf('index', json({ manifests: [image, list] }), 'it')).toEqual([
      { descriptor: image, kind: 'manifest' },
      { descriptor: list, kind: 'index' },
    ]);
  });

  it.each([mediaTypes.ociLayerGzip, mediaTypes.dockerManifestSchema1Signed, ''])(
    'of an index that are of type %j are blobs, which can not be pushed',
    (mediaType) => {
      const image = descriptorFor('image', mediaTypes.dockerManifest);
      const descriptor = descriptorFor('child', mediaType);
      const children = childrenOf('index', json({ manifests: [image, descriptor] }), 'index x');
      expect(children.map(({ kind }) => kind)).toEqual(['manifest', 'blob']);
      expect(() => refuseListedBlobs(children, 'index x')).toThrow(
        `index x: ${descriptor.digest} is neither an image nor an index: its media type is "${mediaType}"`,
      );
      expect(() => refuseListedBlobs(children.slice(0, 1), 'index x')).not.toThrow();
    },
  );
});
