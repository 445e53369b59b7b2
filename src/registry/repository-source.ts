// A repository as the place where a content graph comes from.
import { Readable } from 'node:stream';
import type { ContentNode, ContentSource } from '../content/content-graph.ts';
import { childrenOf, type GraphNode, visitChildrenFirst } from '../content/graph-source.ts';
import type { Digest } from '../oci/digest.ts';
import type { Session } from '../transport/session.ts';
import { openLayer } from './layer-download.ts';
import { getListedManifest } from './manifest-endpoint.ts';

/** What of a repository is wanted, and how. */
export interface RepositorySourceOptions {
  readonly root: GraphNode;
  /** Content that is at hand already and need not be asked for again. */
  readonly known: ReadonlyMap<Digest, Uint8Array>;
  /** Whether the config of an image comes before its layers or after them; upstream asks in either order. */
  readonly configs: 'first' | 'last';
}

/**
 * The graph below a root. Each digest is asked for once; foreign layers are part of it. What an index lists besides
 * images and indexes is taken from the blobs.
 */
export function repositorySource(session: Session, options: RepositorySourceOptions): ContentSource {
  const { root, known } = options;
  // Documents from their reading until they are passed on.
  const documents = new Map<Digest, Uint8Array>();

  const expand = async ({ descriptor, kind }: GraphNode): Promise<GraphNode[]> => {
    if (kind === 'blob') {
      return [];
    }
    const { digest } = descriptor;
    const bytes = known.get(digest) ?? (await getListedManifest(session, descriptor)).bytes;
    documents.set(digest, bytes);
    const children = childrenOf(kind, bytes, `${kind} ${digest}`);
    return options.configs === 'last'
      ? [
          ...children.filter(({ part }) => part !== 'config'),
          ...children.filter(({ part }) => part === 'config'),
        ]
      : children;
  };

  const contentNode = (node: GraphNode): ContentNode => {
    const { descriptor } = node;
    const bytes = known.get(descriptor.digest) ?? documents.get(descriptor.digest);
    documents.delete(descriptor.digest);
    return {
      ...node,
      open: bytes ? async () => Readable.from([bytes]) : () => openLayer(session, descriptor),
    };
  };

  return {
    root: root.descriptor,
    async *nodes(present) {
      for await (const node of visitChildrenFirst(root, expand, present)) {
        yield contentNode(node);
      }
    },
  };
}
