// Brings what is attached to an image to a target: content by digest first, then the tags that derive from digests.
import type { ContentReader, GraphNode, TaggedTarget } from '../content/content-graph.ts';
import { graphSource } from '../content/graph-source.ts';
import { type CopyOptions, copyBelowRoot } from '../transfer/copy.ts';
import type { Attachment } from './attachments.ts';

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

/** Brings attachments one after the other, subjects before their referrers as they are listed. */
export async function bringAttachments(
  target: TaggedTarget,
  attachments: readonly Attachment[],
  reader: ContentReader,
  options: CopyOptions,
): Promise<void> {
  for (const { node, tag } of attachments) {
    const outcome = await bringBelow(target, node, reader, options);
    const { descriptor } = node;
    const read = async () => (await reader.document(node)).bytes;
    if (tag === undefined) {
      await (outcome === 'brought'
        ? target.publish(descriptor, await read())
        : target.recordHeld?.(descriptor, read));
      continue;
    }
    const [current] = await target.currentTags([tag]);
    if (current && !(current.now.state === 'found' && current.now.digest === descriptor.digest)) {
      await target.publishTagged(descriptor, await read(), [current]);
    }
  }
}
