// Formats oci and oci-layout: copies content unchanged into a tarball or a directory.
import type { ContentSource } from '../content/content-graph.ts';
import { graphSource } from '../content/graph-source.ts';
import type { DiskTarget } from '../disk/disk-writes.ts';
import { dockerArchiveTarget } from '../disk/docker-archive-target.ts';
import { ociLayoutTarget } from '../disk/oci-layout-target.ts';
import { UserError } from '../errors.ts';
import { copy } from '../transfer/copy.ts';
import { watchContent } from '../transfer/watched-content.ts';
import { type FetchedImage, type FetchOptions, readDetail } from './fetched-image.ts';
import { imagePath } from './get-result.ts';
import { type RemoteImage, readConfig, selectImage } from './remote-image.ts';

/** Saves the image for the platform as a tarball. Fetches manifest, config and layers in this order. */
export async function saveArchive(remote: RemoteImage, options: FetchOptions): Promise<FetchedImage> {
  const { reader, documents } = remote;
  const { node, manifest } = await selectImage(remote, options.platform, options.log);
  const config = await readConfig(remote, manifest.config);
  const source = graphSource(reader, node, {
    documents,
    configs: 'first',
    foreign: 'keep',
    listedBlobs: 'keep',
  });
  await save(source, dockerArchiveTarget(imagePath(options.directory, 'oci'), options.repoTag), options);
  return { manifest, config };
}

/** Saves an image, or an index with everything in it, as a layout. Fetches layers before their config. */
export async function saveLayout(remote: RemoteImage, options: FetchOptions): Promise<FetchedImage> {
  const { root, reader, documents } = remote;
  if (root.kind === 'blob') {
    const { mediaType, digest } = root.descriptor;
    throw new UserError(
      `unsupported media type ${JSON.stringify(mediaType)}: ${digest} is neither an image nor an index`,
      {
        hint: 'an OCI layout holds only content whose media type is that of an image or an index; format: oci reads it as an image',
      },
    );
  }
  const image = await readDetail(remote, options);
  const source = graphSource(reader, root, {
    documents,
    configs: 'last',
    foreign: 'keep',
    listedBlobs: 'keep',
  });
  await save(source, ociLayoutTarget(imagePath(options.directory, 'oci-layout'), options.whole), options);
  return image;
}

async function save(source: ContentSource, target: DiskTarget, options: FetchOptions): Promise<void> {
  const { progress, signal, limiter } = options;
  try {
    await copy(watchContent(source, progress), target, { limiter, signal, on: () => {} });
  } finally {
    await target.close();
  }
}
