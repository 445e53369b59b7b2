// An OCI image layout in a directory as the target of a copy. OCI image specification, "image layout".
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Descriptor, descriptorJson } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { encodeJson } from '../oci/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isIndexType, mediaTypes } from '../oci/media-type.ts';
import { type DiskTarget, onDisk, writeWhole } from './disk-writes.ts';
import { indexFile, layoutFile, singleImageDigestFile } from './layout-paths.ts';
import { layoutContent, layoutStore } from './layout-store.ts';

/** Byte for byte as upstream writes it. */
const layoutText = '{\n    "imageLayoutVersion": "1.0.0"\n}';

/**
 * A layout in `directory`. An index becomes `index.json` itself; an image is listed by a new one, and named by
 * `single-image-digest`. Content of an earlier run is kept when its digest is right, and everything else is removed at
 * the end. `whole` holds the digests that were verified, from one attempt to the next.
 */
export function ociLayoutTarget(directory: string, whole: Set<Digest>): DiskTarget {
  const store = layoutStore(directory, whole);

  // With all permissions, as upstream.
  const writeTop = (name: string, bytes: Uint8Array) => writeWhole(join(directory, name), 0o777, [bytes]);

  return {
    ...layoutContent(directory, store),
    async publish(root, bytes) {
      const isIndex = isIndexType(root.mediaType);
      if (!isIndex) {
        await store.write({ descriptor: root, kind: 'manifest', open: async () => Readable.from([bytes]) });
      }
      await store.run(async () => {
        await store.prune();
        await writeTop(layoutFile, Buffer.from(layoutText));
        if (!isIndex) {
          await writeTop(singleImageDigestFile, Buffer.from(root.digest));
        }
        // Last, because it makes the directory a layout.
        await writeTop(indexFile, isIndex ? bytes : indexOf(root, bytes));
      });
    },
    close: store.close,
  };
}

/** Removes what makes a directory an OCI layout; its blobs stay. Anything that is not a directory is removed. */
export async function unpublishLayout(directory: string): Promise<void> {
  await onDisk(directory, async () => {
    const info = await lstat(directory).catch(() => undefined);
    if (info?.isDirectory()) {
      for (const name of [indexFile, layoutFile, singleImageDigestFile]) {
        await rm(join(directory, name), { recursive: true, force: true });
      }
    } else {
      await rm(directory, { force: true });
    }
  });
}

/** An index of one image, as go-containerregistry's layout.AppendImage describes it. */
function indexOf({ mediaType, size, digest }: Descriptor, bytes: Uint8Array): Uint8Array {
  const { annotations, artifactType, config } = parseManifest(bytes, `manifest ${digest}`);
  const described: Descriptor = {
    mediaType,
    size,
    digest,
    ...(annotations ? { annotations } : {}),
    artifactType: artifactType ?? config.mediaType,
  };
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [descriptorJson(described)] };
  return Buffer.from(encodeJson(index));
}
