// Collects what is wrong and what is odd in the files of promotion manifests, so that all of it is reported together.
import type { YamlError } from '../yaml/yaml-node.ts';
import type { ManifestProblem } from './promotion-manifest.ts';

/** Receives the problems of one file. */
export interface FileProblems {
  readonly file: string;
  error(line: number, message: string): void;
  warning(line: number, message: string): void;
}

/** The errors and warnings of all files of one reading. */
export class ManifestProblems {
  readonly #errors: ManifestProblem[] = [];
  readonly #warnings: ManifestProblem[] = [];

  /** The errors by file and line. */
  get errors(): readonly ManifestProblem[] {
    return this.#errors.toSorted(byPosition);
  }

  /** The warnings by file and line. */
  get warnings(): readonly ManifestProblem[] {
    return this.#warnings.toSorted(byPosition);
  }

  /** What receives the problems of a file. */
  of(file: string): FileProblems {
    return {
      file,
      error: (line, message) => this.#errors.push({ file, line, message }),
      warning: (line, message) => this.#warnings.push({ file, line, message }),
    };
  }

  /** Adds what makes a YAML file unusable. */
  addYaml(file: string, errors: readonly YamlError[]): void {
    for (const { line, column, message } of errors) {
      this.#errors.push(
        column === undefined
          ? { file, line, message }
          : { file, line, column, message: `column ${column}: ${message}` },
      );
    }
  }

  /** Adds errors that were found across files. */
  addErrors(errors: readonly ManifestProblem[]): void {
    this.#errors.push(...errors);
  }
}

function byPosition(a: ManifestProblem, b: ManifestProblem): number {
  return a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;
}
