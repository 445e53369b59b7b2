// Reports the bytes that are read from streams, chunks and content sources to a progress display.
import { pipeline, type Readable, Transform } from 'node:stream';
import type { ContentNode, ContentReader, ContentSource } from '../content/content-graph.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import type { Progress, Transfer } from './progress.ts';

/** The short name of a blob: the first twelve digits of its digest. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}

/** A stream of the same bytes; the transfer is done at its end, and stopped when it fails or is destroyed. */
export function watchStream(stream: Readable, transfer: Transfer): Readable {
  const watched = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      transfer.advance(chunk.length);
      next(null, chunk);
    },
    flush(next) {
      transfer.done();
      next();
    },
    destroy(error, next) {
      transfer.stop();
      next(error);
    },
  });
  // The error reaches the consumer through the result.
  pipeline(stream, watched, () => {});
  return watched;
}

/** The same chunks; the transfer is done when all were consumed, and stopped otherwise. */
export async function* watchChunks(
  chunks: AsyncIterable<Uint8Array>,
  transfer: Transfer,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of chunks) {
      transfer.advance(chunk.length);
      yield chunk;
    }
    transfer.done();
  } finally {
    transfer.stop();
  }
}

/** The same reader. Each reading of a blob is a transfer. */
export function watchReader(reader: ContentReader, progress: Progress): ContentReader {
  return {
    ...reader,
    async open(node) {
      const { digest, size } = node.descriptor;
      return watchStream(await reader.open(node), progress.start(shortDigest(digest), size));
    },
  };
}

/** The same content. Each opening of a blob is a transfer, so a blob that is sent again starts at zero bytes. */
export function watchContent(source: ContentSource, progress: Progress): ContentSource {
  const watchNode = (node: ContentNode): ContentNode => ({
    ...node,
    async open() {
      const { digest, size } = node.descriptor;
      return watchStream(await node.open(), progress.start(shortDigest(digest), size));
    },
  });
  return {
    name: source.name,
    root: source.root,
    async *nodes(present) {
      for await (const node of source.nodes(present)) {
        yield node.kind === 'blob' ? watchNode(node) : node;
      }
    },
  };
}
