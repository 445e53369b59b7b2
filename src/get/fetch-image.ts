// Fetches one image from a registry by digest, in the requested format.
import { getManifest, isMissing, type ServedManifest } from '../registry/manifest-endpoint.ts';
import type { Session } from '../transport/session.ts';
import { type FetchedImage, type FetchOptions, readDetail } from './fetched-image.ts';
import { remoteImage } from './remote-image.ts';
import { saveArchive, saveLayout } from './save-image.ts';
import { unpackImage } from './unpack-image.ts';

/**
 * Fetches the image of a digest. After success it is complete and verified in its place; after a failure nothing there can
 * be taken for an image.
 */
export async function fetchImage(session: Session, options: FetchOptions): Promise<FetchedImage> {
  const remote = remoteImage(session, await getFreshManifest(session, options));
  switch (options.format) {
    case 'rootfs':
      return await unpackImage(remote, options);
    case 'oci':
      return await saveArchive(remote, options);
    case 'oci-layout':
      return await saveLayout(remote, options);
    case 'none':
      return await readDetail(remote, options);
  }
}

/** Retries after a 404: a registry may take a moment to serve what was just pushed. */
async function getFreshManifest(session: Session, options: FetchOptions): Promise<ServedManifest> {
  const { clock, log, digest, missing, signal } = options;
  const deadline = clock.now() + missing.total;
  for (;;) {
    try {
      return await getManifest(session, digest);
    } catch (error) {
      if (!isMissing(error) || clock.now() >= deadline) {
        throw error;
      }
      log.warn(`${digest} is not in the registry (yet); retrying`);
      await clock.sleep(missing.pause, signal);
    }
  }
}
