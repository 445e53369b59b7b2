// A cache of manifests, indexes and configs: what was read to select an image is not read again by the copy.
import { buffer } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import { maximumConfig } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { documentMediaType, refuseOtherType } from '../oci/document-type.ts';
import { type ContentDocument, type ContentReader, contentKind, type GraphNode } from './content-graph.ts';

/** Reads manifests, indexes and configs, and caches each until it is taken. */
export interface GraphDocuments {
  /**
   * A manifest or an index, with its media type identified: see {@link documentMediaType}. Throws a UserError for one that
   * clients may read in two ways.
   */
  document(node: GraphNode): Promise<ContentDocument>;
  /** The config of an image; a UserError when it is too large to be one. */
  config(descriptor: Descriptor): Promise<Uint8Array>;
  /** Adds a document that was read elsewhere to the cache, and returns it as {@link document} does. */
  keep(digest: Digest, document: ContentDocument): ContentDocument;
  /** The bytes of a cached document, which is removed from the cache. */
  take(digest: Digest): Uint8Array | undefined;
}

/** An empty cache for the documents of a repository or a layout. */
export function graphDocuments(reader: ContentReader): GraphDocuments {
  const kept = new Map<Digest, ContentDocument>();
  const keep = (digest: Digest, { bytes, mediaType }: ContentDocument): ContentDocument => {
    const document = { bytes, mediaType: documentMediaType(mediaType, bytes) };
    refuseOtherType(document.mediaType, bytes, `${contentKind(document.mediaType)} ${digest}`);
    kept.set(digest, document);
    return document;
  };
  return {
    keep,
    async document(node) {
      const { digest } = node.descriptor;
      const known = kept.get(digest);
      if (known) {
        return known;
      }
      const document = keep(digest, await reader.document(node));
      const kind = contentKind(document.mediaType);
      if (kind !== 'blob' && node.kind !== 'blob' && kind !== node.kind) {
        throw new UserError(
          `${node.kind} ${digest} has the media type of ${kind === 'index' ? 'an index' : 'an image'}: ${document.mediaType}`,
        );
      }
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
    take(digest) {
      const bytes = kept.get(digest)?.bytes;
      kept.delete(digest);
      return bytes;
    },
  };
}
