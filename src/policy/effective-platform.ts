// The platform that a step means: its own, else the resource's, else the machine's.
import type { WantedPlatform } from '../oci/platform.ts';

/**
 * The platform to choose from an index. A platform in `params` replaces that of `source` as a whole; an os or
 * architecture left empty is the host's; a variant counts only where one is configured.
 */
export function effectivePlatform(
  source: WantedPlatform | undefined,
  params: WantedPlatform | undefined,
  host: WantedPlatform,
): WantedPlatform {
  const configured = params ?? source;
  return {
    os: configured?.os || host.os,
    architecture: configured?.architecture || host.architecture,
    ...(configured?.variant ? { variant: configured.variant } : {}),
  };
}
