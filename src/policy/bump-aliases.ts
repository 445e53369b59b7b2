// Aliases of a version (latest, 1 and 1.2 for 1.2.3), which move along with it unless a newer version exists.
import { compareVersions, parseTagVersion, type TagVersion } from './tag-version.ts';

/**
 * The aliases to move to a version when these tags exist, in push order. Tags of other variants, prereleases and tags
 * that are no version do not count; aliases do (`2` is 2.0.0, which keeps `latest` from 1.2.3). `variant` is empty when
 * there is none.
 */
export function aliasesFor(version: TagVersion, variant: string, existingTags: readonly string[]): string[] {
  if (version.prerelease !== '') {
    return [];
  }
  const suffix = variant === '' ? '' : `-${variant}`;
  const finals = existingTags
    .filter((tag) => tag.endsWith(suffix))
    .flatMap((tag) => parseTagVersion(tag.slice(0, tag.length - suffix.length)) ?? [])
    .filter(({ prerelease }) => prerelease === '');
  const newer = finals.filter((existing) => compareVersions(existing, version) > 0);
  const newerInMajor = newer.filter(({ major }) => major === version.major);
  const newerInMinor = newerInMajor.filter(({ minor }) => minor === version.minor);
  const aliases: string[] = [];
  if (newer.length === 0) {
    aliases.push(variant === '' ? 'latest' : variant);
  }
  if (newerInMajor.length === 0) {
    aliases.push(`${version.major}${suffix}`);
  }
  if (newerInMinor.length === 0) {
    aliases.push(`${version.major}.${version.minor}${suffix}`);
  }
  return aliases;
}
