// A cache of manifests, indexes and configs: what was read to select an image is not read again by the copy.
import { buffer } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import { maximumConfig } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ContentDocument, ContentReader, GraphNode } from './content-graph.ts';

/** Reads manifests, indexes and configs, and caches each until it is taken. */
export interface GraphDocuments {
  /** A manifest or an index. */
  document(node: GraphNode): Promise<ContentDocument>;
  /** The config of an image; a UserError when it is too large to be one. */
  config(descriptor: Descriptor): Promise<Uint8Array>;
  /** Adds a document that was read elsewhere to the cache. */
  keep(digest: Digest, document: ContentDocument): void;
  /** The bytes of a cached document, which is removed from the cache. */
  take(digest: Digest): Uint8Array | undefined;
}

/** An empty cache for the documents of a repository or a layout. */
export function graphDocuments(reader: ContentReader): GraphDocuments {
  const kept = new Map<Digest, ContentDocument>();
  return {
    async document(node) {
      const { digest } = node.descriptor;
      const document = kept.get(digest) ?? (await reader.document(node));
      kept.set(digest, document);
      return document;
    },
    async config(descriptor) {
      const { digest, mediaType, size } = descriptor;
      if (size > maximumConfig) {
        throw new UserError(`config ${digest} is too large: ${size} bytes`);
      }
      const bytes =
        kept.get(digest)?.bytes ??
        (await buffer(await reader.open({ descriptor, kind: 'blob', part: 'config' })));
      kept.set(digest, { bytes, mediaType });
      return bytes;
    },
    keep: (digest, document) => {
      kept.set(digest, document);
    },
    take(digest) {
      const bytes = kept.get(digest)?.bytes;
      kept.delete(digest);
      return bytes;
    },
  };
}
