// Brings what lies below a manifest or an index to a target, where the node itself is published by whoever calls this.
import type { ContentReader, GraphNode, TaggedTarget } from '../content/content-graph.ts';
import { graphSource } from '../content/graph-source.ts';
import { type CopyOptions, copyBelowRoot } from '../transfer/copy.ts';

/** Copies the graph below a node, unless the target holds the node, and leaves the node itself to be published. */
export async function bringBelow(
  target: TaggedTarget,
  node: GraphNode,
  reader: ContentReader,
  options: CopyOptions,
): Promise<'held' | 'brought'> {
  const { descriptor, kind } = node;
  if (await target.has(descriptor, kind, options.signal)) {
    return 'held';
  }
  const graph = graphSource(reader, node, { foreign: 'skip', listedBlobs: 'refuse' });
  await copyBelowRoot(graph, target, options, (asked) => (asked === descriptor.digest ? false : undefined));
  return 'brought';
}
