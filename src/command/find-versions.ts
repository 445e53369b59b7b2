// Finds the versions of a check: one tag, semver tags, or tags that match a pattern.
import { lookUpConcurrency } from '../concurrency.ts';
import { errorText, UserError } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Log } from '../log.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import { repositoryName } from '../oci/reference.ts';
import { compilePattern, type Pattern } from '../policy/pattern.ts';
import { matchingTags, selectMatches } from '../policy/select-matches.ts';
import { mustLookUpCursor, selectTag, type Version } from '../policy/select-tag.ts';
import {
  cursorHolds,
  planLookUps,
  selectVersions,
  unexplainedBareTag,
  type VersionSettings,
} from '../policy/select-versions.ts';
import { checkTag } from '../policy/tag-grammar.ts';
import { parseConstraint } from '../policy/version-constraint.ts';
import { lookUpDigest } from '../registry/manifest-endpoint.ts';
import type { Source } from '../request/source.ts';
import { RegistryError } from '../transport/registry-error.ts';
import type { Session } from '../transport/session.ts';
import { creationTimes } from './creation-times.ts';
import { listValidTags } from './list-tags.ts';

/** Returns the versions on one registry, oldest first. `cursor` is the version of the previous check. */
export type FindVersions = (session: Session, cursor: Version | undefined) => Promise<Version[]>;

/**
 * The function that finds the versions that a source selects. Parses its pattern or constraint and sends no request.
 * Throws a UserError that names the one that is invalid.
 */
export function versionFinder(source: Source, platform: WantedPlatform, log: Log): FindVersions {
  if (source.tag !== '') {
    checkTag(source.tag, 'source.tag');
    return (session, cursor) => findTag(session, source.tag, cursor, log);
  }
  if (source.tagRegex !== '') {
    const pattern = compilePattern(source.tagRegex, 'source.tag_regex');
    const sortPlatform = source.createdAtSort ? platform : undefined;
    return (session) => findMatches(session, pattern, sortPlatform, log);
  }
  const settings: VersionSettings = {
    variant: source.variant,
    preReleases: source.preReleases,
    preReleasePrefixes: source.preReleasePrefixes,
    ...(source.semverConstraint === '' ? {} : { constraint: parseConstraint(source.semverConstraint) }),
  };
  return (session, cursor) => findSemver(session, settings, cursor, log);
}

async function findTag(
  session: Session,
  tag: string,
  cursor: Version | undefined,
  log: Log,
): Promise<Version[]> {
  const current = await lookUpDigest(session, tag);
  const cursorExists =
    cursor !== undefined && mustLookUpCursor(current, cursor) && (await hasCursor(session, cursor, log));
  return selectTag(tag, current, cursor, cursorExists);
}

/** Whether the version of the previous check exists. Asked once: it is only listed before the current one if it does. */
async function hasCursor(session: Session, cursor: Version, log: Log): Promise<boolean> {
  try {
    return (await lookUpDigest({ ...session, request: session.requestOnce }, cursor.digest)) !== undefined;
  } catch (error) {
    log.warn(`left out the previous version, which the registry refuses to look up: ${errorText(error)}`);
    return false;
  }
}

async function findSemver(
  session: Session,
  settings: VersionSettings,
  cursor: Version | undefined,
  log: Log,
): Promise<Version[]> {
  const plan = planLookUps(await tagsOf(session, log), settings, cursor);
  const digests = await lookUpAll(
    session,
    plan.first.map(({ tag }) => tag),
    log,
  );
  const holds = cursorHolds(plan, digests);
  const older = plan.older.map(({ tag }) => tag);
  // A bare tag often points at a version slightly older than the cursor: a few requests find it.
  const step = holds ? lookUpConcurrency : older.length;
  while (older.length > 0 && (!holds || unexplainedBareTag(plan, digests))) {
    for (const [tag, digest] of await lookUpAll(session, older.splice(0, step), log)) {
      digests.set(tag, digest);
    }
  }
  return selectVersions(plan, digests);
}

async function findMatches(
  session: Session,
  pattern: Pattern,
  sortPlatform: WantedPlatform | undefined,
  log: Log,
): Promise<Version[]> {
  const tags = matchingTags(await tagsOf(session, log), pattern);
  const digests = await lookUpAll(session, tags, log);
  if (!sortPlatform) {
    return selectMatches(tags, digests);
  }
  return selectMatches(tags, digests, await creationTimes(session, [...digests.keys()], sortPlatform, log));
}

async function tagsOf(session: Session, log: Log): Promise<string[]> {
  try {
    return await listValidTags(session, log);
  } catch (cause) {
    throw new UserError(`list repository tags of ${repositoryName(session.repository)}`, { cause });
  }
}

/** The digests of the tags that exist, and that no policy of the registry blocks: those are left out with a warning. */
async function lookUpAll(session: Session, tags: readonly string[], log: Log): Promise<Map<string, string>> {
  const digests = await mapConcurrently([...new Set(tags)], lookUpConcurrency, async (tag) => ({
    tag,
    digest: await lookUpDigest(session, tag).catch((error: unknown) => {
      if (error instanceof RegistryError && [412, 451].includes(error.status)) {
        log.warn(`left out the tag ${tag}, which a policy of the registry blocks: ${errorText(error)}`);
        return undefined;
      }
      throw error;
    }),
  }));
  return new Map(digests.flatMap(({ tag, digest }) => (digest === undefined ? [] : [[tag, digest]])));
}
