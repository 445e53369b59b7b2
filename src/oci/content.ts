// The one idea that moves every image: a graph of content flows from a source to a target, children first.
import type { Readable } from 'node:stream';
import type { Descriptor } from './descriptor.ts';
import type { RepositoryReference } from './reference.ts';

/** What a node of the graph is; only manifests and indexes point at other nodes. */
export type ContentKind = 'blob' | 'manifest' | 'index';

/** One piece of content on its way. */
export interface ContentNode {
  readonly descriptor: Descriptor;
  readonly kind: ContentKind;
  /**
   * A new stream over the content; may be called again. It fails when what was read to the end is not
   * what the descriptor says (size and digest), and resumes by itself after a broken connection.
   */
  open(): Promise<Readable>;
  /** The repository in which the content lies already and from which it can be mounted. */
  readonly origin?: RepositoryReference;
}

/** Asks a target whether it holds a node already. */
export type IsPresent = (descriptor: Descriptor, kind: ContentKind) => Promise<boolean>;

/** Where a graph comes from. */
export interface ContentSource {
  /** The root, where it is known before any content was read (not so for layers that are compressed on the way). */
  readonly root?: Descriptor | undefined;
  /**
   * The graph with children before parents and the root last: a manifest's config and layers before the
   * manifest, an index after its children. A manifest or index below the root that is `present` is not descended into
   * and not yielded.
   */
  nodes(present: IsPresent): AsyncIterable<ContentNode>;
}

/** Where a graph goes to. */
export interface ContentTarget {
  /** `listed`: nodes must be written one after the other, in the order of the source (an archive). */
  readonly order: 'any' | 'listed';
  has: IsPresent;
  /** Those of the tags that do not point at this root yet. */
  outdatedTags(root: Descriptor, tags: readonly string[]): Promise<string[]>;
  /** Stores one node that is not the root; `mounted` when its content did not have to travel. */
  write(node: ContentNode): Promise<'pushed' | 'mounted'>;
  /** Stores the root under its tags (none: by digest). Called once, after everything below it was written. */
  publish(root: Descriptor, bytes: Uint8Array, tags: readonly string[]): Promise<void>;
}
