// Reads an OCI image layout: its index.json, the manifests that it lists, and blobs; links are refused.
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ContentReader, ContentSource, GraphNode } from '../content/content-graph.ts';
import { verifyBytes, verifyContent } from '../content/verified-content.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { refuseOtherType } from '../oci/document-type.ts';
import { parseIndex } from '../oci/image-index.ts';
import { isIndexType, mediaTypes } from '../oci/media-type.ts';
import { readContent } from './file-range.ts';
import { withoutOtherNames } from './layout-index.ts';
import { blobDirectory, blobPath, indexFile, layoutFile, singleImageDigestFile } from './layout-paths.ts';
import { noIndexError } from './not-an-image.ts';
import { readSmallFile, statOfKind } from './regular-file.ts';

/** A manifest or an index of the layout, its file and its content. */
export interface LayoutDocument {
  readonly node: GraphNode & { readonly kind: 'manifest' | 'index' };
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Throws a UserError for a link, or a file, in the place of a directory or file of the layout. */
export async function requireLayout(directory: string): Promise<void> {
  const blobs = blobDirectory(directory);
  await statOfKind(join(directory, layoutFile), 'file');
  await statOfKind(dirname(blobs), 'directory');
  await statOfKind(blobs, 'directory');
}

/** Reads the content of a layout. The bytes of `index.json` are passed where that is the root: it is not among the blobs. */
export function layoutReader(directory: string, index?: LayoutDocument): ContentReader {
  return {
    name: directory,
    async document({ descriptor }) {
      const { digest, mediaType } = descriptor;
      const bytes =
        digest === index?.node.descriptor.digest
          ? index.bytes
          : await readDocument(blobPath(directory, digest), descriptor);
      return { bytes, mediaType };
    },
    async open({ descriptor }) {
      const path = blobPath(directory, descriptor.digest);
      // A FIFO would block, and a link may lead anywhere.
      await checkFile(path, descriptor);
      return verifyContent(readContent(path), descriptor, path);
    },
  };
}

/** A manifest or an index that the layout lists. Throws a UserError when it is not what its descriptor says. */
export async function readListed(
  directory: string,
  descriptor: Descriptor,
  kind: 'manifest' | 'index',
): Promise<LayoutDocument> {
  const path = blobPath(directory, descriptor.digest);
  const bytes = await readDocument(path, descriptor);
  refuseOtherType(descriptor.mediaType, bytes, path);
  return { node: { descriptor, kind }, path, bytes };
}

/**
 * The `index.json` of a layout as an index. Entries that differ in their name only count once. Throws a UserError when there
 * is none.
 */
export async function readIndexFile(directory: string): Promise<LayoutDocument> {
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

/** The entries of `index.json`, each with its name. Throws a UserError when there is no such file. */
export async function readEntries(directory: string): Promise<readonly Descriptor[]> {
  const path = join(directory, indexFile);
  const content = await readSmallFile(path);
  if (!content) {
    throw noIndexError(directory, await readdir(directory));
  }
  return parseIndex(content, path).manifests;
}

/** The digest in the file `single-image-digest`; undefined when there is no such file. */
export async function readSingleImageDigest(directory: string): Promise<Digest | undefined> {
  const path = join(directory, singleImageDigestFile);
  const content = await readSmallFile(path);
  const text = content && Buffer.from(content).toString();
  if (text !== undefined && !isDigest(text)) {
    throw new UserError(`${path} must hold a digest and nothing else, not even a line feed`);
  }
  return text;
}

/** Throws a UserError unless every blob of an image is there, with the size of its descriptor. */
export async function checkBlobs(
  directory: string,
  source: ContentSource,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const { kind, descriptor } of source.nodes(async () => false)) {
    signal?.throwIfAborted();
    if (kind === 'blob') {
      await checkFile(blobPath(directory, descriptor.digest), descriptor);
    }
  }
}

async function readDocument(path: string, descriptor: Descriptor): Promise<Uint8Array> {
  await checkFile(path, descriptor);
  return verifyBytes((await readSmallFile(path)) ?? Buffer.alloc(0), descriptor, path);
}

/** Throws a UserError unless the file of a blob is there, with the size of its descriptor. */
export async function checkFile(path: string, { size }: Descriptor): Promise<void> {
  const info = await statOfKind(path, 'file');
  if (!info) {
    throw new UserError(`${path} is missing from the OCI layout`);
  }
  if (info.size !== size) {
    throw new UserError(`${path} has ${info.size} bytes where its descriptor says ${size}`);
  }
}
