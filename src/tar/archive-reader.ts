// Reading a tar archive that arrives in chunks: entries and their content are passed to a consumer.
import { type ParserRequest, parseArchive } from './archive-parser.ts';
import { quoteName } from './byte-string.ts';
import { type TarEntry, TruncatedArchiveError } from './tar-entry.ts';

/** Receives the entries of an archive, in their order. */
export interface EntryConsumer {
  /** A new entry begins. */
  begin(entry: TarEntry): void;
  /** The next bytes of its content, valid only during the call. */
  content(bytes: Buffer): void;
  /** The entry is complete. */
  end(): void;
}

/**
 * Cuts chunks of any size into entries for a consumer. Synchronous, because a layer has tens of thousands of entries,
 * and a promise costs more than writing a small file.
 */
export class ArchiveReader {
  readonly #consumer: EntryConsumer;
  readonly #entries = parseArchive();
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

  /** Takes the next bytes of the archive. Throws an `ArchiveError`, or what the consumer throws. */
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

  /** Ends the archive. Throws a `TruncatedArchiveError` when it must not end here. */
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

  #step(result: IteratorResult<ParserRequest, void>): void {
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
