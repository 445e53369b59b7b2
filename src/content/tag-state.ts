// Where tags point before a copy, and which of them are to point at its root.
import type { Digest } from '../oci/digest.ts';

/** What is known of a tag: `missing` only on a definite answer; `unclear` with the refusal, if there was one. */
export type TagState =
  | { readonly state: 'found'; readonly digest: Digest }
  | { readonly state: 'missing' }
  | { readonly state: 'unclear'; readonly error?: unknown };

/** A tag and where it points now. */
export interface CurrentTag {
  readonly tag: string;
  readonly now: TagState;
}

/** A tag that is not meant to move, and points at another digest than the root's. */
export interface ConflictingTag {
  readonly tag: string;
  readonly digest: Digest;
}

/** What becomes of the tags of one copy. */
export interface TagChoice {
  /** Those to be pointed at the root. */
  readonly put: readonly CurrentTag[];
  /** Those that point at the root already. */
  readonly existing: readonly string[];
  /** Those that are not meant to move, whether they do or not. */
  readonly conflicts: readonly ConflictingTag[];
  /** True when nothing can be chosen before the root is known. */
  readonly needsRoot: boolean;
}

/** How the tags of a copy are chosen. */
export interface TagRule {
  /** True when tags must be looked at again right before they move, since a copy takes a while. */
  readonly looksAgain: boolean;
  /** The choice for a root, which is undefined while it is not known. Throws what forbids the copy. */
  choose(tags: readonly CurrentTag[], root: Digest | undefined): TagChoice;
}
