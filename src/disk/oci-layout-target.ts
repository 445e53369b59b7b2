// A directory with an OCI image layout as the place where a graph goes. OCI image specification, "image layout".
import { lstat, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Descriptor, descriptorJson } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { encodeJson } from '../oci/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isIndexType, mediaTypes } from '../oci/media-type.ts';
import type { DiskTarget } from './disk-target.ts';
import { indexFile, layoutFile, singleImageDigestFile } from './layout-paths.ts';
import { layoutStore } from './layout-store.ts';
import { onDisk, writeContent } from './write-content.ts';

/** Byte for byte what upstream writes. */
const layoutText = '{\n    "imageLayoutVersion": "1.0.0"\n}';

/**
 * A layout in `directory`. An index becomes `index.json` itself; an image is listed by a new one, and named by
 * `single-image-digest`. Content that an earlier run left is kept when its bytes are right, and everything else
 * is removed at the end. `whole` remembers from one try to the next what is known to be right.
 */
export function ociLayoutTarget(directory: string, whole: Set<Digest>): DiskTarget {
  const store = layoutStore(directory, whole);

  const writeTop = async (name: string, bytes: Uint8Array) => {
    const path = join(directory, name);
    const partial = `${path}.partial`;
    // Upstream gives these files all permissions.
    const file = await onDisk(partial, () => open(partial, 'wx', 0o777));
    try {
      await writeContent(file, partial, [bytes]);
    } finally {
      await file.close();
    }
    await onDisk(path, () => rename(partial, path));
  };

  return {
    order: 'any',
    has: (descriptor, kind) => store.has({ descriptor, kind }),
    write: (node) => store.write(node),
    async publish(root, bytes) {
      const isIndex = isIndexType(root.mediaType);
      if (!isIndex) {
        await store.write({ descriptor: root, kind: 'manifest', open: async () => Readable.from([bytes]) });
      }
      await store.prune();
      await writeTop(layoutFile, Buffer.from(layoutText));
      if (!isIndex) {
        await writeTop(singleImageDigestFile, Buffer.from(root.digest));
      }
      // Last, since it is what makes a layout of the directory.
      await writeTop(indexFile, isIndex ? bytes : indexOf(root, bytes));
    },
    close: () => store.close(),
  };
}

/** Makes a directory an OCI layout no more; its blobs stay. What lies there and is no directory is removed. */
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
