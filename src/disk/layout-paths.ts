// Where things lie in an OCI layout. OCI image specification, "image layout".
import { join } from 'node:path';
import { type Digest, digestHex } from '../oci/digest.ts';

/** The file that makes a directory an OCI layout. */
export const layoutFile = 'oci-layout';
/** The list of what the layout holds. */
export const indexFile = 'index.json';
/** The file that names the one image of a layout to be pushed without the index around it; this resource's own. */
export const singleImageDigestFile = 'single-image-digest';

/** The directory of all content that sha256 names. */
export function blobDirectory(layout: string): string {
  return join(layout, 'blobs', 'sha256');
}

/** The file of one piece of content. */
export function blobPath(layout: string, digest: Digest): string {
  return join(blobDirectory(layout), digestHex(digest));
}
