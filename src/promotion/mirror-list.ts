// Lists for mirror: which images of which repositories are copied where, whatever the format of the file.
import type { Digest } from '../oci/digest.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import type { Pattern } from '../policy/pattern.ts';
import { parseTagVersion } from '../policy/tag-version.ts';
import { satisfies, type VersionConstraint } from '../policy/version-constraint.ts';
import type { ManifestProblem } from './promotion-manifest.ts';

/** Names that are allowed, all without a pattern, and that are not denied. */
export interface NameFilter {
  readonly allow: readonly Pattern[];
  readonly deny: readonly Pattern[];
}

/** A set of tags: those that every member admits. */
export interface TagFilter extends NameFilter {
  /** Versions that satisfy one of them; without any, tags need not be versions. */
  readonly versions: readonly VersionConstraint[];
}

/** Which images of a repository are copied, and under which tag. */
export type MirrorSelection =
  | { readonly kind: 'tag'; readonly tag: string; readonly as: string }
  | { readonly kind: 'digest'; readonly digest: Digest; readonly as: string | null }
  /** The tags that one of the filters admits; all without a filter. */
  | { readonly kind: 'matching'; readonly filters: readonly TagFilter[] };

/** What every entry has. */
interface MirrorPlace {
  /** Counted from 1. */
  readonly line: number;
  /** Only the image for this platform instead of the index. */
  readonly platform?: WantedPlatform;
}

/** Images of one repository. Both names are `host/path`, with the host of Docker Hub. */
export interface MirrorRepository extends MirrorPlace {
  readonly kind: 'repository';
  readonly source: string;
  readonly destination: string;
  readonly selection: MirrorSelection;
}

/** Repositories of a registry that lists them. `source` is a host; `destination` precedes their paths. */
export interface MirrorRegistry extends MirrorPlace {
  readonly kind: 'registry';
  readonly source: string;
  readonly destination: string;
  readonly repositories: NameFilter;
  readonly selection: Extract<MirrorSelection, { kind: 'matching' }>;
}

/** An entry of a list. */
export type MirrorEntry = MirrorRepository | MirrorRegistry;

/** The entries of a file, and everything that was found in it. Use them only without errors. */
export interface MirrorListReading {
  readonly entries: readonly MirrorEntry[];
  readonly errors: readonly ManifestProblem[];
  /** What the file asks for and is not done. */
  readonly warnings: readonly ManifestProblem[];
}

/** Whether a filter admits a name. */
export function admits({ allow, deny }: NameFilter, name: string): boolean {
  return (
    (allow.length === 0 || allow.some((pattern) => pattern.matches(name))) &&
    !deny.some((pattern) => pattern.matches(name))
  );
}

/** The tags that one of the filters admits, in their order; all without a filter. */
export function matchingTags(tags: readonly string[], filters: readonly TagFilter[]): string[] {
  return tags.filter((tag) => filters.length === 0 || filters.some((filter) => admitsTag(filter, tag)));
}

function admitsTag(filter: TagFilter, tag: string): boolean {
  if (filter.versions.length > 0) {
    const version = parseTagVersion(tag);
    if (!version || !filter.versions.some((constraint) => satisfies(constraint, version))) {
      return false;
    }
  }
  return admits(filter, tag);
}
