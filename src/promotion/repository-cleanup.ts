// Cleans up temporary tags of a repository: finds those that are due, and deletes them when that is confirmed.
import type { Digest } from '../oci/digest.ts';
import type { Pattern } from '../policy/pattern.ts';
import { readRepositoryContents } from '../registry/repository-contents.ts';
import type { Session } from '../transport/session.ts';
import { deleteTags } from './cleanup.ts';
import { type CleanupRule, dueTags } from './due-tags.ts';
import { type AgeSource, agedTags } from './tag-age.ts';

/** How many tags are asked for at a time. */
const lookUpConcurrency = 8;

/** What is cleaned up. */
export interface RepositoryCleanup extends CleanupRule {
  readonly pattern: Pattern;
  readonly age: AgeSource;
  /** Whether tags are deleted, or only found. */
  readonly isConfirmed: boolean;
}

/**
 * `due`: would be deleted; `deleted`; `kept`: is due, but could not be deleted; `unknown`: matches, but its age is not
 * known; `failed`: the image could not be read.
 */
export type CleanupOutcome = 'due' | 'deleted' | 'kept' | 'unknown' | 'failed';

/** One tag that is due, or whose age is not known. */
export interface CleanedTag {
  readonly tag: string;
  readonly digest: Digest;
  /** When it was made, by RFC 3339; null when that is not known. */
  readonly time: string | null;
  readonly outcome: CleanupOutcome;
  /** Why it stays, or that more than the tag was deleted; empty when there is nothing to say. */
  readonly reason: string;
}

/** The result of a clean-up. */
export interface CleanupResult {
  /** How many tags match the pattern, and how many there are of each outcome. */
  readonly summary: { readonly matching: number } & Readonly<Record<CleanupOutcome, number>>;
  readonly tags: readonly CleanedTag[];
  /** Whether the repository does not exist, or has no tags at all. */
  readonly isEmpty: boolean;
}

/** Finds and deletes tags, oldest first. `session` must be allowed to delete when that is confirmed. */
export async function cleanRepository(
  session: Session,
  { pattern, age, olderThan, keep, isConfirmed }: RepositoryCleanup,
  now: number,
): Promise<CleanupResult> {
  const contents = await readRepositoryContents(session, lookUpConcurrency);
  const matching = [...contents.tags].filter(([tag]) => pattern.matches(tag));
  const aged = await agedTags(session, matching, age);
  const due = dueTags(aged, { olderThan, keep }, now);
  const times = new Map(aged.map(({ tag, time }) => [tag, time]));
  const timeOf = (tag: string) => {
    const time = times.get(tag);
    return time === undefined ? null : new Date(time).toISOString();
  };
  const handled = isConfirmed
    ? (await deleteTags(session, due, contents.tags)).map(({ tag, digest, outcome, reason }): CleanedTag => {
        const isKept = outcome === 'kept';
        const remark = outcome === 'manifest' ? 'with its manifest: the registry cannot delete tags' : '';
        const shared = { tag, digest, time: timeOf(tag) };
        return { ...shared, outcome: isKept ? 'kept' : 'deleted', reason: reason ?? remark };
      })
    : due.map(({ tag, digest }): CleanedTag => {
        return { tag, digest, time: timeOf(tag), outcome: 'due', reason: '' };
      });
  const unknown = aged.flatMap(({ tag, digest, time, failure }): CleanedTag[] => {
    if (time !== undefined) {
      return [];
    }
    const outcome = failure === undefined ? 'unknown' : 'failed';
    return [{ tag, digest, time: null, outcome, reason: failure ?? unknownAge[age] }];
  });
  return { ...summarized(matching.length, [...handled, ...unknown]), isEmpty: contents.tags.size === 0 };
}

const unknownAge: Readonly<Record<AgeSource, string>> = {
  created: 'its config has no time of creation that counts',
  tag: 'the tag has no time in it',
};

function summarized(matching: number, tags: readonly CleanedTag[]): Omit<CleanupResult, 'isEmpty'> {
  const counts = { due: 0, deleted: 0, kept: 0, unknown: 0, failed: 0 };
  for (const { outcome } of tags) {
    counts[outcome]++;
  }
  return { summary: { matching, ...counts }, tags };
}
