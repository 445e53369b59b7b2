// Aliases of a version (latest, 1 and 1.2 for 1.2.3), which move along with it unless a newer version exists.
import { compareVersions, parseTagVersion, type TagVersion } from './tag-version.ts';

/** An alias that does not move, and the newest tag that keeps it where it is. */
export interface KeptAlias {
  readonly alias: string;
  readonly newer: string;
}

/** The aliases of a version in push order: those that move to it, and those that a newer version keeps. */
export interface Aliases {
  readonly moved: readonly string[];
  readonly kept: readonly KeptAlias[];
}

/**
 * The aliases of a version when these tags exist. Tags of other variants, prereleases and tags that are no version do
 * not count; aliases do (`2` is 2.0.0, which keeps `latest` from 1.2.3). `variant` is empty when there is none.
 */
export function aliasesFor(version: TagVersion, variant: string, existingTags: readonly string[]): Aliases {
  if (version.prerelease !== '') {
    return { moved: [], kept: [] };
  }
  const suffix = variant === '' ? '' : `-${variant}`;
  const newer = existingTags
    .filter((tag) => tag.endsWith(suffix))
    .flatMap((tag) => parseTagVersion(tag.slice(0, tag.length - suffix.length)) ?? [])
    .filter((existing) => existing.prerelease === '' && compareVersions(existing, version) > 0)
    .toSorted((a, b) => compareVersions(b, a));
  const newerInMajor = newer.filter(({ major }) => major === version.major);
  const newerInMinor = newerInMajor.filter(({ minor }) => minor === version.minor);
  const rivals: readonly (readonly [alias: string, TagVersion | undefined])[] = [
    [variant === '' ? 'latest' : variant, newer[0]],
    [`${version.major}${suffix}`, newerInMajor[0]],
    [`${version.major}.${version.minor}${suffix}`, newerInMinor[0]],
  ];
  return {
    moved: rivals.flatMap(([alias, rival]) => (rival ? [] : [alias])),
    kept: rivals.flatMap(([alias, rival]) => (rival ? [{ alias, newer: rival.original + suffix }] : [])),
  };
}
