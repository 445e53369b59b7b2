// The versions of check for one tag: the digest of the cursor, if it still exists, and the digest of the tag now.

/** A version of the resource. In a cursor, the version that a request begins from, the digest may be any string. */
export interface Version {
  readonly tag: string;
  readonly digest: string;
}

/**
 * Whether to look up the digest of the cursor: only when the tag exists and points at another digest. An empty digest
 * is not looked up.
 */
export function mustLookUpCursor(current: string | undefined, cursor: Version | undefined): boolean {
  return current !== undefined && cursor !== undefined && cursor.digest !== '' && cursor.digest !== current;
}

/**
 * The versions, oldest first. `current` is the digest of the tag, undefined when it does not exist; `cursorExists` is
 * the result of looking the cursor up, if {@link mustLookUpCursor}. The tag of the cursor is ignored.
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
