// The content of a sparse file, put where it belongs; the holes cost nothing, however large an archive claims them to be.
import { writeSync } from 'node:fs';
import type { SparseRun } from '../tar/tar-entry.ts';

/** Walks through the runs of one sparse file as its content arrives. */
export class SparseCursor {
  readonly #runs: readonly SparseRun[];
  #run = 0;
  #done = 0;

  constructor(runs: readonly SparseRun[]) {
    this.#runs = runs;
  }

  /** Writes the next bytes of content into an open file. Fails with the system's error. */
  write(file: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const run = this.#runs[this.#run];
      if (run === undefined) {
        return;
      }
      const length = Math.min(bytes.length - at, run.length - this.#done);
      if (length === 0) {
        this.#run += 1;
        this.#done = 0;
        continue;
      }
      const written = writeSync(file, bytes, at, length, run.offset + this.#done);
      this.#done += written;
      at += written;
    }
  }
}
