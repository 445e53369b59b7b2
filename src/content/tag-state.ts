// The state of tags before a copy, and the rule that selects the tags to move.
import type { Digest } from '../oci/digest.ts';

/** The state of a tag: `missing` after a definite 404; `unclear` with the error of the registry, if there was one. */
export type TagState =
  | { readonly state: 'found'; readonly digest: Digest }
  | { readonly state: 'missing' }
  | { readonly state: 'unclear'; readonly error?: unknown };

/** A tag and its current state. */
export interface CurrentTag {
  readonly tag: string;
  readonly now: TagState;
}

/** Whether a tag is where it was read before, on nothing where it was missing; an unclear state does not say otherwise. */
export function isStillOn(now: TagState | undefined, before: Digest | undefined): boolean {
  switch (now?.state) {
    case 'found':
      return now.digest === before;
    case 'missing':
      return before === undefined;
    default:
      return true;
  }
}

/** A tag that stays as it is, because what the source has under it can neither be added to what is there nor replace it. */
export interface KeptTag {
  readonly tag: string;
  /** What the target has, and what the source has. */
  readonly held: Digest;
  readonly offered: Digest;
}

/** A kept tag for people. */
export function keptTagText({ tag, held, offered }: KeptTag): string {
  return `tag ${tag} stays on ${held}: the source has ${offered} there, and the two cannot be merged`;
}

/** An immutable tag that points at another digest than the root's. */
export interface ConflictingTag {
  readonly tag: string;
  readonly digest: Digest;
}

/** The decision on the tags of one copy. */
export interface TagChoice {
  /** The tags to move to the root. */
  readonly put: readonly CurrentTag[];
  /** The tags that point at the root already. */
  readonly existing: readonly string[];
  /** The immutable tags that point elsewhere, whether they move or not. */
  readonly conflicts: readonly ConflictingTag[];
  /** True when the decision needs the digest of the root. */
  readonly needsRoot: boolean;
}

/** Decides which tags of a copy move. */
export interface TagRule {
  /** True when tags must be read again right before they move, because a copy takes a while. */
  readonly rechecks: boolean;
  /** The decision for a root, which is undefined while it is not known. Throws a UserError when the copy is forbidden. */
  choose(tags: readonly CurrentTag[], root: Digest | undefined): TagChoice;
}
