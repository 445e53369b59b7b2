// Writing the content of one file as it arrives: without the holes of a sparse file, attributes last.
import { closeSync, ftruncateSync, writeSync } from 'node:fs';
import type { SparseRun, TarEntry } from '../tar/tar-entry.ts';
import type { ExtendedAttributes } from './extended-attributes.ts';
import { setFileAttributes } from './file-attributes.ts';

/** Writes the content of one entry. Every method throws the system's error. */
export class FileWriter {
  readonly entry: TarEntry;
  readonly #descriptor: number;
  #run = 0;
  #runDone = 0;

  /** `descriptor` is a new empty file that is open for writing; `finish` and `close` close it. */
  constructor(descriptor: number, entry: TarEntry) {
    this.#descriptor = descriptor;
    this.entry = entry;
  }

  /** Writes the next bytes of content. */
  write(bytes: Buffer): void {
    const { sparse } = this.entry;
    for (let at = 0; at < bytes.length; ) {
      at += sparse ? this.#writeRun(sparse, bytes, at) : writeSync(this.#descriptor, bytes, at);
    }
  }

  /** Completes the file. A sparse file gets its full size, which takes no space on the disk. */
  finish(asRoot: boolean, attributes: ExtendedAttributes): void {
    if (this.entry.sparse) {
      ftruncateSync(this.#descriptor, this.entry.size);
    }
    setFileAttributes(this.#descriptor, this.entry, asRoot, attributes);
    this.close();
  }

  /** Closes the file, complete or not. */
  close(): void {
    closeSync(this.#descriptor);
  }

  /** The parser has checked that the content is exactly as long as all runs: nothing follows the last one. */
  #writeRun(runs: readonly SparseRun[], bytes: Buffer, at: number): number {
    const run = runs[this.#run] ?? { offset: 0, length: Number.POSITIVE_INFINITY };
    const length = Math.min(bytes.length - at, run.length - this.#runDone);
    if (length === 0) {
      this.#run += 1;
      this.#runDone = 0;
      return 0;
    }
    const written = writeSync(this.#descriptor, bytes, at, length, run.offset + this.#runDone);
    this.#runDone += written;
    return written;
  }
}
