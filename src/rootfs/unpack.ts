// Unpacking the layers of an image into a directory: bottom-up, verified to the last byte, all of it or nothing.
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decompress, type PlainBytes } from '../compression/decompress.ts';
import { causes, errorText, UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { ArchiveReader } from '../tar/archive-reader.ts';
import { emptyTree } from './remove-tree.ts';
import { TreeWriter, type TreeWriterOptions } from './tree-writer.ts';

/** One layer of an image. */
export interface UnpackLayer {
  readonly digest: Digest;
  /**
   * The layer as it is stored, compressed or not. The stream fails at its end when digest or size is wrong, and resumes
   * by itself after a broken connection.
   */
  open(): Promise<Readable>;
}

/** How layers are unpacked. */
export interface UnpackOptions extends TreeWriterOptions {
  /** Ends the unpacking, also while it waits for content. */
  readonly signal?: AbortSignal | undefined;
}

function isSystemError(error: unknown): boolean {
  return [...causes(error)].some((level) => level instanceof Error && 'syscall' in level);
}

/**
 * Opens a layer as soon as the previous one has been received: the network is used without a break, and no connection
 * is idle while a large layer is written.
 */
function openAfter(received: Promise<void>, layer: UnpackLayer): Promise<PlainBytes> {
  const opened = received.then(async () => decompress(await layer.open()));
  opened.catch(() => undefined);
  return opened;
}

/** Bytes that are written before the event loop turns: until it does, the decompressing thread gets no next piece. */
const stepSize = 64 * 1024;

async function writeLayer(plain: PlainBytes, writer: TreeWriter, signal?: AbortSignal): Promise<void> {
  const archive = new ArchiveReader(writer);
  for (let chunk = await plain.next(); chunk !== undefined; chunk = await plain.next()) {
    signal?.throwIfAborted();
    // What follows the end of the archive is decompressed too: the checksum of what precedes it comes after that.
    for (let at = 0; at < chunk.length && !archive.ended; at += stepSize) {
      if (at > 0) {
        await nextTurn();
        signal?.throwIfAborted();
      }
      archive.push(chunk.subarray(at, at + stepSize));
    }
  }
  archive.finish();
}

/** Writes one layer and reads its source to the end, past the end of the archive, so that all of it is verified. */
async function unpackLayer(plain: PlainBytes, writer: TreeWriter, signal?: AbortSignal): Promise<void> {
  try {
    await writeLayer(plain, writer, signal);
  } catch (error) {
    if (isSystemError(error)) {
      plain.destroy();
    } else {
      // Content that makes no sense may be damaged on its way: then the error of the source is thrown instead.
      await plain.drain();
    }
    throw error;
  }
}

/**
 * Unpacks layers, the lowest first, into a directory, which is created unless there are no layers. On failure the
 * directory is emptied; the error is a `UserError` that names the layer, with the reason as its cause. The caller
 * decides by the causes whether to try again. An abort empties the directory too and throws the signal's reason.
 */
export async function unpackLayers(
  layers: readonly UnpackLayer[],
  directory: string,
  options: UnpackOptions,
): Promise<void> {
  const { log, signal } = options;
  if (layers.length === 0) {
    return;
  }
  signal?.throwIfAborted();
  const writer = new TreeWriter(directory, options);
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  let opened: Promise<PlainBytes> | undefined;
  let current: PlainBytes | undefined;
  const abort = () => {
    current?.destroy(signal?.reason);
    aborted.reject(signal?.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    for (const [index, layer] of layers.entries()) {
      log.debug(`extracting layer ${index + 1} of ${layers.length}`);
      try {
        opened ??= openAfter(Promise.resolve(), layer);
        current = await Promise.race([opened, aborted.promise]);
        signal?.throwIfAborted();
        const next = layers[index + 1];
        opened = next && openAfter(current.sourceRead, next);
        writer.beginLayer();
        await unpackLayer(current, writer, signal);
      } catch (error) {
        throw new UserError(`cannot unpack layer ${layer.digest}`, { cause: error });
      }
    }
    writer.finish();
  } catch (error) {
    writer.close();
    opened?.then(
      (plain) => plain.destroy(),
      () => undefined,
    );
    log.debug(`emptying ${directory}: ${signal?.aborted ? 'aborted' : errorText(error)}`);
    emptyTree(directory);
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
