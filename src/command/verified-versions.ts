// Leaves out of a check the versions whose images are not verified (`verify.check`).
import type { RepositoryAccess } from '../access/repositories.ts';
import { lookUpConcurrency } from '../concurrency.ts';
import { UserError } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import { parseDigest } from '../oci/digest.ts';
import { repositoryName } from '../oci/reference.ts';
import type { Version } from '../policy/select-tag.ts';
import type { SourceVerify } from '../request/verify.ts';
import { type Gate, type GateSurroundings, openGate, UnverifiedError } from '../signing/gate.ts';
import type { Session } from '../transport/session.ts';

/**
 * Keeps the versions that may be listed, in their order. `session` is one of the registry that has them; on a mirror, a
 * signature counts as well that only the origin has.
 */
export type VersionFilter = (
  session: Session,
  versions: readonly Version[],
  origin: RepositoryAccess,
) => Promise<Version[]>;

/**
 * The filter of a source. It throws what the registry said when it cannot be asked: a version must not be left out because of
 * that. Throws a UserError for settings that cannot be used, whether or not a check verifies.
 */
export async function versionFilter(
  verify: SourceVerify | undefined,
  surroundings: GateSurroundings,
): Promise<VersionFilter> {
  const { log } = surroundings;
  const gate = verify && (await openGate(verify, 'source.verify', surroundings));
  if (!gate || !verify.check || gate.mode === 'warn') {
    return async (_, versions) => [...versions];
  }
  return async (session, versions, origin) => {
    const digests = [...new Set(versions.map(({ digest }) => digest))];
    const kept = await mapConcurrently(digests, lookUpConcurrency, async (digest) => {
      const reason = await reasonAgainst(gate, session, digest, origin);
      if (reason !== undefined) {
        log.warn(`left out ${reason}`);
      }
      return reason === undefined ? digest : undefined;
    });
    return versions.filter(({ digest }) => kept.includes(digest));
  };
}

/** Why a version must not be listed; undefined when its image is verified. */
async function reasonAgainst(
  gate: Gate,
  session: Session,
  digest: string,
  origin: RepositoryAccess,
): Promise<string | undefined> {
  try {
    await gate.verify(session, parseDigest(digest), origin.repository);
    return undefined;
  } catch (error) {
    if (!(error instanceof UnverifiedError)) {
      throw new UserError(`verifying ${digest}`, { cause: error });
    }
    const isMirror = repositoryName(session.repository) !== repositoryName(origin.repository);
    return isMirror
      ? await origin.attempt('pull', (own) => reasonAgainst(gate, own, digest, origin))
      : error.message;
  }
}
