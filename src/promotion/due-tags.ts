// Which temporary tags are due: those that are old enough, but for some of the newest.
import type { Digest } from '../oci/digest.ts';

/** A tag that may be due. */
export interface AgedTag {
  readonly tag: string;
  readonly digest: Digest;
  /** Milliseconds since 1970; undefined when it is not known, and then the tag stays. */
  readonly time: number | undefined;
  /** Why the time could not be read. */
  readonly failure?: string;
}

/** Which tags are due. */
export interface CleanupRule {
  /** The least age in milliseconds. */
  readonly olderThan: number;
  /** How many of the newest tags stay whatever their age. */
  readonly keep: number;
}

/** The tags that are due at `now`, oldest first. */
export function dueTags(tags: readonly AgedTag[], { olderThan, keep }: CleanupRule, now: number): AgedTag[] {
  const known = tags.flatMap((each) => (each.time === undefined ? [] : [{ ...each, time: each.time }]));
  const newestFirst = known.toSorted((a, b) => b.time - a.time || (a.tag < b.tag ? 1 : -1));
  return newestFirst
    .slice(keep)
    .filter(({ time }) => now - time >= olderThan)
    .reverse();
}
