// Mirrors are asked before the registry that they stand in for, one after the other until one has a result.
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import { repositoryName } from '../oci/reference.ts';
import type { RepositoryAccess } from './repositories.ts';

/** What is done with a mirror, as a warning names it, and what ends it. */
export interface AskOptions {
  readonly attempt: 'checking' | 'download from' | 'verifying on';
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * The first result that `ask` returns for a mirror, in order; undefined when no mirror has one. For a mirror that fails
 * a warning is logged that begins with `attempt`.
 */
export async function askMirrors<Result>(
  mirrors: readonly RepositoryAccess[],
  { attempt, log, signal }: AskOptions,
  ask: (mirror: RepositoryAccess) => Promise<Result | undefined>,
): Promise<Result | undefined> {
  for (const mirror of mirrors) {
    try {
      const result = await ask(mirror);
      if (result !== undefined) {
        return result;
      }
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`${attempt} mirror ${repositoryName(mirror.repository)} failed: ${errorText(error)}`);
    }
  }
  return undefined;
}
