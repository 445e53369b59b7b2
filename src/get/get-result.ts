// The files that a get writes into its directory, and the removal of those of an earlier get.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { partialPath } from '../disk/disk-writes.ts';
import { unpublishLayout } from '../disk/oci-layout-target.ts';
import { readTextFile } from '../disk/text-file.ts';
import { UserError } from '../errors.ts';
import { maximumVersionFile } from '../limits.ts';
import { isDigest } from '../oci/digest.ts';
import { removeTree } from '../rootfs/remove-tree.ts';

/** The files that describe a get, and their modes before the umask, as upstream has them. */
const descriptions = [
  { name: 'tag', mode: 0o644 },
  { name: 'digest', mode: 0o644 },
  { name: 'repository', mode: 0o644 },
  { name: 'metadata.json', mode: 0o666 },
  { name: 'labels.json', mode: 0o666 },
] as const;

/** The name of a file that describes a get. */
export type Description = (typeof descriptions)[number]['name'];

const images = { rootfs: 'rootfs', oci: 'image.tar', 'oci-layout': 'oci' } as const;

/** The path of the tree, the tarball or the layout in the directory of a get. */
export function imagePath(directory: string, format: keyof typeof images): string {
  return join(directory, images[format]);
}

/** Writes files that describe a get. None of them may exist; throws a UserError otherwise. */
export async function writeDescriptions(
  directory: string,
  contents: Partial<Record<Description, string>>,
): Promise<void> {
  try {
    for (const { name, mode } of descriptions) {
      const content = contents[name];
      if (content !== undefined) {
        await writeFile(join(directory, name), content, { mode, flag: 'wx' });
      }
    }
  } catch (cause) {
    throw new UserError(`writing into ${JSON.stringify(directory)}`, { cause });
  }
}

/**
 * Removes what is in the places that a get is about to write to. When the files of an earlier get are there, its image is
 * removed in any format; otherwise the places of other formats hold files of the user and are left alone. With `keeping`
 * `blobs`, a layout loses its index but keeps its blobs, which the next get need not fetch again.
 */
export async function clearResult(
  directory: string,
  format: keyof typeof images | 'none',
  keeping: 'nothing' | 'blobs',
): Promise<void> {
  try {
    const formats = (await describesGet(directory)) ? (['rootfs', 'oci', 'oci-layout'] as const) : [format];
    for (const { name } of descriptions) {
      removeTree(join(directory, name));
    }
    for (const each of formats) {
      await clearImage(directory, each, keeping);
    }
  } catch (cause) {
    throw new UserError(`cannot remove the result of an earlier get from ${JSON.stringify(directory)}`, {
      cause,
    });
  }
}

async function describesGet(directory: string): Promise<boolean> {
  return isDigest(await readTextFile(join(directory, 'digest'), maximumVersionFile).catch(() => ''));
}

async function clearImage(
  directory: string,
  format: keyof typeof images | 'none',
  keeping: 'nothing' | 'blobs',
): Promise<void> {
  if (format === 'none') {
    return;
  }
  const path = imagePath(directory, format);
  if (format === 'oci-layout' && keeping === 'blobs') {
    await unpublishLayout(path);
    return;
  }
  removeTree(path);
  if (format === 'oci') {
    removeTree(partialPath(path));
  }
}
