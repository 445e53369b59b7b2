// One image out of a registry: the digest that is asked for, resolved to a platform and unpacked.
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import { openBlob } from '../registry/blob-download.ts';
import { getManifest, isMissing, type ServedManifest } from '../registry/manifest-endpoint.ts';
import { imageConfig, platformImage } from '../registry/platform-image.ts';
import { bytesOfPath } from '../rootfs/file-path.ts';
import { removeTree } from '../rootfs/remove-tree.ts';
import { unpackLayers } from '../rootfs/unpack.ts';
import type { Progress } from '../transfer/progress.ts';
import { shortDigest, watchStream } from '../transfer/watched-content.ts';
import type { Clock } from '../transport/clock.ts';
import type { Session } from '../transport/session.ts';

/** The image that was fetched. */
export interface FetchedImage {
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
}

/** What is fetched, and where it goes. */
export interface FetchOptions {
  readonly digest: Digest;
  readonly platform: WantedPlatform;
  /** The directory of the get; the tree goes into `rootfs` below it. */
  readonly directory: string;
  /** Whether files are given to the users that the layers name. */
  readonly asRoot: boolean;
  /** For how long a digest that the registry does not have is asked for again, in milliseconds. */
  readonly missingPatience: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly progress: Progress;
}

/** Where the tree goes, below the directory of a get. */
const treeName = 'rootfs';

/** Removes the tree of an image from the directory of a get; nothing happens when there is none. */
export function removeRootfs(directory: string): void {
  const tree = join(directory, treeName);
  try {
    removeTree(bytesOfPath(tree));
  } catch (cause) {
    throw new UserError(`cannot remove ${tree}`, { cause });
  }
}

/**
 * Fetches manifest, layers and config in this order. Nothing may be in the place of the tree; it is whole and verified
 * in the end, or there is none.
 */
export async function fetchRootfs(session: Session, options: FetchOptions): Promise<FetchedImage> {
  const served = await getFreshManifest(session, options);
  const manifest = await platformImage(session, served, options.platform, options.log);
  const layers = manifest.layers.map((layer) => {
    const transfer = options.progress.start(shortDigest(layer.digest), layer.size);
    const open = async () => watchStream(await openBlob(session, layer), transfer);
    return { digest: layer.digest, open, transfer };
  });
  try {
    await unpackLayers(layers, join(options.directory, treeName), {
      asRoot: options.asRoot,
      log: options.log,
    }).catch((cause: unknown) => {
      throw new UserError('extract image', { cause });
    });
    return { manifest, config: await imageConfig(session, manifest) };
  } catch (error) {
    removeRootfs(options.directory);
    throw error;
  } finally {
    for (const { transfer } of layers) {
      transfer.stop();
    }
  }
}

const missingPause = 2_000;

/** A registry may need a moment to show what was just pushed: its 404 counts only after some time. */
async function getFreshManifest(session: Session, options: FetchOptions): Promise<ServedManifest> {
  const { clock, log, digest } = options;
  const deadline = clock.now() + options.missingPatience;
  for (;;) {
    try {
      return await getManifest(session, digest);
    } catch (error) {
      if (!isMissing(error) || clock.now() >= deadline) {
        throw error;
      }
      log.warn(`${digest} is not there (yet); asking again`);
      await clock.sleep(missingPause);
    }
  }
}
