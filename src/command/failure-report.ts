// What a command that failed leaves on stderr.
import { errorHint, errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';

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
  const hint = errorHint(error);
  if (hint !== undefined) {
    log.plain(`hint: ${hint}`);
  }
  if (!(error instanceof UserError)) {
    log.plain(
      ['this is a bug in the resource; please report it with these lines:', ...places(error)].join('\n'),
    );
  }
}
