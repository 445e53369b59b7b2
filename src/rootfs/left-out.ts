// The entries of layers that are not unpacked, such as devices: hard links to them are left out too.
import type { ByteString } from '../tar/byte-string.ts';

/** Entries by their names and, where their directory exists, by their real paths. */
export class LeftOut {
  readonly #names = new Set<ByteString>();
  readonly #paths = new Set<ByteString>();

  /** Records an entry by the parts of its cleaned name. */
  add(parts: readonly ByteString[], path: ByteString | undefined): void {
    this.#names.add(parts.join('/'));
    if (path !== undefined) {
      this.#paths.add(path);
    }
  }

  /** Whether an entry with this cleaned name or real path was left out. */
  has(parts: readonly ByteString[], path: ByteString | undefined): boolean {
    return this.#names.has(parts.join('/')) || (path !== undefined && this.#paths.has(path));
  }
}
