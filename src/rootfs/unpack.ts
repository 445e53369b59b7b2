// The layers of an image become one directory tree: bottom-up, verified to the last byte, all of it or nothing.
import type { Readable } from 'node:stream';
import { decompress, type PlainBytes } from '../compression/decompress.ts';
import { causes, errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Digest } from '../oci/digest.ts';
import { ArchiveReader } from '../tar/archive-reader.ts';
import { systemErrorCode } from './file-path.ts';
import { emptyTree } from './remove-tree.ts';
import { TreeWriter } from './tree-writer.ts';

/** One layer of an image. */
export interface UnpackLayer {
  readonly digest: Digest;
  /**
   * The layer as it is stored, perhaps compressed. The stream fails at its end when digest or size is
   * wrong, and resumes by itself after a broken connection.
   */
  open(): Promise<Readable>;
}

/** How layers are unpacked, and who is told. */
export interface UnpackOptions {
  /** Whether files get the owners that the layers name; only root can do that. */
  readonly asRoot: boolean;
  readonly log: Log;
}

function isSystemError(error: unknown): boolean {
  return [...causes(error)].some((level) => systemErrorCode(level) !== undefined);
}

/** Opens a layer as soon as the one before it has been received: the network rests as little as possible, and no
 * connection stands idle while a large layer is being written. */
function openAfter(received: Promise<void>, layer: UnpackLayer): Promise<PlainBytes> {
  const opened = received.then(async () => decompress(await layer.open()));
  opened.catch(() => undefined);
  return opened;
}

async function writeLayer(plain: PlainBytes, writer: TreeWriter): Promise<void> {
  const archive = new ArchiveReader(writer);
  for (let chunk = await plain.next(); chunk !== undefined; chunk = await plain.next()) {
    archive.push(chunk);
    if (archive.ended) {
      return;
    }
  }
  archive.finish();
}

/** Writes one layer and has all of it verified, even what lies behind the archive's end. */
async function unpackLayer(plain: PlainBytes, writer: TreeWriter): Promise<void> {
  try {
    await writeLayer(plain, writer);
  } catch (error) {
    if (isSystemError(error)) {
      plain.destroy();
    } else {
      // Bytes that make no sense may be bytes that were never meant: what the source says of them comes first.
      await plain.drain();
    }
    throw error;
  }
  await plain.drain();
}

/**
 * Unpacks layers, the lowest first, into a directory, which is made unless there are no layers. When anything fails,
 * nothing stays in the directory; the error is a `UserError` naming the layer, its cause the reason. Whether it is
 * worth another attempt is for the caller to judge by the causes.
 */
export async function unpackLayers(
  layers: readonly UnpackLayer[],
  directory: string,
  options: UnpackOptions,
): Promise<void> {
  if (layers.length === 0) {
    return;
  }
  const writer = new TreeWriter(directory, options);
  let opened: Promise<PlainBytes> | undefined;
  try {
    for (const [index, layer] of layers.entries()) {
      options.log.debug(`extracting layer ${index + 1} of ${layers.length}`);
      try {
        const plain = await (opened ?? openAfter(Promise.resolve(), layer));
        const next = layers[index + 1];
        opened = next && openAfter(plain.sourceRead, next);
        writer.beginLayer();
        await unpackLayer(plain, writer);
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
    options.log.debug(`emptying ${directory}: ${errorText(error)}`);
    emptyTree(directory);
    throw error;
  }
}
