// One image out of a registry: the digest that is asked for, in the format that is asked for.
import { getManifest, isMissing, type ServedManifest } from '../registry/manifest-endpoint.ts';
import type { Session } from '../transport/session.ts';
import { type FetchedImage, type FetchOptions, readDetail } from './fetched-image.ts';
import { remoteImage } from './remote-image.ts';
import { saveArchive, saveLayout } from './save-image.ts';
import { unpackImage } from './unpack-image.ts';

/** Fetches what the digest names. In the end the image is whole and verified in its place, or it is not an image. */
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

/** A registry may need a moment to show what was just pushed: its 404 counts only after some time. */
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
      log.warn(`${digest} is not there (yet); asking again`);
      await clock.sleep(missing.pause, signal);
    }
  }
}
