// An image of the build: the tarball or layout that a glob matches.
import { tmpdir } from 'node:os';
import { findImage } from '../disk/glob.ts';
import { type DiskImage, type OpenImageOptions, openImage } from '../disk/open-image.ts';
import { UserError } from '../errors.ts';
import { watchChunks } from '../transfer/watched-content.ts';
import type { PreparedImage, PutSurroundings } from './opened-image.ts';

/** The tarball or layout of the build that a glob matches. */
export async function prepareFile(
  glob: string,
  { directory, progress, signal }: PutSurroundings,
): Promise<PreparedImage> {
  const image = await openArtifact(directory, glob, {
    temporaryDirectory: tmpdir(),
    signal,
    watchLayer: (plain, { number, count, size }) =>
      watchChunks(plain, progress.start(`compress ${number}/${count}`, size)),
  });
  return { open: async () => ({ source: image }), close: () => image.close() };
}

async function openArtifact(directory: string, glob: string, options: OpenImageOptions): Promise<DiskImage> {
  try {
    return await openImage(await findImage(directory, glob), options);
  } catch (cause) {
    throw glob === '' && cause instanceof UserError
      ? new UserError('params.image is missing', {
          cause,
          hint: 'set params.image to the path of a tarball or an OCI layout in the artifacts, such as image/*.tar',
        })
      : cause;
  }
}
