// What a command that failed leaves on stderr.
import { causes, errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { hintFor } from './hints.ts';

/** The places in the code that an error came through, innermost first; only places, no values. */
function places(error: unknown): string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.filter((line) => /^\s+at \S/.test(line)).map((line) => `    ${line.trim()}`);
}

/**
 * Writes the error and its causes as one line, and the hint, if there is one, on a line of its own.
 * An error that nobody foresaw is a bug in the resource: the places in the code follow, so that it can be reported.
 */
export function reportFailure(error: unknown, log: Log): void {
  log.error(errorText(error));
  const hint = hintFor(error);
  if (hint !== undefined) {
    log.plain(`hint: ${hint}`);
  }
  const bug = findBug(error);
  if (bug !== undefined) {
    log.plain(
      ['this is a bug in the resource; please report it with these lines:', ...places(bug.error)].join('\n'),
    );
  }
}

/** What nobody foresaw: the error itself, or a mistake of the program that others took for a failure of theirs. */
function findBug(error: unknown): { error: unknown } | undefined {
  if (!(error instanceof UserError)) {
    return { error };
  }
  for (const level of causes(error)) {
    if (isMistake(level)) {
      return { error: level };
    }
  }
  return undefined;
}

/** Errors that the language itself throws; those that the runtime throws on purpose have a code. */
function isMistake(error: unknown): boolean {
  const kinds = [TypeError, RangeError, ReferenceError];
  return error instanceof Error && kinds.some((kind) => error instanceof kind) && !('code' in error);
}
