// Whiteouts: how a layer removes files of lower layers. OCI image specification, layer, "Whiteouts".
import { UserError } from '../errors.ts';
import { type ByteString, quoteName } from '../tar/byte-string.ts';
import type { KnownDirectory } from './known-directory.ts';
import { namesIn, removePath } from './remove-tree.ts';

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

/** Removes what lower layers have under `name`; what this layer has written stays. Throws the system's error. */
export function removeLower(parent: KnownDirectory, name: ByteString, layer: number): void {
  const child = parent.child(name);
  if (child && (child.wasTouched(layer) || parent.wasWritten(name, layer))) {
    emptyLower(child, layer);
  } else if (!parent.wasWritten(name, layer)) {
    removePath(`${parent.path}/${name}`);
    parent.forget(name);
  }
}

/** Removes everything that lower layers have in a directory; what this layer has written stays. */
export function emptyLower(directory: KnownDirectory, layer: number): void {
  for (const name of namesIn(directory.path)) {
    removeLower(directory, name, layer);
  }
}
