// What points at what: the walk over an image or an index, children before parents.
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseIndex } from '../oci/image-index.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isIndexType, isManifestType } from '../oci/media-type.ts';
import type { ContentKind, ImagePart, IsPresent } from './content-graph.ts';

/** A place in the graph, before its content is read. */
export interface GraphNode {
  readonly descriptor: Descriptor;
  readonly kind: ContentKind;
  readonly part?: ImagePart;
}

/** What content is by its media type: whatever is neither an image nor an index is a blob. */
export function contentKind(mediaType: string): ContentKind {
  if (isIndexType(mediaType)) {
    return 'index';
  }
  return isManifestType(mediaType) ? 'manifest' : 'blob';
}

/** An index may list anything; one that lists what is neither an image nor an index can't be pushed: a UserError. */
export function refuseListedBlobs(children: readonly GraphNode[], where: string): void {
  const blob = children.find(({ kind }) => kind === 'blob')?.descriptor;
  if (blob) {
    throw new UserError(
      `${where}: ${blob.digest} is neither an image nor an index: its media type is ` +
        JSON.stringify(blob.mediaType),
    );
  }
}

/**
 * What the document of a manifest or an index points at, in document order: the config and the layers
 * (foreign layers too), or what the index lists. `where` names the document in an error.
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

/**
 * Every node from `root` down, each digest once, children before parents and the root last. `expand` reads a manifest
 * or an index and gives its children, as {@link childrenOf} does. Below the root, a manifest or an index that is
 * `present` is neither expanded nor yielded.
 */
export async function* visitChildrenFirst(
  root: GraphNode,
  expand: (node: GraphNode) => Promise<readonly GraphNode[]>,
  present: IsPresent,
): AsyncGenerator<GraphNode, void, undefined> {
  const seen = new Set<Digest>();
  const visit = async function* (node: GraphNode): AsyncGenerator<GraphNode> {
    const { descriptor, kind } = node;
    if (seen.has(descriptor.digest)) {
      return;
    }
    seen.add(descriptor.digest);
    if (kind !== 'blob') {
      if (node !== root && (await present(descriptor, kind))) {
        return;
      }
      for (const child of await expand(node)) {
        yield* visit(child);
      }
    }
    yield node;
  };
  yield* visit(root);
}
