// The versions of check with version tags: one tag for each digest, ordered by version, from the cursor on.
import type { Version } from './select-tag.ts';
import { compareVersions, parseTagVersion, type TagVersion } from './tag-version.ts';
import { satisfies, type VersionConstraint } from './version-constraint.ts';

/** The settings of a source that choose among version tags. */
export interface VersionSettings {
  /** Only tags that end in `-<variant>` count; empty for tags without a suffix. */
  readonly variant: string;
  readonly constraint?: VersionConstraint;
  readonly preReleases: boolean;
  /** Prefixes of prereleases that are admitted in addition to `alpha`, `beta` and `rc`. */
  readonly preReleasePrefixes: readonly string[];
}

/** A listed tag that may be reported. The one without a version is the bare tag: `latest`, or the variant itself. */
export interface Candidate {
  readonly tag: string;
  /** The version in the tag, without the variant. */
  readonly version?: TagVersion;
  /** The position of the tag in the list of the registry. */
  readonly position: number;
}

/**
 * The tags to look up, in two rounds. The digests go into a map by tag in which a missing tag has no entry; the look-ups
 * of a round may run at the same time.
 */
export interface LookUpPlan {
  /** All candidates in order of precedence: the cursor's tag first, then as listed. */
  readonly candidates: readonly Candidate[];
  /** The cursor, when its tag is a candidate with a version. */
  readonly cursor?: Version & { readonly version: TagVersion };
  /** The first round: candidates that are needed in any case. */
  readonly first: readonly Candidate[];
  /**
   * The second round: versions up to the cursor's, highest first. All are needed when {@link cursorHolds} is false after
   * the first round; otherwise one after the other, as long as there is an {@link unexplainedBareTag}.
   */
  readonly older: readonly Candidate[];
}

/** A candidate that exists in the registry. */
interface Found extends Version {
  readonly version: TagVersion;
  readonly position: number;
}

/**
 * Plans the look-ups for the tags of a repository. A cursor is ignored when its tag is not listed, is the bare tag, or
 * does not match the settings. With a constraint the bare tag is never reported, so it is not looked up either.
 */
export function planLookUps(
  tags: readonly string[],
  settings: VersionSettings,
  cursor?: Version,
): LookUpPlan {
  const listed = [...new Set(tags)].flatMap((tag, position) => candidate(tag, position, settings) ?? []);
  const candidates = listed.toSorted((a, b) => Number(b.tag === cursor?.tag) - Number(a.tag === cursor?.tag));
  const [leader] = candidates;
  const version = leader?.tag === cursor?.tag ? leader?.version : undefined;
  if (!cursor || !version) {
    return { candidates, first: candidates, older: [] };
  }
  const isNeeded = (each: Candidate) => each === leader || isBeyond(each, version);
  return {
    candidates,
    cursor: { ...cursor, version },
    first: candidates.filter(isNeeded),
    older: candidates.filter((each) => !isNeeded(each)).toSorted(highestFirst),
  };
}

/** Whether the cursor's tag still points at the cursor's digest: then only higher versions are reported. */
export function cursorHolds({ cursor }: LookUpPlan, digests: ReadonlyMap<string, string>): boolean {
  return cursor !== undefined && digests.get(cursor.tag) === cursor.digest;
}

/**
 * The bare tag, if it exists and no version looked up so far has its digest. Either it is reported by itself, or it has
 * the digest of a version below the cursor's that is still to be looked up, and is not reported.
 */
export function unexplainedBareTag(
  { candidates }: LookUpPlan,
  digests: ReadonlyMap<string, string>,
): Version | undefined {
  const tag = candidates.find(({ version }) => version === undefined)?.tag;
  const digest = tag === undefined ? undefined : digests.get(tag);
  if (tag === undefined || digest === undefined) {
    return undefined;
  }
  const isExplained = candidates.some((each) => each.version && digests.get(each.tag) === digest);
  return isExplained ? undefined : { tag, digest };
}

/**
 * The versions: the preferred tag of each digest in ascending order, the cursor included; equal versions as listed. A
 * bare tag whose digest no version has comes last. Tags that the registry lists but does not have are left out.
 */
export function selectVersions(plan: LookUpPlan, digests: ReadonlyMap<string, string>): Version[] {
  const cursor = cursorHolds(plan, digests) ? plan.cursor : undefined;
  const winners = new Map<string, Found>();
  for (const { tag, version, position } of plan.candidates) {
    const digest = digests.get(tag);
    if (digest === undefined || version === undefined) {
      continue;
    }
    if (!cursor || tag === cursor.tag || compareVersions(version, cursor.version) > 0) {
      const winner = winners.get(digest);
      if (!winner || isPreferred(version, winner.version)) {
        winners.set(digest, { tag, digest, version, position });
      }
    }
  }
  const answer = [...winners.values()]
    .sort((a, b) => compareVersions(a.version, b.version) || a.position - b.position)
    .map(({ tag, digest }): Version => ({ tag, digest }));
  const bare = unexplainedBareTag(plan, digests);
  return bare ? [...answer, bare] : answer;
}

function candidate(tag: string, position: number, settings: VersionSettings): Candidate | undefined {
  const { variant, constraint } = settings;
  if (tag === (variant || 'latest')) {
    return constraint ? undefined : { tag, position };
  }
  const suffix = variant === '' ? '' : `-${variant}`;
  if (!tag.endsWith(suffix)) {
    return undefined;
  }
  const version = parseTagVersion(tag.slice(0, tag.length - suffix.length));
  if (!version || (constraint && !satisfies(constraint, version)) || !isAdmitted(version, settings)) {
    return undefined;
  }
  return { tag, version, position };
}

/** A dash in a prerelease marks another variant (`rc.1-alpine`), unless the user configures prefixes. */
function isAdmitted({ prerelease }: TagVersion, settings: VersionSettings): boolean {
  const { preReleases, preReleasePrefixes } = settings;
  if (prerelease === '') {
    return true;
  }
  if (!preReleases || (preReleasePrefixes.length === 0 && prerelease.includes('-'))) {
    return false;
  }
  return ['alpha', 'beta', 'rc', ...preReleasePrefixes].some((prefix) => prerelease.startsWith(prefix));
}

function isBeyond({ version }: Candidate, cursor: TagVersion): boolean {
  return version === undefined || compareVersions(version, cursor) > 0;
}

function highestFirst(a: Candidate, b: Candidate): number {
  return a.version && b.version ? compareVersions(b.version, a.version) : 0;
}

/** Of two tags on one digest, a final version is preferred to a prerelease, then the tag with more dots. */
function isPreferred(version: TagVersion, winner: TagVersion): boolean {
  const [isFinal, winnerIsFinal] = [version.prerelease === '', winner.prerelease === ''];
  return isFinal === winnerIsFinal ? dots(version) > dots(winner) : isFinal;
}

function dots({ original }: TagVersion): number {
  return original.split('.').length - 1;
}
