// The log of one command: its warnings about the request come first.
import { createLog, type Log } from '../log.ts';
import type { Surroundings } from './surroundings.ts';

/** A log on standard error; `debug` of the source decides about debug lines. Tells the request's warnings at once. */
export function openLog(
  surroundings: Surroundings,
  request: { readonly source: { readonly debug: boolean }; readonly warnings: readonly string[] },
): Log {
  const { clock } = surroundings;
  const log = createLog(
    { write: surroundings.writeError, now: clock.now, startedAt: clock.now() },
    request.source.debug,
  );
  for (const warning of request.warnings) {
    log.warn(warning);
  }
  return log;
}
