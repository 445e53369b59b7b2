// Leaves out of a check the versions whose images are not verified (`verify.check`).
import { lookUpConcurrency } from '../concurrency.ts';
import { UserError } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Log } from '../log.ts';
import { parseDigest } from '../oci/digest.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import type { Version } from '../policy/select-tag.ts';
import type { SourceVerify } from '../request/verify.ts';
import { type Gate, openGate, UnverifiedError } from '../signing/gate.ts';
import type { Session } from '../transport/session.ts';

/** Keeps the versions that may be listed, in their order. */
export type VersionFilter = (
  session: Session,
  versions: readonly Version[],
  repository: RepositoryReference,
) => Promise<Version[]>;

/**
 * The filter of a source. It throws what the registry said when it cannot be asked: a version must not be left out because of
 * that. Throws a UserError for settings that cannot be used, whether or not a check verifies.
 */
export function versionFilter(
  verify: SourceVerify | undefined,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): VersionFilter {
  const gate = verify && openGate(verify, 'source.verify', { log, signal });
  if (!gate || !verify.check || gate.mode === 'warn') {
    return async (_, versions) => [...versions];
  }
  return async (session, versions, repository) => {
    const digests = [...new Set(versions.map(({ digest }) => digest))];
    const kept = await mapConcurrently(digests, lookUpConcurrency, async (digest) =>
      (await isVerified(gate, session, digest, repository, log)) ? digest : undefined,
    );
    return versions.filter(({ digest }) => kept.includes(digest));
  };
}

async function isVerified(
  gate: Gate,
  session: Session,
  digest: string,
  repository: RepositoryReference,
  log: Log,
): Promise<boolean> {
  try {
    await gate.verify(session, parseDigest(digest), repository);
    return true;
  } catch (error) {
    if (error instanceof UnverifiedError) {
      log.warn(`left out ${error.message}`);
      return false;
    }
    throw new UserError(`verifying ${digest}`, { cause: error });
  }
}
