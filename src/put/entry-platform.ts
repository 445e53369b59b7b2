// The platform under which an assembled index lists an image: the one that is given, completed from the config of the image.
import { buffer } from 'node:stream/consumers';
import type { ContentNode } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { Platform, WantedPlatform } from '../oci/platform.ts';

/**
 * The platform that is given, with the os or architecture that it leaves out from the config of the image; without one that of the
 * config. Throws a UserError for one that stays incomplete.
 */
export async function entryPlatform(
  given: WantedPlatform | undefined,
  root: ContentNode,
  nodes: readonly ContentNode[],
): Promise<Platform | undefined> {
  if (!given) {
    return await configPlatform(root, nodes);
  }
  if (given.os !== '' && given.architecture !== '') {
    return platformOf(given);
  }
  const config = await configPlatform(root, nodes);
  const [os, architecture] = [given.os || config?.os, given.architecture || config?.architecture];
  if (!os || !architecture) {
    throw new UserError('the platform of an image is incomplete, and its config has none', {
      hint: 'set os and architecture of its platform in params.manifests',
    });
  }
  return platformOf({ ...given, os, architecture });
}

/** The platform in the config of an image; none for an artifact whose config states none. */
async function configPlatform(
  root: ContentNode,
  nodes: readonly ContentNode[],
): Promise<Platform | undefined> {
  const { digest } = root.descriptor;
  const manifest = parseManifest(await buffer(await root.open()), `manifest ${digest}`);
  const config = nodes.find(({ descriptor }) => descriptor.digest === manifest.config.digest);
  if (!config) {
    throw new UserError(`the config ${manifest.config.digest} of ${digest} is missing`);
  }
  const parsed = parseImageConfig(await buffer(await config.open()), `config ${manifest.config.digest}`);
  return parsed.os === '' && parsed.architecture === '' ? undefined : platformOf(parsed);
}

function platformOf({ os, architecture, variant }: WantedPlatform): Platform {
  return { os, architecture, ...(variant ? { variant } : {}) };
}
