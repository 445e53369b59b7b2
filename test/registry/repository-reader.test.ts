// The graph of a repository: the order of its nodes, and what is not requested.
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ContentNode, GraphNode } from '../../src/content/content-graph.ts';
import { graphDocuments } from '../../src/content/graph-documents.ts';
import { graphSource } from '../../src/content/graph-source.ts';
import { repositoryReader } from '../../src/registry/repository-reader.ts';
import { buildImage, buildIndex, descriptorOf, type Index, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { startRegistry } from '../support/registry.ts';
import { openTestSession } from '../support/test-session.ts';

async function walk(index: Index, configs: 'first' | 'last', present: readonly string[] = []) {
  await using registry = await startRegistry();
  seed(registry, 'app', undefined, index);
  const session = await openTestSession(`${registry.host}/app`);
  const reader = repositoryReader(session);
  const documents = graphDocuments(reader);
  documents.keep(index.digest, index);
  const root: GraphNode = { descriptor: descriptorOf(index), kind: 'index' };
  const source = graphSource(reader, root, { documents, configs, foreign: 'keep', listedBlobs: 'keep' });
  const nodes: ContentNode[] = [];
  const contents = new Map<string, Buffer>();
  for await (const node of source.nodes(async ({ digest }) => present.includes(digest))) {
    nodes.push(node);
    contents.set(node.descriptor.digest, await buffer(await node.open()));
    expect(await buffer(await node.open())).toEqual(contents.get(node.descriptor.digest));
  }
  const manifests = registry.requests.filter(({ path }) => path.includes('/manifests/'));
  return { nodes: nodes.map(({ descriptor }) => descriptor.digest), contents, manifests };
}

describe('the traversal of a repository', () => {
  it.each(['first', 'last'] as const)('yields children first, the config %s', async (configs) => {
    const image = await buildImage({ layers: [[file('a')], [file('b')]] });
    const index = buildIndex([image]);
    const { nodes, contents, manifests } = await walk(index, configs);
    const layers = image.layers.map(({ digest }) => digest);
    const config = image.config.digest;
    const below = configs === 'first' ? [config, ...layers] : [...layers, config];
    expect(nodes).toEqual([...below, image.digest, index.digest]);
    expect(contents.get(image.digest)).toEqual(image.bytes);
    // The index is known, and opening a manifest again sends no request.
    expect(manifests.map(({ path }) => path)).toEqual([`/v2/app/manifests/${image.digest}`]);
  });

  it('leaves out what is present, without a request', async () => {
    const [one, two] = [
      await buildImage({ layers: [[file('1')]] }),
      await buildImage({ layers: [[file('2')]] }),
    ];
    const index = buildIndex([one, two]);
    const { nodes, manifests } = await walk(index, 'first', [one.digest]);
    expect(nodes).toEqual([two.config.digest, two.layers[0]?.digest, two.digest, index.digest]);
    expect(manifests).toHaveLength(1);
  });

  it('fails when a manifest is longer than the index states', async () => {
    const image = await buildImage({ layers: [] });
    const index = buildIndex([image]);
    const wrong = Buffer.from(
      index.bytes.toString().replace(`"size":${image.bytes.length}`, `"size":${image.bytes.length - 1}`),
    );
    await expect(walk({ ...index, bytes: wrong }, 'first')).rejects.toThrow('size mismatch');
  });
});
