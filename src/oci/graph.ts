// What points at what: the walk over an image or an index, children before parents.
import { UserError } from '../errors.ts';
import type { ContentKind, IsPresent } from './content.ts';
import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { parseIndex } from './index.ts';
import { parseManifest } from './manifest.ts';
import { isIndexType, isManifestType } from './media-type.ts';

/** A place in the graph, before its content is read. */
export interface GraphNode {
  readonly descriptor: Descriptor;
  readonly kind: ContentKind;
}

/** What an index's entry is by its media type; an entry that is neither an image nor an index is an error. */
export function manifestKind(descriptor: Descriptor, where: string): 'manifest' | 'index' {
  if (isIndexType(descriptor.mediaType)) {
    return 'index';
  }
  if (isManifestType(descriptor.mediaType)) {
    return 'manifest';
  }
  throw new UserError(
    `${where}: ${descriptor.digest} is neither an image nor an index: its media type is ` +
      JSON.stringify(descriptor.mediaType),
  );
}

/**
 * What the document of a manifest or an index points at, in document order: the config and the layers
 * (foreign layers too), or the manifests. `where` names the document in an error.
 */
export function childrenOf(kind: 'manifest' | 'index', bytes: Uint8Array, where: string): GraphNode[] {
  if (kind === 'index') {
    return parseIndex(bytes, where).manifests.map((descriptor) => ({
      descriptor,
      kind: manifestKind(descriptor, where),
    }));
  }
  const { config, layers } = parseManifest(bytes, where);
  return [config, ...layers].map((descriptor) => ({ descriptor, kind: 'blob' }));
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
