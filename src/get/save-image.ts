// Formats oci and oci-layout: content as it was served, copied into a tarball or a directory.

import type { ContentSource } from '../content/content-graph.ts';
import { contentKind, type GraphNode } from '../content/graph-source.ts';
import type { DiskTarget } from '../disk/disk-writes.ts';
import { dockerArchiveTarget } from '../disk/docker-archive-target.ts';
import { ociLayoutTarget } from '../disk/oci-layout-target.ts';
import { UserError } from '../errors.ts';
import type { ServedManifest } from '../registry/manifest-endpoint.ts';
import { repositorySource } from '../registry/repository-source.ts';
import { copy } from '../transfer/copy.ts';
import { watchContent } from '../transfer/watched-content.ts';
import type { Session } from '../transport/session.ts';
import { type FetchedImage, type FetchOptions, readImage } from './fetched-image.ts';
import { imagePath } from './get-result.ts';

/** How many blobs are downloaded at a time into a layout. */
const downloadConcurrency = 4;

/** Saves the image for the platform as a tarball: manifest, config and layers are fetched in this order. */
export async function saveArchive(
  session: Session,
  served: ServedManifest,
  options: FetchOptions,
): Promise<FetchedImage> {
  const read = await readImage(session, served, { ...options, detail: 'config' });
  const source = repositorySource(session, {
    // Whatever its type says: it was read as one.
    root: { descriptor: describe(read.served), kind: 'manifest' },
    known: read.documents,
    configs: 'first',
  });
  await save(source, dockerArchiveTarget(imagePath(options.directory, 'oci'), options.repoTag), options);
  return read.image;
}

/** Saves an image, or an index with everything in it, as a layout: layers are fetched before their config. */
export async function saveLayout(
  session: Session,
  served: ServedManifest,
  options: FetchOptions,
): Promise<FetchedImage> {
  const kind = contentKind(served.mediaType);
  if (kind === 'blob') {
    throw new UserError(
      `unsupported media type ${JSON.stringify(served.mediaType)}: ${served.digest} is neither an image nor an index`,
      {
        hint: 'an OCI layout can only hold what says of itself that it is one; format: oci takes it for an image',
      },
    );
  }
  const { image, documents } = await readImage(session, served, options);
  const root: GraphNode = { descriptor: describe(served), kind };
  const source = repositorySource(session, { root, known: documents, configs: 'last' });
  const target = ociLayoutTarget(imagePath(options.directory, 'oci-layout'), options.whole);
  await save(source, target, options);
  return image;
}

async function save(source: ContentSource, target: DiskTarget, { progress }: FetchOptions): Promise<void> {
  try {
    await copy(watchContent(source, progress), target, { concurrency: downloadConcurrency });
  } finally {
    await target.close();
  }
}

function describe({ mediaType, bytes, digest }: ServedManifest) {
  return { mediaType, size: bytes.length, digest };
}
