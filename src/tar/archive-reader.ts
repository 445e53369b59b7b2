// An archive that arrives in chunks: each entry, then its content, pushed to a consumer without waiting.
import { type ReadStep, readEntries } from './read-entries.ts';
import { quoteName, type TarEntry, TruncatedArchiveError } from './tar-entry.ts';

/** Who is told about the entries of an archive, in their order. */
export interface EntryConsumer {
  /** A new entry begins. */
  begin(entry: TarEntry): void;
  /** The next bytes of its content, valid only during the call. */
  content(bytes: Buffer): void;
  /** All of its content has been given. */
  end(): void;
}

/**
 * Cuts chunks of any size into entries for a consumer. Synchronous: there are tens of thousands of entries
 * in a layer, and a promise for each piece costs more than the piece.
 */
export class ArchiveReader {
  readonly #consumer: EntryConsumer;
  readonly #entries = readEntries();
  #entry: TarEntry | undefined;
  #contentLeft = 0;
  #wanted = 0;
  #collected: Buffer[] = [];
  #collectedLength = 0;
  #ended = false;

  constructor(consumer: EntryConsumer) {
    this.#consumer = consumer;
    this.#step(this.#entries.next());
  }

  /** Whether the end of the archive has been seen; further bytes are ignored. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next bytes of the archive. Fails with an `ArchiveError`, or as the consumer fails. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#ended; ) {
      const length = Math.min(
        chunk.length - at,
        this.#entry ? this.#contentLeft : this.#wanted - this.#collectedLength,
      );
      const bytes = chunk.subarray(at, at + length);
      at += length;
      if (this.#entry) {
        this.#contentLeft -= length;
        this.#consumer.content(bytes);
        this.#finishEntry();
      } else if (length === this.#wanted) {
        this.#step(this.#entries.next(bytes));
      } else {
        this.#collect(bytes);
      }
    }
  }

  /** No more bytes will come. Fails with a `TruncatedArchiveError` when the archive may not end here. */
  finish(): void {
    if (this.#entry) {
      const name = quoteName(this.#entry.name);
      throw new TruncatedArchiveError(`the tar archive ends in the middle of ${name}`);
    }
    while (!this.#ended) {
      this.#step(this.#entries.next(this.#takeCollected()));
    }
  }

  #collect(bytes: Buffer): void {
    this.#collected.push(Buffer.from(bytes));
    this.#collectedLength += bytes.length;
    if (this.#collectedLength === this.#wanted) {
      this.#step(this.#entries.next(this.#takeCollected()));
    }
  }

  #takeCollected(): Buffer {
    const bytes = Buffer.concat(this.#collected, this.#collectedLength);
    this.#collected = [];
    this.#collectedLength = 0;
    return bytes;
  }

  #step(result: IteratorResult<ReadStep, void>): void {
    let step = result;
    while (!step.done) {
      if (typeof step.value === 'number') {
        this.#wanted = step.value;
        if (this.#wanted > 0) {
          return;
        }
        step = this.#entries.next(Buffer.alloc(0));
      } else {
        this.#entry = step.value;
        this.#contentLeft = step.value.storedSize;
        this.#consumer.begin(step.value);
        this.#finishEntry();
        return;
      }
    }
    this.#ended = true;
  }

  #finishEntry(): void {
    if (this.#contentLeft === 0) {
      this.#entry = undefined;
      this.#consumer.end();
      this.#step(this.#entries.next(Buffer.alloc(0)));
    }
  }
}
