// The traversal of manifests and indexes: children before parents, each digest once.
import { Readable } from 'node:stream';
import { UserError } from '../errors.ts';
import { maximumHeldDocuments } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseIndex } from '../oci/image-index.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isForeignLayerType } from '../oci/media-type.ts';
import {
  type ContentNode,
  type ContentReader,
  type ContentSource,
  contentKind,
  type GraphNode,
  type IsPresent,
} from './content-graph.ts';
import { type GraphDocuments, graphDocuments } from './graph-documents.ts';

/** Options of the traversal. */
export interface GraphSourceOptions {
  /** Documents that were read before, and are not read again. */
  readonly documents?: GraphDocuments;
  /** Whether the config of an image comes before or after its layers. */
  readonly configs?: 'first' | 'last';
  /** Whether nondistributable ("foreign") layers, which a registry need not store, are part of the graph. */
  readonly foreign: 'keep' | 'skip';
  /** Whether an index may list content that is neither an image nor an index; it is read as a blob. */
  readonly listedBlobs: 'keep' | 'refuse';
}

/**
 * The children of a manifest or an index in document order: the config and the layers (foreign layers too), or the
 * entries of the index. `where` names the document in an error.
 */
export function childrenOf(kind: 'manifest' | 'index', bytes: Uint8Array, where: string): GraphNode[] {
  if (kind === 'index') {
    return parseIndex(bytes, where).manifests.map((descriptor) => ({
      descriptor,
      kind: contentKind(descriptor.mediaType),
    }));
  }
  const { config, layers } = parseManifest(bytes, where);
  return [
    { descriptor: config, kind: 'blob', part: 'config' },
    ...layers.map((descriptor): GraphNode => ({ descriptor, kind: 'blob', part: 'layer' })),
  ];
}

/** The graph below a root of a repository or a layout. Each manifest and index is read once, when it is reached. */
export function graphSource(
  reader: ContentReader,
  root: GraphNode,
  options: GraphSourceOptions,
): ContentSource {
  const documents = options.documents ?? graphDocuments(reader);

  const expand = async (node: GraphNode): Promise<readonly GraphNode[]> => {
    if (node.kind === 'blob') {
      return [];
    }
    const where = `${node.kind} ${node.descriptor.digest}`;
    const children = childrenOf(node.kind, (await documents.document(node)).bytes, where);
    if (node.kind === 'index' && options.listedBlobs === 'refuse') {
      refuseListedBlobs(children, where);
    }
    return inOrder(children, options);
  };

  const contentNode = (node: GraphNode): ContentNode => {
    const bytes = documents.take(node.descriptor.digest);
    return {
      ...node,
      open: async () => {
        if (bytes) {
          return Readable.from([bytes]);
        }
        return node.kind === 'blob'
          ? await reader.open(node)
          : Readable.from([(await reader.document(node)).bytes]);
      },
      ...(reader.skip && node.kind === 'blob' ? { skip: () => reader.skip?.(node) } : {}),
      ...(reader.repository ? { origin: reader.repository } : {}),
    };
  };

  return {
    name: reader.name,
    root: root.descriptor,
    async *nodes(present) {
      for await (const node of visitChildrenFirst(root, expand, present)) {
        yield contentNode(node);
      }
    },
  };
}

/** A node on the path to the current one: its children, once they are known, and how many of them were visited. */
interface Visit {
  readonly node: GraphNode;
  children: readonly GraphNode[] | undefined;
  visited: number;
}

/** Every node from `root` down, as {@link ContentSource.nodes} orders them. Iterative, because indexes may nest deep. */
async function* visitChildrenFirst(
  root: GraphNode,
  expand: (node: GraphNode) => Promise<readonly GraphNode[]>,
  present: IsPresent,
): AsyncGenerator<GraphNode, void, undefined> {
  const seen = new Set<Digest>([root.descriptor.digest]);
  const path: Visit[] = [{ node: root, children: undefined, visited: 0 }];
  let held = 0;
  for (let visit = path.at(-1); visit; visit = path.at(-1)) {
    const { node } = visit;
    if (!visit.children) {
      if (node.kind !== 'blob' && (await present(node.descriptor, node.kind))) {
        path.pop();
        if (node === root) {
          yield node;
        }
        continue;
      }
      held += sizeOfDocument(node);
      if (held > maximumHeldDocuments) {
        throw new UserError(
          `${node.kind} ${node.descriptor.digest} and the indexes above it have more than ${maximumHeldDocuments} bytes`,
        );
      }
      visit.children = await expand(node);
    }
    const child = visit.children[visit.visited];
    visit.visited++;
    if (!child) {
      path.pop();
      held -= sizeOfDocument(node);
      yield node;
    } else if (!seen.has(child.descriptor.digest)) {
      seen.add(child.descriptor.digest);
      path.push({ node: child, children: undefined, visited: 0 });
    }
  }
}

/** The bytes that a node on the path keeps in memory. */
function sizeOfDocument({ kind, descriptor }: GraphNode): number {
  return kind === 'blob' ? 0 : descriptor.size;
}

function inOrder(children: readonly GraphNode[], options: GraphSourceOptions): readonly GraphNode[] {
  const kept =
    options.foreign === 'keep'
      ? children
      : children.filter(
          ({ kind, descriptor }) => kind !== 'blob' || !isForeignLayerType(descriptor.mediaType),
        );
  const isConfig = ({ part }: GraphNode) => part === 'config';
  return options.configs === 'last'
    ? [...kept.filter((child) => !isConfig(child)), ...kept.filter(isConfig)]
    : kept;
}

/** An index may list anything, but a registry stores only images and indexes as manifests. */
function refuseListedBlobs(children: readonly GraphNode[], where: string): void {
  const blob: Descriptor | undefined = children.find(({ kind }) => kind === 'blob')?.descriptor;
  if (blob) {
    throw new UserError(
      `${where}: ${blob.digest} is neither an image nor an index: its media type is ` +
        JSON.stringify(blob.mediaType),
    );
  }
}
