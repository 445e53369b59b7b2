// The file names of an OCI layout. OCI image specification, "image layout".
import { join } from 'node:path';
import { type Digest, digestHex } from '../oci/digest.ts';

/** The file that makes a directory an OCI layout. */
export const layoutFile = 'oci-layout';
/** The index of the layout's content. */
export const indexFile = 'index.json';
/** The file with the digest of the image that is pushed without the index around it. Only this resource has it. */
export const singleImageDigestFile = 'single-image-digest';

/** The directory of all blobs. */
export function blobDirectory(layout: string): string {
  return join(layout, 'blobs', 'sha256');
}

/** The file of one blob. */
export function blobPath(layout: string, digest: Digest): string {
  return join(blobDirectory(layout), digestHex(digest));
}
