// An OCI image layout in a directory as a source of content. OCI image specification, "image layout".
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ContentReader, ContentSource, GraphNode } from '../content/content-graph.ts';
import { graphSource } from '../content/graph-source.ts';
import { verifyBytes, verifyContent } from '../content/verified-content.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { refuseOtherType } from '../oci/document-type.ts';
import { parseIndex } from '../oci/image-index.ts';
import { isIndexType, isManifestType, mediaTypes } from '../oci/media-type.ts';
import { readContent } from './file-range.ts';
import { withoutOtherNames } from './layout-index.ts';
import { blobDirectory, blobPath, indexFile, layoutFile, singleImageDigestFile } from './layout-paths.ts';
import { noIndexError } from './not-an-image.ts';
import { readSmallFile, statOfKind } from './regular-file.ts';

/** A manifest or an index of the layout, its file and its content. */
interface LayoutDocument {
  readonly node: GraphNode & { readonly kind: 'manifest' | 'index' };
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * The image or the index of a layout: the innermost index while each lists just one index, or the image that the file
 * `single-image-digest` names. Manifests, and the presence and the size of all blobs below it, are checked
 * now: what does not match is a {@link UserError}. Foreign layers are not yielded, and may be absent. Links are refused:
 * they may lead out of the layout.
 */
export async function openOciLayout(directory: string, signal?: AbortSignal): Promise<ContentSource> {
  const blobs = blobDirectory(directory);
  await statOfKind(join(directory, layoutFile), 'file');
  await statOfKind(dirname(blobs), 'directory');
  await statOfKind(blobs, 'directory');
  const root = await findRoot(directory);
  const reader = layoutReader(directory, root);
  const source = graphSource(reader, root.node, { foreign: 'skip', listedBlobs: 'refuse' });
  for await (const { kind, descriptor } of source.nodes(async () => false)) {
    signal?.throwIfAborted();
    if (kind === 'blob') {
      await checkFile(blobPath(directory, descriptor.digest), descriptor);
    }
  }
  return source;
}

function layoutReader(directory: string, root: LayoutDocument): ContentReader {
  return {
    name: directory,
    async document({ descriptor }) {
      const { digest, mediaType } = descriptor;
      const bytes =
        digest === root.node.descriptor.digest
          ? root.bytes
          : await readDocument(blobPath(directory, digest), descriptor);
      return { bytes, mediaType };
    },
    async open({ descriptor }) {
      const path = blobPath(directory, descriptor.digest);
      return verifyContent(readContent(path), descriptor, path);
    },
  };
}

async function findRoot(directory: string): Promise<LayoutDocument> {
  let index = await readIndexFile(directory);
  let { manifests } = parseIndex(index.bytes, index.path);
  for (;;) {
    const [only, ...others] = manifests;
    if (only === undefined || others.length > 0 || !isIndexType(only.mediaType)) {
      break;
    }
    index = await readListed(directory, only, 'index');
    manifests = parseIndex(index.bytes, index.path).manifests;
  }
  if (manifests.length === 0) {
    throw new UserError(`${index.path} lists no image`);
  }
  const digest = await readSingleImageDigest(directory);
  if (digest === undefined) {
    return index;
  }
  const image = manifests.find((listed) => listed.digest === digest);
  if (!image || !isManifestType(image.mediaType)) {
    throw new UserError(
      `${singleImageDigestFile} names ${digest}, which is not an image of the layout's index`,
    );
  }
  return readListed(directory, image, 'manifest');
}

async function readListed(
  directory: string,
  descriptor: Descriptor,
  kind: 'manifest' | 'index',
): Promise<LayoutDocument> {
  const path = blobPath(directory, descriptor.digest);
  const bytes = await readDocument(path, descriptor);
  refuseOtherType(descriptor.mediaType, bytes, path);
  return { node: { descriptor, kind }, path, bytes };
}

async function readIndexFile(directory: string): Promise<LayoutDocument> {
  const path = join(directory, indexFile);
  const content = await readSmallFile(path);
  if (!content) {
    throw noIndexError(directory, await readdir(directory));
  }
  const bytes = withoutOtherNames(content);
  const { mediaType } = parseIndex(bytes, path);
  const descriptor: Descriptor = {
    // A manifest list must be pushed as what it says it is: distribution specification, "Pushing Manifests".
    mediaType: mediaType !== undefined && isIndexType(mediaType) ? mediaType : mediaTypes.ociIndex,
    size: bytes.length,
    digest: digestOf(bytes),
  };
  return { node: { descriptor, kind: 'index' }, path, bytes };
}

async function readSingleImageDigest(directory: string): Promise<Digest | undefined> {
  const path = join(directory, singleImageDigestFile);
  const content = await readSmallFile(path);
  const text = content && Buffer.from(content).toString();
  if (text !== undefined && !isDigest(text)) {
    throw new UserError(`${path} must hold a digest and nothing else, not even a line feed`);
  }
  return text;
}

async function readDocument(path: string, descriptor: Descriptor): Promise<Uint8Array> {
  await checkFile(path, descriptor);
  return verifyBytes((await readSmallFile(path)) ?? Buffer.alloc(0), descriptor, path);
}

async function checkFile(path: string, { size }: Descriptor): Promise<void> {
  const info = await statOfKind(path, 'file');
  if (!info) {
    throw new UserError(`${path} is missing from the OCI layout`);
  }
  if (info.size !== size) {
    throw new UserError(`${path} has ${info.size} bytes where its descriptor says ${size}`);
  }
}
