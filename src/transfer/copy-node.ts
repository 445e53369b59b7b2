// Copies one node: skips, mounts or writes it, and attributes a failure to the source or the destination.
import type { Readable } from 'node:stream';
import type { OnContentEvent } from '../content/content-event.ts';
import type { ContentNode, ContentTarget, GraphNode } from '../content/content-graph.ts';
import { causes } from '../errors.ts';
import { atSide, CopyError } from './copy-error.ts';

/** The two sides of a copy, and what its transfers share. */
export interface CopyRoute {
  /** The name of the source. */
  readonly from: string;
  readonly target: ContentTarget;
  /** Ends the transfer with the signal's reason. */
  readonly signal: AbortSignal;
  readonly on: OnContentEvent;
}

/** The name of a node in messages: `layer sha256:…`. */
export function nodeName({ descriptor, kind, part }: GraphNode): string {
  return `${part ?? kind} ${descriptor.digest}`;
}

/** Copies a node that is not the root, unless the target holds it already. Throws a {@link CopyError}. */
export async function copyNode(node: ContentNode, route: CopyRoute): Promise<void> {
  const { target, signal, on } = route;
  const { descriptor, kind, origin } = node;
  if (kind === 'blob') {
    // First, because it does no harm where the blob is there: one request says as much as two.
    if (origin && target.mount) {
      const mount = target.mount.bind(target);
      const mounting = `mounting ${nodeName(node)} into ${target.name}`;
      if (await atSide('destination', mounting, () => mount(descriptor, origin, signal))) {
        node.skip?.();
        on({ type: 'mounted', node });
        return;
      }
    }
    const asking = `asking ${target.name} for ${nodeName(node)}`;
    if (await atSide('destination', asking, () => target.has(descriptor, kind, signal))) {
      node.skip?.();
      on({ type: 'existing', node });
      return;
    }
  }
  on({ type: await writeNode(node, route), node });
}

async function writeNode(
  node: ContentNode,
  { from, target, signal }: CopyRoute,
): Promise<'pushed' | 'mounted'> {
  const readFailures = new Set<unknown>();
  const open = async (): Promise<Readable> => {
    signal.throwIfAborted();
    try {
      const stream = await node.open();
      stream.once('error', (error) => readFailures.add(error));
      endOnAbort(stream, signal);
      return stream;
    } catch (error) {
      readFailures.add(error);
      throw error;
    }
  };
  try {
    return await target.write({ ...node, open }, signal);
  } catch (error) {
    signal.throwIfAborted();
    // A target throws the error of the stream that it reads unchanged; its own errors are other objects.
    const isRead = [...causes(error)].some((level) => readFailures.has(level));
    throw isRead
      ? new CopyError('source', `reading ${nodeName(node)} from ${from}`, error)
      : new CopyError('destination', `writing ${nodeName(node)} to ${target.name}`, error);
  }
}

function endOnAbort(stream: Readable, signal: AbortSignal): void {
  const end = () => stream.destroy(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', end));
}
