// From what a digest names to the one image that is wanted: through indexes, by platform.
import { buffer } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type ImageConfig, parseImageConfig } from '../oci/image-config.ts';
import { parseIndex } from '../oci/image-index.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { isIndexType, isManifestType, isSchema1Type } from '../oci/media-type.ts';
import { formatPlatform, offeredPlatforms, platformMatches, type WantedPlatform } from '../oci/platform.ts';
import type { Session } from '../transport/session.ts';
import { openBlob } from './blob-download.ts';
import { getListedManifest, type ServedManifest } from './manifest-endpoint.ts';

/** Indexes in indexes are followed this deep: more is a circle or an attack. */
const maximumDepth = 8;
/** The longest image config that is read, in bytes. */
const maximumConfig = 32 * 1024 * 1024;

/** An image manifest as it was served, and what it says. */
export interface ServedImage {
  readonly served: ServedManifest;
  readonly manifest: ImageManifest;
}

/**
 * The image manifest for a platform: the document itself, or the first entry of the index (or of an index in
 * it) whose platform suits the one wanted. A document of an unknown type counts as an image, with a warning.
 */
export async function platformImage(
  session: Session,
  served: ServedManifest,
  platform: WantedPlatform,
  log: Log,
): Promise<ServedImage> {
  let current = served;
  for (let depth = 0; isIndexType(current.mediaType); depth++) {
    if (depth >= maximumDepth) {
      throw new UserError(`index ${served.digest} holds indexes more than ${maximumDepth} levels deep`);
    }
    const child = selectChild(current, platform);
    current = await getListedManifest(session, child);
  }
  if (isSchema1Type(current.mediaType)) {
    throw new UserError(
      `unsupported media type ${current.mediaType}: ${current.digest} is a Docker schema 1 manifest`,
      {
        hint: 'push the image again with a current tool; schema 1 was given up by all registries',
      },
    );
  }
  if (!isManifestType(current.mediaType)) {
    log.warn(
      `${current.digest} has the unknown media type ${JSON.stringify(current.mediaType)}; reading it as an image`,
    );
  }
  return { served: current, manifest: parseManifest(current.bytes, `manifest ${current.digest}`) };
}

/** The config of an image, verified. */
export async function imageConfig(session: Session, manifest: ImageManifest): Promise<ImageConfig> {
  const bytes = await imageConfigBytes(session, manifest);
  return parseImageConfig(bytes, `config ${manifest.config.digest}`);
}

/** The bytes of the config of an image, verified. */
export async function imageConfigBytes(session: Session, { config }: ImageManifest): Promise<Uint8Array> {
  if (config.size > maximumConfig) {
    throw new UserError(`config ${config.digest} is too large: ${config.size} bytes`);
  }
  return await buffer(await openBlob(session, config));
}

function selectChild(index: ServedManifest, platform: WantedPlatform): Descriptor {
  const { manifests } = parseIndex(index.bytes, `index ${index.digest}`);
  const child = manifests.find((entry) => platformMatches(entry.platform, platform));
  if (child) {
    return child;
  }
  const offered = offeredPlatforms(manifests).join(', ') || 'none';
  throw new UserError(
    `no child with platform ${formatPlatform(platform)} in index ${index.digest}; it has: ${offered}`,
    { hint: 'set platform (os, architecture and, if need be, variant) to one of those' },
  );
}
