// The report of a failed command on stderr: error, hint, and the stack of a bug.
import { causes, errorCode, errorText, UserError } from '../errors.ts';
import { type Log, printable } from '../log.ts';
import { type HintSurface, hintFor } from './hints.ts';

/** The frames of an error's stack, innermost first, without its message, which may hold values. */
function stackFrames(error: unknown): string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.filter((line) => /^\s+at \S/.test(line)).map((line) => `    ${line.trim()}`);
}

/**
 * Writes the error and its causes as one line, and the hint for the surface, if there is one, on a line of its own.
 * An unexpected error is a bug in the resource: its stack follows, so that it can be reported.
 */
export function reportFailure(error: unknown, log: Log, surface: HintSurface = 'pipeline'): void {
  log.error(errorText(error));
  const hint = hintFor(error, surface);
  if (hint !== undefined) {
    log.plain(`hint: ${printable(hint)}`);
  }
  const bug = findBug(error);
  if (bug !== undefined) {
    log.plain(
      ['this is a bug in the resource; please report it with these lines:', ...stackFrames(bug.error)].join(
        '\n',
      ),
    );
  }
}

/** The unexpected error: the error itself, or a mistake of the program that was wrapped as a cause. */
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

/** Whether the language itself threw it; what the runtime throws on purpose has a code. */
function isMistake(error: unknown): boolean {
  const kinds = [TypeError, RangeError, ReferenceError];
  return error instanceof Error && kinds.some((kind) => error instanceof kind) && errorCode(error) === '';
}
