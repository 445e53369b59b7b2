// Opening the image at a path: a directory is an OCI layout, a file a `docker save` tarball.
import { type FileHandle, open, stat } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import type { DiskImage } from './disk-image.ts';
import { type OpenArchiveOptions, openDockerArchive } from './docker-archive.ts';
import { readWholeRange } from './file-range.ts';
import { headLength, refuseFile } from './not-an-image.ts';
import { openOciLayout } from './oci-layout.ts';

/**
 * The image at a path, symbolic links followed. What is not an image is a {@link UserError} that says what it is.
 */
export async function openImage(path: string, options: OpenArchiveOptions): Promise<DiskImage> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) {
      return await openOciLayout(path, options.signal);
    }
    if (!info.isFile()) {
      throw new UserError('it is neither a file nor a directory');
    }
    const file = await open(path);
    try {
      await refuseCompressed(file, info.size);
      return await openDockerArchive(file, options);
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new UserError(`could not load image from path '${path}'`, { cause });
  }
}

async function refuseCompressed(file: FileHandle, size: number): Promise<void> {
  refuseFile(await readWholeRange(file, { offset: 0, size: Math.min(size, headLength) }, 'the file'));
}
