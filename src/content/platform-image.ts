// Selects the image for a platform: follows indexes to their first entry that matches.
import { UserError } from '../errors.ts';
import { maximumIndexDepth } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseIndex } from '../oci/image-index.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { isIndexType, isManifestType, isSchema1Type } from '../oci/media-type.ts';
import { formatPlatform, offeredPlatforms, platformMatches, type WantedPlatform } from '../oci/platform.ts';
import { type ContentDocument, contentKind, type GraphNode } from './content-graph.ts';
import type { GraphDocuments } from './graph-documents.ts';

/** The image for a platform. */
export interface PlatformImage {
  readonly node: GraphNode;
  readonly manifest: ImageManifest;
  /** False when its media type is unknown, and only its content shows that it is an image. */
  readonly isDeclared: boolean;
}

/**
 * The image manifest for a platform: the root itself, or the first entry of the index (or of an index in
 * it) whose platform matches; with `otherwise` `any`, else its first image. A document of an unknown type is read as an
 * image. Throws a UserError that lists the platforms on offer when none matches, and for a Docker schema 1 manifest.
 */
export async function platformImage(
  documents: GraphDocuments,
  root: GraphNode,
  platform: WantedPlatform,
  otherwise: 'fail' | 'any' = 'fail',
): Promise<PlatformImage> {
  let node = root;
  let document = await documents.document(node);
  for (let depth = 0; isIndexType(document.mediaType); depth++) {
    if (depth >= maximumIndexDepth) {
      throw new UserError(
        `index ${root.descriptor.digest} holds indexes more than ${maximumIndexDepth} levels deep`,
      );
    }
    const descriptor = selectEntry(node, document, platform, otherwise);
    node = { descriptor, kind: contentKind(descriptor.mediaType) };
    document = await documents.document(node);
  }
  const { digest } = node.descriptor;
  const { mediaType, bytes } = document;
  if (isSchema1Type(mediaType)) {
    throw new UserError(`unsupported media type ${mediaType}: ${digest} is a Docker schema 1 manifest`, {
      hint: 'push the image again with a current tool; registries no longer support schema 1',
    });
  }
  return {
    // From here on it is read as an image, even when its media type is unknown.
    node: { descriptor: { mediaType, size: bytes.length, digest }, kind: 'manifest' },
    manifest: parseManifest(bytes, `manifest ${digest}`),
    isDeclared: isManifestType(mediaType),
  };
}

function selectEntry(
  index: GraphNode,
  { bytes }: ContentDocument,
  platform: WantedPlatform,
  otherwise: 'fail' | 'any',
): Descriptor {
  const { digest } = index.descriptor;
  const { manifests } = parseIndex(bytes, `index ${digest}`);
  const entry =
    manifests.find((candidate) => platformMatches(candidate.platform, platform)) ??
    (otherwise === 'any' ? manifests.find(isImage) : undefined);
  if (entry) {
    return entry;
  }
  const offered = offeredPlatforms(manifests).join(', ') || 'none';
  throw new UserError(
    `no child with platform ${formatPlatform(platform)} in index ${digest}; it has: ${offered}`,
    { hint: 'set platform (os, architecture and, if need be, variant) to one of those' },
  );
}

/** Attestations stand beside images, for the platform `unknown`. */
function isImage({ mediaType, platform }: Descriptor): boolean {
  return contentKind(mediaType) !== 'blob' && platform?.os !== 'unknown';
}
