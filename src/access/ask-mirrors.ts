// Mirrors come before the registry that they stand in for: each in turn, and what one can't do the next one may.
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import { repositoryText } from '../oci/reference.ts';
import type { OpenRepository } from './access.ts';

/**
 * What the first mirror gives that has something to give; `ask` gives nothing when a mirror lacks it. A mirror that
 * fails is a warning that begins with `attempt`.
 */
export async function askMirrors<Result>(
  mirrors: readonly OpenRepository[],
  attempt: 'checking' | 'download from',
  log: Log,
  ask: (mirror: OpenRepository) => Promise<Result | undefined>,
): Promise<Result | undefined> {
  for (const mirror of mirrors) {
    try {
      const result = await ask(mirror);
      if (result !== undefined) {
        return result;
      }
    } catch (error) {
      log.warn(`${attempt} mirror ${repositoryText(mirror.repository)} failed: ${errorText(error)}`);
    }
  }
  return undefined;
}
