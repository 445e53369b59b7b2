// What becomes of each tag of a put: moved, left alone, or in the way of the whole put.

import type { ConflictingTag, CurrentTag, TagRule, TagState } from '../content/tag-state.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { compilePattern } from './pattern.ts';

/** Chooses the immutable ones of a put's tags. */
export type ImmutableTags = (asked: readonly string[], aliases: readonly string[]) => ReadonlySet<string>;

/**
 * Which tags `params.immutable_tags` protects: with `true` those that were asked for, but not the aliases of
 * `bump_aliases`, which exist to be moved; with patterns every tag in which one is found, aliases too. A UserError for
 * a malformed pattern.
 */
export function immutableTags(setting: boolean | readonly string[]): ImmutableTags {
  if (typeof setting === 'boolean') {
    return (asked) => new Set(setting ? asked : []);
  }
  const patterns = setting.map((text) => compilePattern(text, 'params.immutable_tags'));
  return (asked, aliases) =>
    new Set([...asked, ...aliases].filter((tag) => patterns.some((pattern) => pattern.matches(tag))));
}

/** What happens to a put whose immutable tag points at another digest: the put fails, the tag stays, or it moves. */
export type OnConflict = 'fail' | 'skip' | 'move';

/** What {@link decideTag} goes by. */
export interface TagFacts {
  readonly now: TagState;
  /** What the tag is to point at; undefined as long as that is not worked out. */
  readonly wanted: Digest | undefined;
  readonly immutable: boolean;
  readonly onConflict: OnConflict;
}

/**
 * `put`; `existing`: it points there already; `skip`; `move`: put although it is immutable; `conflict`: the put must
 * fail; `unclear`: so too, since nobody knows whether the tag exists; `undecided`: it depends on the digest wanted.
 */
export type TagDecision = 'put' | 'existing' | 'skip' | 'move' | 'conflict' | 'unclear' | 'undecided';

/** What becomes of one tag. An immutable one is put for certain only if the registry says that it does not exist. */
export function decideTag({ now, wanted, immutable, onConflict }: TagFacts): TagDecision {
  if (now.state === 'found' && now.digest === wanted) {
    return 'existing';
  }
  if (!immutable || now.state === 'missing') {
    return 'put';
  }
  if (now.state === 'unclear') {
    return 'unclear';
  }
  if (onConflict === 'move') {
    return wanted === undefined ? 'put' : 'move';
  }
  if (wanted === undefined) {
    return 'undecided';
  }
  return onConflict === 'skip' ? 'skip' : 'conflict';
}

/** The rule for a copy whose tags include immutable ones. What must not be is thrown as a UserError. */
export function immutableTagRule(immutable: ReadonlySet<string>, onConflict: OnConflict): TagRule {
  return {
    looksAgain: immutable.size > 0,
    choose(tags, wanted) {
      const decided = tags.map((current) => ({
        current,
        decision: decideTag({ now: current.now, wanted, immutable: immutable.has(current.tag), onConflict }),
      }));
      const those = (...decisions: readonly TagDecision[]) =>
        decided.filter(({ decision }) => decisions.includes(decision)).map(({ current }) => current);
      for (const { tag, now } of those('unclear')) {
        throw unclearError(tag, now);
      }
      const conflicts = those('conflict', 'skip', 'move').flatMap(conflicting);
      if (wanted !== undefined && those('conflict').length > 0) {
        throw conflictError(conflicts, wanted);
      }
      return {
        put: those('put', 'move'),
        existing: those('existing').map(({ tag }) => tag),
        conflicts,
        needsRoot: those('undecided').length > 0,
      };
    },
  };
}

function conflicting({ tag, now }: CurrentTag): ConflictingTag[] {
  return now.state === 'found' ? [{ tag, digest: now.digest }] : [];
}

function conflictError(conflicts: readonly ConflictingTag[], wanted: Digest): UserError {
  const places = conflicts.map(({ tag, digest }) => `${tag} points at ${digest}`).join(', ');
  return new UserError(`the image is ${wanted}, but immutable tags have another one: ${places}`, {
    code: 'IMMUTABLE_TAG_CONFLICT',
  });
}

function unclearError(tag: string, now: TagState): UserError {
  const cause = now.state === 'unclear' ? now.error : undefined;
  return new UserError(
    `the registry does not tell where the immutable tag ${tag} points`,
    cause === undefined
      ? { code: 'IMMUTABLE_TAG_UNCLEAR' }
      : { cause, hint: 'the account must be able to read a tag that is not to be overwritten' },
  );
}
