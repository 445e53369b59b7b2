// Format rootfs: unpacks the layers of an image on top of each other.
import type { GraphNode } from '../content/content-graph.ts';
import { causes, errorCode, UserError } from '../errors.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import { removeTree } from '../rootfs/remove-tree.ts';
import { unpackLayers } from '../rootfs/unpack.ts';
import { shortDigest, watchStream } from '../transfer/watched-content.ts';
import type { FetchedImage, FetchOptions } from './fetched-image.ts';
import { imagePath } from './get-result.ts';
import { type RemoteImage, readConfig, selectImage } from './remote-image.ts';

/**
 * Unpacks the image for the platform. Fetches manifest, layers and config in this order. After a failure there is no
 * tree.
 */
export async function unpackImage(remote: RemoteImage, options: FetchOptions): Promise<FetchedImage> {
  const { reader } = remote;
  const { manifest } = await selectImage(remote, options.platform, options.log);
  const tree = imagePath(options.directory, 'rootfs');
  const layers = manifest.layers.map((descriptor) => {
    const node: GraphNode = { descriptor, kind: 'blob', part: 'layer' };
    const transfer = options.progress.start(shortDigest(descriptor.digest), descriptor.size);
    const open = async () => watchStream(await reader.open(node), transfer);
    return { digest: descriptor.digest, open, transfer };
  });
  try {
    await unpackLayers(layers, tree, options).catch(async (cause: unknown) => {
      const reason = (await isForWindows(remote, manifest, cause)) ? ': it is an image for Windows' : '';
      throw new UserError(`extract image${reason}`, { cause, ...(reason && { code: 'WINDOWS_ROOTFS' }) });
    });
    return { manifest, config: await readConfig(remote, manifest.config) };
  } catch (error) {
    removeUnpacked(tree);
    throw error;
  } finally {
    for (const { transfer } of layers) {
      transfer.stop();
    }
  }
}

/** Whether a hard link has no target because Windows finds files by names in another letter case. */
async function isForWindows(
  remote: RemoteImage,
  manifest: ImageManifest,
  failure: unknown,
): Promise<boolean> {
  if (![...causes(failure)].some((level) => errorCode(level) === 'LINK_TARGET_MISSING')) {
    return false;
  }
  try {
    return (await readConfig(remote, manifest.config)).os === 'windows';
  } catch {
    return false;
  }
}

function removeUnpacked(tree: string): void {
  try {
    removeTree(tree);
  } catch (cause) {
    throw new UserError(`cannot remove ${tree}`, { cause });
  }
}
