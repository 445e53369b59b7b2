// A cache of the real directories below the root: which layer wrote what in them, and the attributes set at the end.
import type { ByteString } from '../tar/byte-string.ts';
import type { TarTime } from '../tar/tar-entry.ts';

/** The attributes that a directory gets when everything in it has been written. */
export interface DirectoryAttributes {
  /** The twelve permission bits. */
  mode: number;
  times: { readonly accessed: TarTime; readonly modified: TarTime } | undefined;
}

/**
 * A path that was seen to be a directory, not a link to one. Code that removes something from a directory must
 * {@link forget} it, or entries could be written through a link that replaced it.
 */
export class KnownDirectory {
  /** The path in the file system, links resolved. */
  readonly path: ByteString;
  /** The root's parent is the root, as in a container. */
  readonly parent: KnownDirectory;
  readonly #name: ByteString;
  /** `undefined` when nothing has to be set at the end. */
  attributes: DirectoryAttributes | undefined;
  readonly #children = new Map<ByteString, KnownDirectory>();
  #written = new Set<ByteString>();
  #writtenIn = -1;
  #touchedIn = -1;

  /** The root without `within`, else the directory `name` in it. */
  constructor(path: ByteString, within?: { parent: KnownDirectory; name: ByteString }) {
    this.path = path;
    this.parent = within?.parent ?? this;
    this.#name = within?.name ?? '';
  }

  get children(): IterableIterator<KnownDirectory> {
    return this.#children.values();
  }

  child(name: ByteString): KnownDirectory | undefined {
    return this.#children.get(name);
  }

  /** Records that `name` is a real directory. */
  addChild(name: ByteString): KnownDirectory {
    const child = new KnownDirectory(`${this.path}/${name}`, { parent: this, name });
    this.#children.set(name, child);
    return child;
  }

  /** Records that `name` was removed, with everything below it. */
  forget(name: ByteString): void {
    this.#children.delete(name);
  }

  /** Records that a layer has an entry of this name here. */
  markWritten(name: ByteString, layer: number): void {
    if (this.#writtenIn !== layer) {
      this.#written = new Set();
      this.#writtenIn = layer;
    }
    this.#written.add(name);
    for (let at: KnownDirectory = this; at.#touchedIn !== layer; at = at.parent) {
      at.#touchedIn = layer;
    }
  }

  /** Records that a layer has an entry for the directory itself. */
  markItselfWritten(layer: number): void {
    this.parent.markWritten(this.#name, layer);
  }

  /** Whether the layer had an entry of this name here. */
  wasWritten(name: ByteString, layer: number): boolean {
    return this.#writtenIn === layer && this.#written.has(name);
  }

  /** Whether the layer had an entry for the directory itself. */
  wasItselfWritten(layer: number): boolean {
    return this.parent.wasWritten(this.#name, layer);
  }

  /** Whether the layer had an entry somewhere below. */
  wasTouched(layer: number): boolean {
    return this.#touchedIn === layer;
  }
}
