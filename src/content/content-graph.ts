// The one idea that moves every image: a content graph is copied from a source to a target, children first.
import type { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import type { CurrentTag } from './tag-state.ts';

/** What a node of the graph is; only manifests and indexes point at other nodes. */
export type ContentKind = 'blob' | 'manifest' | 'index';

/** What a blob is to the manifest that lists it. */
export type ImagePart = 'config' | 'layer';

/** A place in the graph, before its content is read. */
export interface GraphNode {
  readonly descriptor: Descriptor;
  readonly kind: ContentKind;
  /** For a blob of an image, where the source knows it. */
  readonly part?: ImagePart;
}

/** A node whose content can be read. */
export interface ContentNode extends GraphNode {
  /**
   * A new stream of the content; may be called again. The stream fails when its bytes do not match the size and the
   * digest of the descriptor, and resumes by itself after a broken connection.
   */
  open(): Promise<Readable>;
  /** The repository that holds the content, from which another repository of the registry can mount it. */
  readonly origin?: RepositoryReference;
}

/** A manifest or an index as it is stored; `mediaType` is what the place that holds it states, or the descriptor. */
export interface ContentDocument {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** Reads content by descriptor, verified: a repository or a layout on disk. */
export interface ContentReader {
  /** The place, for messages: `registry.example.com/team/app`. */
  readonly name: string;
  /** The repository, when content can be mounted from it. */
  readonly repository?: RepositoryReference;
  /** A manifest or an index. */
  document(node: GraphNode): Promise<ContentDocument>;
  /** A new stream of a blob, as {@link ContentNode.open} describes it. */
  open(node: GraphNode): Promise<Readable>;
}

/** Asks a target whether it already holds a node, with everything below it. */
export type IsPresent = (descriptor: Descriptor, kind: ContentKind) => Promise<boolean>;

/** Where a graph comes from. */
export interface ContentSource {
  /** The place, for messages. */
  readonly name: string;
  /** The root, when it is known before any content is read (not so for layers that are compressed on the way). */
  readonly root?: Descriptor | undefined;
  /**
   * The graph with children before parents and the root last: a manifest's config and layers before the
   * manifest, an index after its children. A manifest or index that is `present` is not descended into; it is left out,
   * unless it is the root. A root that is known is asked for first.
   */
  nodes(present: IsPresent): AsyncIterable<ContentNode>;
}

/** Where a graph goes to. An aborted `signal` ends what is under way with the signal's reason. */
export interface ContentTarget {
  /** The place, for messages. */
  readonly name: string;
  /** `listed`: nodes must be written one after the other, in the order of the source (an archive). */
  readonly order: 'any' | 'listed';
  /** As {@link IsPresent}. */
  has(descriptor: Descriptor, kind: ContentKind, signal?: AbortSignal): Promise<boolean>;
  /** Takes a blob over from another repository without its bytes travelling; false when that is not possible. */
  mount?(descriptor: Descriptor, from: RepositoryReference, signal?: AbortSignal): Promise<boolean>;
  /** Stores one node that is not the root; `mounted` when that took no bytes. */
  write(node: ContentNode, signal?: AbortSignal): Promise<'pushed' | 'mounted'>;
  /** Stores the root by its digest. Called once, after everything below it was written. */
  publish(root: Descriptor, bytes: Uint8Array): Promise<void>;
}

/** A target in which tags point at roots: a repository. */
export interface TaggedTarget extends ContentTarget {
  /** Where each of the tags points now, in their order. */
  currentTags(tags: readonly string[]): Promise<readonly CurrentTag[]>;
  /**
   * Stores the root under its tags, of which there is at least one. Called once, instead of `publish`. When a tag
   * fails, those that had moved are put back to where `tags` says they pointed, as far as the target allows it.
   */
  publishTagged(root: Descriptor, bytes: Uint8Array, tags: readonly CurrentTag[]): Promise<void>;
}
