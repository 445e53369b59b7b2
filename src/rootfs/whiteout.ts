// Removing what lower layers have: OCI image specification, layer, "Whiteouts".
import type { ByteString } from '../tar/byte-string.ts';
import type { KnownDirectory } from './known-directory.ts';
import { namesIn, removePath } from './remove-tree.ts';

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
