// Names by which a layer removes files of lower layers, and those of AUFS. OCI image specification, layer, "Whiteouts".
import { UserError } from '../errors.ts';
import { type ByteString, quoteName } from './byte-string.ts';

const whiteoutPrefix = '.wh.';
const opaqueMarker = '.wh..wh..opq';
const aufsPrefix = '.wh..wh.';

/** The directory at the root of an AUFS layer with the files that its hard links share. */
export const aufsLinkDirectory = '.wh..wh.plnk';

/**
 * Whether a name is metadata of AUFS, which Docker's old storage driver wrote into layers: `.wh..wh.aufs`, `.wh..wh.orph`
 * and `.wh..wh.plnk` at the root, with everything below.
 */
export function isAufsMetadata([first = '', ...rest]: readonly ByteString[]): boolean {
  return first.startsWith(aufsPrefix) && (first !== opaqueMarker || rest.length > 0);
}

/** A whiteout: of one file, or of everything that lower layers have in a directory. */
export type Whiteout = { readonly kind: 'opaque' } | { readonly kind: 'remove'; readonly name: ByteString };

/** The whiteout that a file name stands for, if any. Throws a `UserError` when it names no file beside it. */
export function parseWhiteout(base: ByteString): Whiteout | undefined {
  if (base === opaqueMarker) {
    return { kind: 'opaque' };
  }
  if (!base.startsWith(whiteoutPrefix)) {
    return undefined;
  }
  const name = base.slice(whiteoutPrefix.length);
  if (name === '' || name === '.' || name === '..') {
    throw new UserError(`the whiteout ${quoteName(base)} names no file to remove`);
  }
  return { kind: 'remove', name };
}
