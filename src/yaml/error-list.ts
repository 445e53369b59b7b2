// What is wrong in a YAML file, collected in any order: the first errors of the file are told.
import type { Document, LineCounter } from 'yaml';
import type { YamlError } from './yaml-node.ts';

/** Further errors of syntax in one file follow from the first ones most often. */
export const mostErrors = 10;

/** Collects errors by their offset in the text. */
export class ErrorList {
  readonly #lines: LineCounter;
  readonly #found: { readonly offset: number; readonly message: string }[] = [];

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  /** How many were found, those that are not told too. */
  get size(): number {
    return this.#found.length;
  }

  /** Adds what is wrong at an offset. */
  add(offset: number, message: string): void {
    this.#found.push({ offset, message });
  }

  /** Adds what the library found malformed. */
  addProblems({ errors, warnings }: Document.Parsed): void {
    for (const { pos, message } of [...errors, ...warnings]) {
      this.add(pos[0], `malformed YAML: ${firstWords(message)}`);
    }
  }

  /** At most {@link mostErrors}, one for each line: a second error of a line says less than the first. */
  errors(): YamlError[] {
    const errors: YamlError[] = [];
    for (const { offset, message } of this.#found.toSorted((a, b) => a.offset - b.offset)) {
      const { line, col: column } = this.#lines.linePos(offset);
      if (errors.length < mostErrors && errors.at(-1)?.line !== line) {
        errors.push({ line, column, message });
      }
    }
    return errors;
  }
}

/** The library quotes tokens in its messages, and a token may be as long as the file. */
function firstWords(message: string): string {
  const most = 200;
  const [line = ''] = message.split('\n', 1);
  return line.length > most ? `${line.slice(0, most)}…` : line;
}
