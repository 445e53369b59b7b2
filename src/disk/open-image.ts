// Opening the image at a path: a directory is an OCI layout, a file a `docker save` tarball.
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { LayerCompression } from '../compression/layer-compression.ts';
import type { ContentSource } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import { openDockerArchive, type WatchLayer } from './docker-archive.ts';
import { readWholeRange } from './file-range.ts';
import { createLayerSpool } from './layer-spool.ts';
import { headLength, noArchiveError, refuseFile } from './not-an-image.ts';
import { openOciLayout } from './oci-layout.ts';

/** An image in a directory or a tarball. Its nodes can be opened until it is closed. */
export interface DiskImage extends ContentSource {
  /** The same image before its layers are compressed, where that is done later. */
  readonly plain?: ContentSource;
  /** How many layers keep the bytes that are stored because those are compressed: of a layout, `all` do. */
  readonly keptLayers: number | 'all';
  /** Stops a compression under way, closes files and frees the space of compressed layers. */
  close(): Promise<void>;
}

/** How an image is opened. */
export interface OpenImageOptions {
  /** Usually `os.tmpdir()`: its disk holds the compressed layers until the image is closed. */
  readonly temporaryDirectory: string;
  /** How layers that are stored plain are compressed; gzip by default. */
  readonly compression?: LayerCompression | undefined;
  /** Whether plain layers are compressed when nodes are read first, for an image that may turn out to be published. */
  readonly compressLater?: boolean;
  /** Observes the plain bytes of each layer that is compressed. */
  readonly watchLayer?: WatchLayer;
  /** Ends the reading and the compression of layers: whoever waits for one gets the reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The image at a path, symbolic links followed. What is not an image is a {@link UserError} that says what it is.
 */
export async function openImage(path: string, options: OpenImageOptions): Promise<DiskImage> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) {
      const layout = await openOciLayout(path, options.signal);
      return { ...layout, keptLayers: 'all', close: async () => {} };
    }
    if (!info.isFile()) {
      throw new UserError('it is neither a file nor a directory');
    }
    return await openTarball({ file: await open(path), name: path }, info.size, options);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new UserError(`could not load image from path '${path}'`, { cause });
  }
}

async function openTarball(
  tarball: { readonly file: FileHandle; readonly name: string },
  size: number,
  options: OpenImageOptions,
): Promise<DiskImage> {
  const { file } = tarball;
  const spool = createLayerSpool(options.temporaryDirectory, options);
  const close = async () => {
    await spool.close();
    await file.close();
  };
  try {
    refuseFile(await readWholeRange(file, { offset: 0, size: Math.min(size, headLength) }, 'the file'), size);
    return { ...(await openDockerArchive(tarball, spool, options)), close };
  } catch (error) {
    await close();
    if (error instanceof UserError && error.code === 'NOT_AN_ARCHIVE') {
      throw noArchiveError(tarball.name, error.cause ?? error);
    }
    throw error;
  }
}
