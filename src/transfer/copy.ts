// The walk that moves every image: from a source to a target, children first and the root last.
import { buffer } from 'node:stream/consumers';
import type { ContentNode, ContentSource, ContentTarget } from '../content/content-graph.ts';
import { createLimiter } from '../limiter.ts';
import type { Descriptor } from '../oci/descriptor.ts';

/** How a copy is done. */
export interface CopyOptions {
  /** How many nodes travel at a time; a target that takes them in order gets one after the other. */
  readonly concurrency: number;
}

/** Copies a graph and stores its root by digest. What the target has already is not sent. Gives the root. */
export async function copy(
  source: ContentSource,
  target: ContentTarget,
  options: CopyOptions,
): Promise<Descriptor> {
  const root = await copyBelowRoot(source, target, options);
  await target.publish(root.descriptor, await buffer(await root.open()));
  return root.descriptor;
}

/** Copies everything but the root, which is yet to be published. */
export async function copyBelowRoot(
  source: ContentSource,
  target: ContentTarget,
  options: CopyOptions,
): Promise<ContentNode> {
  const limiter = createLimiter(target.order === 'listed' ? 1 : options.concurrency);
  const transfers: Promise<void>[] = [];
  let failed = false;

  const start = async (node: ContentNode) => {
    // What lies below a manifest is on its way by now: a child never waits behind its parent.
    const below = node.kind === 'blob' ? [] : [...transfers];
    // Blobs take their slot here, so that the source is not read further ahead than there are limiter.
    const release = node.kind === 'blob' ? await limiter.acquire() : undefined;
    if (failed) {
      release?.();
      return;
    }
    const transfer = (async () => {
      let free = release;
      try {
        await Promise.all(below);
        free ??= await limiter.acquire();
        await transferNode(node, target);
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        free?.();
      }
    })();
    // Told at the end, by Promise.all.
    transfer.catch(() => {});
    transfers.push(transfer);
    if (target.order === 'listed') {
      await transfer;
    }
  };

  // A manifest is the root unless another node follows it, so each is held back until the next one shows.
  let held: ContentNode | undefined;
  for await (const node of source.nodes((descriptor, kind) => target.has(descriptor, kind))) {
    if (held) {
      await start(held);
      held = undefined;
    }
    if (node.kind === 'blob') {
      await start(node);
    } else {
      held = node;
    }
    if (failed) {
      break;
    }
  }
  await Promise.all(transfers);
  if (!held) {
    throw new Error('a content source must end with its root');
  }
  return held;
}

async function transferNode(node: ContentNode, target: ContentTarget): Promise<void> {
  const { descriptor, kind } = node;
  if (kind !== 'blob' || !(await target.has(descriptor, kind))) {
    await target.write(node);
  }
}
