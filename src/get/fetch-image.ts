// Fetches one image from a registry by digest, in the requested format.
import { getManifest } from '../registry/manifest-endpoint.ts';
import { repositoryReader } from '../registry/repository-reader.ts';
import type { Session } from '../transport/session.ts';
import { type FetchedImage, type FetchOptions, readDetail } from './fetched-image.ts';
import { waitingReader, waitUntilServed } from './late-content.ts';
import { remoteImage } from './remote-image.ts';
import { saveArchive, saveLayout } from './save-image.ts';
import { unpackImage } from './unpack-image.ts';

/**
 * Fetches the image of a digest. After success it is complete and verified in its place; after a failure nothing there can
 * be taken for an image.
 */
export async function fetchImage(session: Session, options: FetchOptions): Promise<FetchedImage> {
  const { digest } = options;
  const served = await waitUntilServed(digest, options, () => getManifest(session, digest));
  const remote = remoteImage(waitingReader(repositoryReader(session), options), served);
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
