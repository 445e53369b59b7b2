// An image whose layers are random bytes: a copy between registries does not look into them.
import { randomFillSync } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { push, type ServedImage } from '../images.ts';

/** The sizes of the layers in bytes, of an image of 350 MB. */
const layerSizes = [200e6, 80e6, 40e6, 20e6, 8e6, 2e6];

/** Pushes the image to the registry at `url`; `divisor` reduces its size. */
export async function pushOpaqueImage(directory: string, url: string, divisor: number): Promise<ServedImage> {
  const layers = await Promise.all(
    layerSizes.map(async (size, position) => {
      const content = randomFillSync(Buffer.allocUnsafe(size / divisor));
      const path = join(directory, `opaque-${position}`);
      await writeFile(path, content);
      return { path, digest: digestOf(content), size: content.length };
    }),
  );
  const image = await push(url, 'opaque', layers, layers, mediaTypes.ociLayerGzip);
  await Promise.all(layers.map(({ path }) => rm(path)));
  return image;
}
