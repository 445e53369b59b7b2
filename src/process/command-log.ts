// The log of a command, and the progress of what it transfers: both write to standard error.
import { createLog, type Log } from '../log.ts';
import { secretsOfEnvironment, secretsOfSource } from '../request/secrets.ts';
import type { Source } from '../request/source.ts';
import { noProgress, type ShownProgress } from '../transfer/progress.ts';
import { createBars, createPlainLines } from '../transfer/progress-display.ts';
import type { Surroundings } from './surroundings.ts';

/** What a log needs to know of a request. */
export interface LoggedRequest {
  readonly source: Source;
  readonly warnings: readonly string[];
}

/** A log, and progress beside it; the progress must be closed before anything else writes. */
export interface TransferLog {
  readonly log: Log;
  readonly progress: ShownProgress;
}

/**
 * A log on standard error, with debug lines if the source asks for them. Redacts the secrets of the request in all
 * output from now on. Logs the request's warnings at once.
 */
export function openLog(surroundings: Surroundings, request: LoggedRequest): Log {
  const { clock, environment } = surroundings;
  for (const secret of [...secretsOfSource(request.source), ...secretsOfEnvironment(environment)]) {
    surroundings.addSecret(secret);
  }
  const log = createLog(
    { write: surroundings.writeError, now: clock.now, startedAt: clock.now() },
    request.source.debug,
  );
  for (const warning of request.warnings) {
    log.warn(warning);
  }
  return log;
}

/**
 * A log as by {@link openLog}, with progress: bars on a terminal and in a build of Concourse, otherwise a line every few
 * seconds, and nothing with `debug`, whose lines say more.
 */
export function openTransferLog(surroundings: Surroundings, request: LoggedRequest): TransferLog {
  const { writeError: write, every, terminal } = surroundings;
  const { now } = surroundings.clock;
  if (request.source.debug) {
    return { log: openLog(surroundings, request), progress: noProgress };
  }
  if (showsBars(surroundings)) {
    const bars = createBars({ write, now, every }, terminal);
    return { log: openLog({ ...surroundings, writeError: bars.write }, request), progress: bars };
  }
  const log = openLog(surroundings, request);
  return { log, progress: createPlainLines({ now, every }, log.progress) };
}

/** Whether the reader of the output can redraw lines: a terminal, or the build log of Concourse. */
function showsBars({ environment, terminal }: Surroundings): boolean {
  if (environment.TERM === 'dumb') {
    return false;
  }
  return terminal() !== undefined || Boolean(environment.BUILD_ID || environment.ATC_EXTERNAL_URL);
}
