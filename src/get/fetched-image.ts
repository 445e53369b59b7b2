// What a get fetches, and what is known of the image afterwards: no more is requested than that takes.
import type { Limiter } from '../limiter.ts';
import type { Log } from '../log.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import type { ImageFormat } from '../request/params.ts';
import type { Progress } from '../transfer/progress.ts';
import type { Clock } from '../transport/clock.ts';
import { type RemoteImage, readConfig, selectImage } from './remote-image.ts';

/** What is known of the image that was fetched: at least as much as was asked for. */
export interface FetchedImage {
  readonly manifest?: ImageManifest;
  readonly config?: ImageConfig;
}

/** How much of the image for the platform must be known in the end, whatever its format takes. */
export type ImageDetail = 'nothing' | 'manifest' | 'config';

/** What is fetched, and where it goes. */
export interface FetchOptions {
  readonly digest: Digest;
  readonly platform: WantedPlatform;
  /** `none`: nothing is downloaded. */
  readonly format: ImageFormat | 'none';
  readonly detail: ImageDetail;
  /** The directory of the get, in which the place of the image is free. */
  readonly directory: string;
  /** The name under which tools load the tarball of format `oci`. */
  readonly repoTag: string;
  /** What the layout is known to hold with the right bytes, from one attempt to the next. */
  readonly whole: Set<Digest>;
  /** Whether files are given to the users that the layers name. */
  readonly asRoot: boolean;
  /** For how long, and how often, a digest that the registry does not have is asked for again; in milliseconds. */
  readonly missing: { readonly total: number; readonly pause: number };
  /** Limits the downloads into a layout. */
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly log: Log;
  readonly progress: Progress;
  /** Ends the get with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Reads the image for the platform as far as it must be known, and no further. */
export async function readDetail(remote: RemoteImage, options: FetchOptions): Promise<FetchedImage> {
  if (options.detail === 'nothing') {
    return {};
  }
  const { manifest } = await selectImage(remote, options.platform, options.log);
  return options.detail === 'manifest'
    ? { manifest }
    : { manifest, config: await readConfig(remote, manifest.config) };
}
