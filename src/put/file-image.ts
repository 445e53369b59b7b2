// An image of the build: the tarball or layout that a glob matches.
import { tmpdir } from 'node:os';
import { requireCompressor } from '../compression/layer-compression.ts';
import { findImage } from '../disk/glob.ts';
import { type DiskImage, type OpenImageOptions, openImage } from '../disk/open-image.ts';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { watchChunks } from '../transfer/watched-content.ts';
import type { PreparedImage, PutSurroundings } from './opened-image.ts';

/**
 * The tarball or layout of the build that a glob matches. Where a compression is stated, layers that it does not change are
 * logged. With
 * `compressLater` plain layers are compressed when the source is read. Throws a UserError for an image that cannot be read, and a compression that the runtime does not have.
 */
export async function prepareFile(
  glob: string,
  { directory, compression, progress, log, signal }: PutSurroundings,
  compressLater = false,
): Promise<PreparedImage> {
  if (compression) {
    requireCompressor(compression);
  }
  const image = await openArtifact(directory, glob, {
    temporaryDirectory: tmpdir(),
    compression,
    compressLater,
    signal,
    watchLayer: (plain, { number, count, size }) =>
      watchChunks(plain, progress.start(`compress ${number}/${count}`, size)),
  });
  if (compression) {
    logKept(image, log);
  }
  return { open: async () => ({ source: image, plain: image.plain }), close: () => image.close() };
}

function logKept({ name, keptLayers }: DiskImage, log: Log): void {
  if (keptLayers !== 0) {
    const count = keptLayers === 1 ? '1 layer' : `${keptLayers} layers`;
    log.info(`params.compression: ${count} of ${name} keep their bytes, compressed as they are`);
  }
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
