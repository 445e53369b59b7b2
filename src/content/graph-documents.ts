// The documents of a content graph, each read once: those that were read to choose an image serve the copy as well.
import { buffer } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ContentDocument, ContentReader, GraphNode } from './content-graph.ts';

/** The longest image config that is read, in bytes. */
const maximumConfig = 32 * 1024 * 1024;

/** Reads manifests, indexes and configs, and keeps each until it is taken. */
export interface GraphDocuments {
  /** A manifest or an index. */
  document(node: GraphNode): Promise<ContentDocument>;
  /** The config of an image; a UserError when it is too large to be one. */
  config(descriptor: Descriptor): Promise<Uint8Array>;
  /** Keeps a document that was read by other means. */
  keep(digest: Digest, document: ContentDocument): void;
  /** The bytes of a document that was read, which is then forgotten. */
  take(digest: Digest): Uint8Array | undefined;
}

/** The documents of a repository or a layout. */
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
