// The place of an entry in the tree: its path, and what happens to a file that is there.
import type { ByteString } from '../tar/byte-string.ts';
import type { ExtendedAttributes } from './extended-attributes.ts';
import type { KnownDirectory } from './known-directory.ts';
import type { LeftOut } from './left-out.ts';
import { removePath } from './remove-tree.ts';

/** Where an entry is created, and how. */
export interface Place {
  readonly root: KnownDirectory;
  /** The parts of the entry's cleaned name, the last one too. */
  readonly parts: readonly ByteString[];
  readonly parent: KnownDirectory;
  /** The last part of the entry's name. */
  readonly base: ByteString;
  readonly leftOut: LeftOut;
  /** Whether files get the owners that the entries name. */
  readonly asRoot: boolean;
  readonly attributes: ExtendedAttributes;
  /** Creates a FIFO; false when it cannot be created on this system. */
  readonly createFifo: (path: ByteString) => boolean;
  readonly debug: (message: string) => void;
  readonly warn: (message: string) => void;
}

/** The real path of the entry. */
export function pathOf({ parent, base }: Place): ByteString {
  return `${parent.path}/${base}`;
}

/** Removes what is at the place, with everything below it. Throws the system's error. */
export function clearPlace(place: Place): void {
  place.debug('removing existing path');
  removePath(pathOf(place));
  place.parent.forget(place.base);
}

/** Leaves out the entry: what lower layers have at its place is removed, as if the entry were there. */
export function leaveOut(place: Place): void {
  removePath(pathOf(place));
  place.parent.forget(place.base);
  place.leftOut.add(place.parts, pathOf(place));
}
