// The one idea that moves every image: a graph of content flows from a source to a target, children first.
import type { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import type { CurrentTag } from './tag-state.ts';

/** What a node of the graph is; only manifests and indexes point at other nodes. */
export type ContentKind = 'blob' | 'manifest' | 'index';

/** What a blob is to the manifest that names it. */
export type ImagePart = 'config' | 'layer';

/** One piece of content on its way. */
export interface ContentNode {
  readonly descriptor: Descriptor;
  readonly kind: ContentKind;
  /** For a blob of an image, where the source tells it. */
  readonly part?: ImagePart;
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
  /** Stores one node that is not the root. */
  write(node: ContentNode): Promise<void>;
  /** Stores the root by its digest. Called once, after everything below it was written. */
  publish(root: Descriptor, bytes: Uint8Array): Promise<void>;
}

/** A target in which tags point at roots: a repository. */
export interface TaggedTarget extends ContentTarget {
  /** Where each of the tags points now, in their order. */
  currentTags(tags: readonly string[]): Promise<readonly CurrentTag[]>;
  /**
   * Stores the root under its tags, of which there is one at least. Called once, instead of `publish`. When a tag
   * fails, those that had moved are put back to where `tags` says they pointed, as far as the target allows it.
   */
  publishTagged(root: Descriptor, bytes: Uint8Array, tags: readonly CurrentTag[]): Promise<void>;
}
