// Content that several copies read at the same time: each document and each blob is read from its place once.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ContentDocument, ContentReader, GraphNode } from '../content/content-graph.ts';
import type { Digest } from '../oci/digest.ts';
import { teeStream } from './tee.ts';

/** Blobs up to this size, in bytes, may be kept in memory until every copy has had them. */
const smallBlob = 256 * 1024;

/** How many bytes of small blobs all copies together keep; more are read again by copies that ask late. */
const keptBytes = 32 * 1024 * 1024;

/** What copies keep in memory together. */
export interface SharedMemory {
  /** Takes some bytes, if they are left. */
  take(bytes: number): boolean;
  release(bytes: number): void;
}

/** Memory for the small blobs of any number of copies. */
export function createSharedMemory(): SharedMemory {
  let left = keptBytes;
  return {
    take(bytes) {
      if (bytes > left) {
        return false;
      }
      left -= bytes;
      return true;
    },
    release(bytes) {
      left += bytes;
    },
  };
}

/** How long a larger blob waits for further readers after its first one, in milliseconds. */
const gracePeriod = 2_000;

/** One of several copies of the same graph. */
export interface ReadShare {
  readonly reader: ContentReader;
  /** The copy has ended: nothing waits for it any more. */
  leave(): void;
}

/** A manifest or an index that was read before. */
export interface KnownDocument extends ContentDocument {
  readonly digest: Digest;
}

/**
 * Shares of a reader for so many copies of one graph, whose `root` was read already. A blob is opened when all copies have asked for it or said that
 * they do without; one that takes longer than {@link gracePeriod} to say so reads it again for itself.
 */
export function shareReads(
  reader: ContentReader,
  root: KnownDocument,
  copies: number,
  memory: SharedMemory,
): ReadShare[] {
  const documents = new Map<Digest, Promise<ContentDocument>>([[root.digest, Promise.resolve(root)]]);
  const blobs = new Map<Digest, SharedBlob>();
  const gone = new Set<number>();

  const blobOf = (node: GraphNode): SharedBlob => {
    const { digest } = node.descriptor;
    const blob = blobs.get(digest) ?? createSharedBlob(reader, node, { copies, gone, memory });
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
  {
    copies,
    gone,
    memory,
  }: { readonly copies: number; readonly gone: ReadonlySet<number>; readonly memory: SharedMemory },
): SharedBlob {
  const answered = new Set<number>(gone);
  const { size } = node.descriptor;
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
  const forget = () => {
    if (kept) {
      kept = undefined;
      memory.release(size);
    }
  };
  /** The bytes of a small blob, read by the first copy that asks; undefined where they are not kept. */
  const keep = (): Promise<Uint8Array> | undefined => {
    if (!kept && size <= smallBlob && !started && memory.take(size)) {
      kept = reader.open(node).then(buffer);
      kept.catch(forget);
    }
    return kept;
  };
  const answer = (copy: number) => {
    answered.add(copy);
    if (answered.size >= copies) {
      // No copy is left that would ask for the first time.
      forget();
      if (!started && waiting.length > 0) {
        start();
      }
    }
  };

  return {
    async open(copy) {
      // A copy that asks again failed with what it had: it reads for itself.
      const isFirst = !answered.has(copy);
      const bytes = isFirst ? keep() : undefined;
      if (bytes) {
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
