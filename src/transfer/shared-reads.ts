// Content that several copies read at the same time: each document and each blob is read from its place once.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ContentDocument, ContentReader, GraphNode } from '../content/content-graph.ts';
import type { Digest } from '../oci/digest.ts';
import { teeStream } from './tee.ts';

/** Blobs up to this size, in bytes, are kept in memory until every copy has had them. */
const smallBlob = 128 * 1024;

/** How long a larger blob waits for further readers after its first one, in milliseconds. */
const gracePeriod = 2_000;

/** One of several copies of the same graph. */
export interface ReadShare {
  readonly reader: ContentReader;
  /** The copy has ended: nothing waits for it any more. */
  leave(): void;
}

/**
 * Shares of a reader for so many copies of one graph. A blob is opened when all copies have asked for it or said that
 * they do without; one that takes longer than {@link gracePeriod} to say so reads it again for itself.
 */
export function shareReads(reader: ContentReader, copies: number): ReadShare[] {
  const documents = new Map<Digest, Promise<ContentDocument>>();
  const blobs = new Map<Digest, SharedBlob>();
  const gone = new Set<number>();

  const blobOf = (node: GraphNode): SharedBlob => {
    const { digest } = node.descriptor;
    const blob = blobs.get(digest) ?? createSharedBlob(reader, node, copies, gone);
    blobs.set(digest, blob);
    return blob;
  };

  return Array.from({ length: copies }, (_, copy) => ({
    reader: {
      ...reader,
      document(node) {
        const { digest } = node.descriptor;
        const document = documents.get(digest) ?? reader.document(node);
        documents.set(digest, document);
        document.catch(() => documents.delete(digest));
        return document;
      },
      open: (node) => blobOf(node).open(copy),
      skip: (node) => blobOf(node).skip(copy),
    },
    leave() {
      gone.add(copy);
      for (const blob of blobs.values()) {
        blob.skip(copy);
      }
    },
  }));
}

interface SharedBlob {
  open(copy: number): Promise<Readable>;
  skip(copy: number): void;
}

interface Waiting {
  readonly resolve: (stream: Readable) => void;
  readonly reject: (error: unknown) => void;
}

function createSharedBlob(
  reader: ContentReader,
  node: GraphNode,
  copies: number,
  gone: ReadonlySet<number>,
): SharedBlob {
  const answered = new Set<number>(gone);
  const isSmall = node.descriptor.size <= smallBlob;
  let waiting: Waiting[] = [];
  let started = false;
  let kept: Promise<Uint8Array> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const start = () => {
    started = true;
    clearTimeout(timer);
    const readers = waiting;
    waiting = [];
    openOnce(reader, node, readers.length).then(
      (streams) => {
        for (const [position, stream] of streams.entries()) {
          readers[position]?.resolve(stream);
        }
      },
      (error: unknown) => {
        for (const { reject } of readers) {
          reject(error);
        }
      },
    );
  };
  const answer = (copy: number) => {
    answered.add(copy);
    if (answered.size >= copies) {
      // Nobody else will ask for the first time.
      kept = undefined;
      if (!started && waiting.length > 0) {
        start();
      }
    }
  };

  return {
    async open(copy) {
      // A copy that asks again failed with what it had: it reads for itself.
      const isFirst = !answered.has(copy);
      if (isSmall && isFirst) {
        kept ??= reader.open(node).then(buffer);
        const bytes = kept;
        bytes.catch(() => {
          kept = undefined;
        });
        answer(copy);
        return Readable.from([await bytes]);
      }
      if (!isFirst || started) {
        answer(copy);
        return await reader.open(node);
      }
      return await new Promise<Readable>((resolve, reject) => {
        waiting.push({ resolve, reject });
        timer ??= setTimeout(start, gracePeriod);
        answer(copy);
      });
    },
    skip: answer,
  };
}

async function openOnce(reader: ContentReader, node: GraphNode, readers: number): Promise<Readable[]> {
  const stream = await reader.open(node);
  return readers === 1 ? [stream] : teeStream(stream, readers);
}
