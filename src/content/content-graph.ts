// The interfaces of a content graph: its nodes, sources, targets and readers. Every copy goes from a source to a target.
import type { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType, isManifestType } from '../oci/media-type.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import type { CurrentTag } from './tag-state.ts';

/** The kind of a node; only manifests and indexes have children. */
export type ContentKind = 'blob' | 'manifest' | 'index';

/** The kind of content by its media type; anything that is neither an image nor an index is a blob. */
export function contentKind(mediaType: string): ContentKind {
  if (isIndexType(mediaType)) {
    return 'index';
  }
  return isManifestType(mediaType) ? 'manifest' : 'blob';
}

/** The role of a blob in the manifest that lists it. */
export type ImagePart = 'config' | 'layer';

/** A node of the graph; its content is not read yet. */
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
  /** Says that the node will not be opened, where others wait for that. */
  skip?(): void;
  /** The repository that holds the content, from which another repository of the registry can mount it. */
  readonly origin?: RepositoryReference;
}

/** A manifest or an index as it is stored. `mediaType` is what a registry states, or else the descriptor. */
export interface ContentDocument {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** What is under a tag. */
export interface TaggedDocument extends ContentDocument {
  readonly digest: Digest;
}

/** Reads content by descriptor, verified: a repository or a layout on disk. */
export interface ContentReader {
  /** The name for messages, such as `registry.example.com/team/app`. */
  readonly name: string;
  /** The repository, when content can be mounted from it. */
  readonly repository?: RepositoryReference;
  /** A manifest or an index. */
  document(node: GraphNode): Promise<ContentDocument>;
  /** A new stream of a blob, as {@link ContentNode.open} describes it. */
  open(node: GraphNode): Promise<Readable>;
  /** Says that a blob will not be opened, where others wait for that. */
  skip?(node: GraphNode): void;
}

/** Returns whether a target already holds a node and everything below it. */
export type IsPresent = (descriptor: Descriptor, kind: ContentKind) => Promise<boolean>;

/** A place that a graph is read from. */
export interface ContentSource {
  /** The name for messages. */
  readonly name: string;
  /** The root, when it is known before any content is read; layers that are still to be compressed make it unknown. */
  readonly root?: Descriptor | undefined;
  /**
   * The graph with children before parents and the root last: a manifest's config and layers before the
   * manifest, an index after its children. The children of a manifest or index that is `present` are left out, and so is
   * the node itself unless it is the root. A known root is asked for first.
   */
  nodes(present: IsPresent): AsyncIterable<ContentNode>;
}

/** A place that a graph is written to. An aborted `signal` ends a running call with the signal's reason. */
export interface ContentTarget {
  /** The name for messages. */
  readonly name: string;
  /** `listed`: nodes must be written one after the other, in the order of the source (an archive). */
  readonly order: 'any' | 'listed';
  /** As {@link IsPresent}. */
  has(descriptor: Descriptor, kind: ContentKind, signal?: AbortSignal): Promise<boolean>;
  /** Mounts a blob from another repository of the registry without transferring it; false when that is refused. */
  mount?(descriptor: Descriptor, from: RepositoryReference, signal?: AbortSignal): Promise<boolean>;
  /** Stores one node that is not the root; `mounted` when no bytes were sent. */
  write(node: ContentNode, signal?: AbortSignal): Promise<'pushed' | 'mounted'>;
  /** Stores the root by its digest. Called once, after everything below it was written. */
  publish(root: Descriptor, bytes: Uint8Array): Promise<void>;
}

/** A target with tags: a repository. */
export interface TaggedTarget extends ContentTarget {
  /** The current state of each tag, in the given order. */
  currentTags(tags: readonly string[]): Promise<readonly CurrentTag[]>;
  /** The manifest or index under a tag; undefined when there is none. */
  readTag(tag: string): Promise<TaggedDocument | undefined>;
  /**
   * Stores the root under its tags, at least one. Called once, instead of `publish`. When a tag fails, the tags that
   * had moved are restored to their state in `tags`, as far as the target allows it.
   */
  publishTagged(root: Descriptor, bytes: Uint8Array, tags: readonly CurrentTag[]): Promise<void>;
  /** Makes sure that a root which is there is listed as a referrer of its subject: a copy may have been cut just before that. */
  recordHeld?(root: Descriptor, read: () => Promise<Uint8Array>): Promise<void>;
}
