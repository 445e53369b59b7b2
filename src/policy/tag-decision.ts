// Immutable tags: which tags of a put are, and for each tag whether it is pushed, skipped, or fails the put.

import type { ConflictingTag, CurrentTag, TagRule, TagState } from '../content/tag-state.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { compilePattern } from './pattern.ts';

/** Returns the immutable tags among those of a put. */
export type ImmutableTags = (asked: readonly string[], aliases: readonly string[]) => ReadonlySet<string>;

/**
 * The tags that `immutable_tags` protects: with `true` the requested ones, but not the aliases, which exist to be
 * moved; with patterns every tag that one of them matches, aliases too. Throws a UserError for an invalid pattern.
 */
export function immutableTags(setting: boolean | readonly string[]): ImmutableTags {
  if (typeof setting === 'boolean') {
    return (asked) => new Set(setting ? asked : []);
  }
  const patterns = setting.map((text) => compilePattern(text, 'params.immutable_tags'));
  return (asked, aliases) =>
    new Set([...asked, ...aliases].filter((tag) => patterns.some((pattern) => pattern.matches(tag))));
}

/** What happens when an immutable tag points at another digest: the put fails, the tag is skipped, or it moves. */
export type OnConflict = 'fail' | 'skip' | 'move';

/** The facts for {@link decideTag}. */
export interface TagFacts {
  readonly now: TagState;
  /** The digest that the tag is to point at; undefined while it is not known yet. */
  readonly wanted: Digest | undefined;
  readonly immutable: boolean;
  readonly onConflict: OnConflict;
}

/**
 * `put`: push the tag; `existing`: it points at the digest already; `skip`: leave it; `move`: push it although it is
 * immutable; `conflict`: fail the put; `unclear`: fail it, because the registry does not say whether the tag exists;
 * `undecided`: it depends on the digest that is not known yet.
 */
export type TagDecision = 'put' | 'existing' | 'skip' | 'move' | 'conflict' | 'unclear' | 'undecided';

/** The decision on one tag. An immutable tag is pushed only when the registry says that it does not exist. */
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

/** The rule for a copy whose tags include immutable ones. Throws a UserError for what fails the put. */
export function immutableTagRule(immutable: ReadonlySet<string>, onConflict: OnConflict): TagRule {
  return {
    rechecks: immutable.size > 0,
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
  const current = conflicts.map(({ tag, digest }) => `${tag} points at ${digest}`).join(', ');
  return new UserError(`the image is ${wanted}, but immutable tags have another one: ${current}`, {
    code: 'IMMUTABLE_TAG_CONFLICT',
  });
}

function unclearError(tag: string, now: TagState): UserError {
  const cause = now.state === 'unclear' ? now.error : undefined;
  return new UserError(
    `the registry does not say where the immutable tag ${tag} points`,
    cause === undefined
      ? { code: 'IMMUTABLE_TAG_UNCLEAR' }
      : { cause, hint: 'the account must be able to read a tag that is not to be overwritten' },
  );
}
