// The lines of tokens that are visited in their order: each is on the line of the one before or on the next one, most often.
import type { LineCounter } from 'yaml';

/** Finds lines without a search where it can. */
export class TokenLines {
  readonly #lines: LineCounter;
  #line = 1;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  /** The line of an offset, counted from 1. */
  at(offset: number): number {
    if (!this.#isOn(this.#line, offset)) {
      const next = this.#line + 1;
      this.#line = this.#isOn(next, offset) ? next : this.#lines.linePos(offset).line;
    }
    return this.#line;
  }

  #isOn(line: number, offset: number): boolean {
    const { [line - 1]: start = Number.POSITIVE_INFINITY, [line]: next = Number.POSITIVE_INFINITY } =
      this.#lines.lineStarts;
    return start <= offset && offset < next;
  }
}
