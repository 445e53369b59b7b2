// What a get leaves in its directory, and how nothing of an earlier one stays there.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { partialArchive } from '../disk/docker-archive-target.ts';
import { unpublishLayout } from '../disk/oci-layout-target.ts';
import { UserError } from '../errors.ts';
import { bytesOfPath } from '../rootfs/file-path.ts';
import { removeTree } from '../rootfs/remove-tree.ts';

/** The files that describe a get, and their modes before the umask, as upstream has them. */
const descriptions = [
  { name: 'tag', mode: 0o644 },
  { name: 'digest', mode: 0o644 },
  { name: 'repository', mode: 0o644 },
  { name: 'metadata.json', mode: 0o666 },
  { name: 'labels.json', mode: 0o666 },
] as const;

/** A file that describes a get. */
export type Description = (typeof descriptions)[number]['name'];

/** Where the image of a get goes: the tree, the tarball or the layout, by its format. */
export function imagePath(directory: string, format: 'rootfs' | 'oci' | 'oci-layout'): string {
  return join(directory, { rootfs: 'rootfs', oci: 'image.tar', 'oci-layout': 'oci' }[format]);
}

/** Writes files that describe a get; nothing may be in their places. */
export async function writeDescriptions(
  directory: string,
  texts: Partial<Record<Description, string>>,
): Promise<void> {
  try {
    for (const { name, mode } of descriptions) {
      const text = texts[name];
      if (text !== undefined) {
        await writeFile(join(directory, name), text, { mode, flag: 'wx' });
      }
    }
  } catch (cause) {
    throw new UserError(`writing into ${JSON.stringify(directory)}`, { cause });
  }
}

/**
 * Removes all that a get of any format may have left. `keeping` the blobs of a layout, it is no layout any
 * more, and the next one in its place need not fetch them again.
 */
export async function removeResult(directory: string, keeping: 'nothing' | 'blobs'): Promise<void> {
  const archive = imagePath(directory, 'oci');
  const layout = imagePath(directory, 'oci-layout');
  const paths = [imagePath(directory, 'rootfs'), archive, partialArchive(archive)];
  try {
    for (const path of [...paths, ...descriptions.map(({ name }) => join(directory, name))]) {
      removeTree(bytesOfPath(path));
    }
    if (keeping === 'blobs') {
      await unpublishLayout(layout);
    } else {
      removeTree(bytesOfPath(layout));
    }
  } catch (cause) {
    throw new UserError(`cannot remove the result of an earlier get from ${JSON.stringify(directory)}`, {
      cause,
    });
  }
}
