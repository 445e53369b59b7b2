// The options of a fetch, and the parts of the image that are known after it.
import type { Limiter } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import type { ImageFormat } from '../request/params.ts';
import type { Progress } from '../transfer/progress.ts';
import type { WaitOptions } from './late-content.ts';
import { type RemoteImage, readConfig, selectImage } from './remote-image.ts';

/** The parts of the fetched image that were read: at least those of the requested detail. */
export interface FetchedImage {
  readonly manifest?: ImageManifest;
  readonly config?: ImageConfig;
}

/** The parts of the image for the platform that must be read, whatever the format needs. */
export type ImageDetail = 'nothing' | 'manifest' | 'config';

/** What is fetched, and to where. */
export interface FetchOptions extends WaitOptions {
  readonly digest: Digest;
  readonly platform: WantedPlatform;
  /** `none`: nothing is downloaded. */
  readonly format: ImageFormat | 'none';
  readonly detail: ImageDetail;
  /** The directory of the get. It holds nothing yet at the path of the image. */
  readonly directory: string;
  /** The name under which tools load the tarball of format `oci`. */
  readonly repoTag: string;
  /** The blobs that are verified in the layout, kept from one attempt to the next. */
  readonly whole: Set<Digest>;
  /** Whether files get the owners that the layers state. */
  readonly asRoot: boolean;
  /** Limits the downloads into a layout. */
  readonly limiter: Limiter;
  readonly progress: Progress;
}

/** Reads the parts of the image for the platform that the requested detail needs, and no others. */
export async function readDetail(remote: RemoteImage, options: FetchOptions): Promise<FetchedImage> {
  if (options.detail === 'nothing') {
    return {};
  }
  const { manifest } = await selectImage(remote, options.platform, options.log);
  return options.detail === 'manifest'
    ? { manifest }
    : { manifest, config: await readConfig(remote, manifest.config) };
}
