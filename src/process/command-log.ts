// The log of one command: it shows none of the request's secrets, and its warnings come first.
import { createLog, type Log } from '../log.ts';
import { secretsOfEnvironment, secretsOfSource } from '../request/secrets.ts';
import type { Source } from '../request/source.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * A log on standard error; `debug` of the source decides about debug lines. From now on nothing that is written there,
 * by whomever, shows a secret of the request. Tells the request's warnings at once.
 */
export function openLog(
  surroundings: Surroundings,
  request: { readonly source: Source; readonly warnings: readonly string[] },
): Log {
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
