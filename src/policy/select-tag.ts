// What check answers for one tag (source.tag): where the tag points now, after where the user saw it last.

/** A version of the resource as check reports it. The digest of a cursor may be any text a user wrote. */
export interface Version {
  readonly tag: string;
  readonly digest: string;
}

/**
 * Whether the cursor's digest has to be looked up: the tag exists and points elsewhere now. An empty digest names
 * nothing and is not asked for.
 */
export function mustLookUpCursor(current: string | undefined, cursor: Version | undefined): boolean {
  return current !== undefined && cursor !== undefined && cursor.digest !== '' && cursor.digest !== current;
}

/**
 * The answer, oldest first. `current` is the tag's digest, absent when the registry does not have the tag;
 * `cursorExists` says whether a cursor that {@link mustLookUpCursor} was found. The cursor's own tag has no part.
 */
export function selectTag(
  tag: string,
  current: string | undefined,
  cursor: Version | undefined,
  cursorExists: boolean,
): Version[] {
  if (current === undefined) {
    return [];
  }
  const now = { tag, digest: current };
  return cursor && cursorExists && mustLookUpCursor(current, cursor)
    ? [{ tag, digest: cursor.digest }, now]
    : [now];
}
