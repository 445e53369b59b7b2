// Copies a content graph from a source to a target: children first, several at a time, the root last.
import { buffer } from 'node:stream/consumers';
import type { OnContentEvent } from '../content/content-event.ts';
import type { ContentNode, ContentSource, ContentTarget, IsPresent } from '../content/content-graph.ts';
import { createBudget, type Limiter } from '../limiter.ts';
import { maximumHeldDocuments } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { copyAgainIfLost } from './copy-again.ts';
import { atSide } from './copy-error.ts';
import { type CopyRoute, copyNode, nodeName } from './copy-node.ts';

/** Options of a copy. */
export interface CopyOptions {
  /** How many nodes are copied at a time; several copies may share it. An archive takes one at a time. */
  readonly limiter: Limiter;
  /** Ends the copy with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly on: OnContentEvent;
}

/**
 * Copies a graph, stores its root by digest and returns it. The target is asked for the root first, and what it already
 * holds is not sent. Throws a CopyError that names the side that failed.
 */
export async function copy(
  source: ContentSource,
  target: ContentTarget,
  options: CopyOptions,
): Promise<Descriptor> {
  return await copyAgainIfLost(target, options.on, async (to) => {
    const root = await copyBelowRoot(source, to, options);
    const bytes = await readRoot(source, root);
    await atSide('destination', `writing ${nodeName(root)} to ${to.name}`, () =>
      to.publish(root.descriptor, bytes),
    );
    return root.descriptor;
  });
}

/** The bytes of the root. */
export async function readRoot(source: ContentSource, root: ContentNode): Promise<Uint8Array> {
  return await atSide('source', `reading ${nodeName(root)} from ${source.name}`, async () =>
    buffer(await root.open()),
  );
}

/**
 * Copies everything but the root, which it returns. The target is not asked for a manifest when `known` returns whether
 * it exists.
 */
export async function copyBelowRoot(
  source: ContentSource,
  target: ContentTarget,
  options: CopyOptions,
  known: (digest: Digest) => boolean | undefined = () => undefined,
): Promise<ContentNode> {
  const ending = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal;
  const transfers = startTransfers({ from: source.name, target, signal, on: options.on }, options, (error) =>
    ending.abort(error),
  );
  const present: IsPresent = async (descriptor, kind) =>
    known(descriptor.digest) ??
    (await atSide('destination', `asking ${target.name} for ${kind} ${descriptor.digest}`, () =>
      target.has(descriptor, kind, signal),
    ));
  try {
    const root = await startAll(source, present, transfers, signal);
    await transfers.settled();
    signal.throwIfAborted();
    if (!root) {
      throw new Error('a content source must end with its root');
    }
    return root;
  } catch (error) {
    // The other transfers end before this is thrown; the first failure is the one to report.
    ending.abort(error);
    await transfers.settled();
    throw signal.reason;
  }
}

/** Starts the transfer of every node but the root, which is returned. */
async function startAll(
  source: ContentSource,
  present: IsPresent,
  transfers: Transfers,
  signal: AbortSignal,
): Promise<ContentNode | undefined> {
  // A manifest is the root unless another node follows it, so each waits for the next node.
  let last: ContentNode | undefined;
  for await (const node of readNodes(source, present)) {
    signal.throwIfAborted();
    if (last) {
      await transfers.start(last);
      last = undefined;
    }
    if (node.kind === 'blob') {
      await transfers.start(node);
    } else {
      last = node;
    }
    signal.throwIfAborted();
  }
  return last;
}

async function* readNodes(source: ContentSource, present: IsPresent): AsyncGenerator<ContentNode> {
  const nodes = source.nodes(present)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await atSide('source', `reading ${source.name}`, () => nodes.next());
      if (next.done) {
        return;
      }
      yield next.value;
    }
  } finally {
    await nodes.return?.();
  }
}

async function endOfBoth(before: Promise<void>, transfer: Promise<void>): Promise<void> {
  await Promise.allSettled([before, transfer]);
}

/** The transfers of a copy. */
interface Transfers {
  /** Resolves when the next node may be started. */
  start(node: ContentNode): Promise<void>;
  /** Resolves when all have ended, successful or not. */
  settled(): Promise<void>;
}

function startTransfers(
  route: CopyRoute,
  { limiter }: CopyOptions,
  onFailure: (error: unknown) => void,
): Transfers {
  const { target, signal } = route;
  const documents = createBudget(maximumHeldDocuments);
  // Resolves when every transfer that was started so far has ended, successful or not.
  let allEnded: Promise<void> = Promise.resolve();
  return {
    async start(node) {
      const isBlob = node.kind === 'blob';
      // Blobs acquire their slot here and documents their memory, so that the source is not read far ahead.
      const release = await (isBlob ? limiter.acquire() : documents.acquire(node.descriptor.size));
      // The children of a document were started before it: a child never waits for its parent.
      const before = allEnded;
      const transfer = (async () => {
        let free: (() => void) | undefined;
        try {
          if (!isBlob) {
            await before;
            free = await limiter.acquire();
          }
          signal.throwIfAborted();
          await copyNode(node, route);
        } catch (error) {
          onFailure(error);
          throw error;
        } finally {
          free?.();
          release();
        }
      })();
      allEnded = endOfBoth(before, transfer);
      if (target.order === 'listed') {
        await transfer;
      }
    },
    settled: () => allEnded,
  };
}
