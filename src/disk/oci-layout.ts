// An OCI image layout in a directory as a source of content. OCI image specification, "image layout".
import type { ContentSource } from '../content/content-graph.ts';
import { graphSource } from '../content/graph-source.ts';
import { UserError } from '../errors.ts';
import { parseIndex } from '../oci/image-index.ts';
import { isIndexType, isManifestType } from '../oci/media-type.ts';
import { singleImageDigestFile } from './layout-paths.ts';
import {
  checkBlobs,
  type LayoutDocument,
  layoutReader,
  readIndexFile,
  readListed,
  readSingleImageDigest,
  requireLayout,
} from './layout-reader.ts';

/**
 * The image or the index of a layout: the innermost index while each lists just one index, or the image that the file
 * `single-image-digest` names. Manifests, and the presence and the size of all blobs below it, are checked
 * now: what does not match is a {@link UserError}. Foreign layers are not yielded, and may be absent. Links are refused:
 * they may lead out of the layout.
 */
export async function openOciLayout(directory: string, signal?: AbortSignal): Promise<ContentSource> {
  await requireLayout(directory);
  const root = await findRoot(directory);
  const reader = layoutReader(directory, root);
  const source = graphSource(reader, root.node, { foreign: 'skip', listedBlobs: 'refuse' });
  await checkBlobs(directory, source, signal);
  return source;
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
