// The log of a command that moves content, and beside it the progress of what is moving.
import type { Log } from '../log.ts';
import type { Source } from '../request/source.ts';
import { noProgress, type ShownProgress } from '../transfer/progress.ts';
import { createBars, createPlainLines } from '../transfer/progress-display.ts';
import { openLog } from './command-log.ts';
import type { Surroundings } from './surroundings.ts';

/** A log, and progress that goes with it; the progress must be closed before anybody else writes. */
export interface TransferLog {
  readonly log: Log;
  readonly progress: ShownProgress;
}

/** Where the output is read by people through something that understands bars: as Concourse does it for its steps. */
function showsBars({ environment, terminal }: Surroundings): boolean {
  return terminal() !== undefined || Boolean(environment.BUILD_ID || environment.ATC_EXTERNAL_URL);
}

/**
 * A log as {@link openLog} has it. Progress is bars on a terminal and in a build of Concourse, else a line every few
 * seconds, and nothing with `debug`: its lines tell more.
 */
export function openTransferLog(
  surroundings: Surroundings,
  request: { readonly source: Source; readonly warnings: readonly string[] },
): TransferLog {
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
