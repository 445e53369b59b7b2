// The platforms of an assembled index: all that are asked for, each of them once.
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import {
  formatPlatform,
  offeredPlatforms,
  type Platform,
  platformMatches,
  type WantedPlatform,
} from '../oci/platform.ts';

interface PlatformImage {
  readonly descriptor: Descriptor;
  readonly platform: Platform | undefined;
}

/**
 * The images for the platforms that are asked for, in the same order; without platforms all. Throws a UserError for a platform that
 * no image is for, for two images for one platform, and for none at all.
 */
export function imagesFor<Image extends PlatformImage>(
  images: readonly Image[],
  platforms: readonly WantedPlatform[],
): readonly Image[] {
  requirePlatforms(images, platforms);
  const isWanted = ({ platform }: Image) => platforms.some((wanted) => platformMatches(platform, wanted));
  const kept = platforms.length === 0 ? images : images.filter(isWanted);
  refuseDuplicates(kept);
  return kept;
}

// An index without a platform that is asked for would be published in the place of one with it.
function requirePlatforms(images: readonly PlatformImage[], platforms: readonly WantedPlatform[]): void {
  for (const wanted of platforms) {
    if (!images.some(({ platform }) => platformMatches(platform, wanted))) {
      const offered = offeredPlatforms(images).join(', ') || 'none';
      throw new UserError(
        `no image of params.manifests is for the platform ${formatPlatform(wanted)}; they are for: ${offered}`,
        { hint: 'add the image to params.manifests, or leave the platform out of params.platforms' },
      );
    }
  }
}

function refuseDuplicates(images: readonly PlatformImage[]): void {
  if (images.length === 0) {
    throw new UserError('the index would have no image');
  }
  const seen = new Map<string, Descriptor>();
  for (const { platform, descriptor } of images) {
    if (!platform || platform.os === 'unknown') {
      continue;
    }
    const name = `${formatPlatform(platform)}${platform.osVersion ? ` ${platform.osVersion}` : ''}`;
    const first = seen.get(name);
    if (first) {
      throw new UserError(
        `two images of params.manifests are for ${name}: ${first.digest} and ${descriptor.digest}`,
        {
          hint: 'an index has one image for each platform; set platform where a config states the wrong one',
        },
      );
    }
    seen.set(name, descriptor);
  }
}
