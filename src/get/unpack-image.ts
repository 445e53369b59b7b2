// Format rootfs: the layers of an image, unpacked on top of each other.
import { UserError } from '../errors.ts';
import { openLayer } from '../registry/layer-download.ts';
import type { ServedManifest } from '../registry/manifest-endpoint.ts';
import { imageConfig, platformImage } from '../registry/platform-image.ts';
import { bytesOfPath } from '../rootfs/file-path.ts';
import { removeTree } from '../rootfs/remove-tree.ts';
import { unpackLayers } from '../rootfs/unpack.ts';
import { shortDigest, watchStream } from '../transfer/watched-content.ts';
import type { Session } from '../transport/session.ts';
import type { FetchedImage, FetchOptions } from './fetched-image.ts';
import { imagePath } from './get-result.ts';

/**
 * Unpacks the image for the platform: manifest, layers and config are fetched in this order. The tree is whole and
 * verified in the end, or there is none.
 */
export async function unpackImage(
  session: Session,
  served: ServedManifest,
  options: FetchOptions,
): Promise<FetchedImage> {
  const { manifest } = await platformImage(session, served, options.platform, options.log);
  const tree = imagePath(options.directory, 'rootfs');
  const layers = manifest.layers.map((layer) => {
    const transfer = options.progress.start(shortDigest(layer.digest), layer.size);
    const open = async () => watchStream(await openLayer(session, layer), transfer);
    return { digest: layer.digest, open, transfer };
  });
  try {
    await unpackLayers(layers, tree, { asRoot: options.asRoot, log: options.log }).catch((cause: unknown) => {
      throw new UserError('extract image', { cause });
    });
    return { manifest, config: await imageConfig(session, manifest) };
  } catch (error) {
    removeUnpacked(tree);
    throw error;
  } finally {
    for (const { transfer } of layers) {
      transfer.stop();
    }
  }
}

function removeUnpacked(tree: string): void {
  try {
    removeTree(bytesOfPath(tree));
  } catch (cause) {
    throw new UserError(`cannot remove ${tree}`, { cause });
  }
}
