// Writing the entries of layers to the disk, one after the other and synchronously: much faster than with promises.
import { chmodSync, mkdirSync } from 'node:fs';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { EntryConsumer } from '../tar/archive-reader.ts';
import { type ByteString, byteString, displayName, quoteName } from '../tar/byte-string.ts';
import { cleanParts } from '../tar/entry-path.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { aufsLinkDirectory, isAufsMetadata, parseWhiteout } from '../tar/whiteout-name.ts';
import { ensureDirectory, findDirectory } from './contained-path.ts';
import { createEntry, setDirectoryAttributes } from './create-entry.ts';
import { ExtendedAttributes } from './extended-attributes.ts';
import { createFifo } from './fifo.ts';
import { finishDirectory } from './file-attributes.ts';
import type { FileWriter } from './file-writer.ts';
import { KnownDirectory } from './known-directory.ts';
import { LeftOut } from './left-out.ts';
import { leaveOut, type Place } from './place.ts';
import { removePath } from './remove-tree.ts';
import { emptyLower, removeLower } from './whiteout.ts';

const rootMode = 0o755;

/** How a {@link TreeWriter} writes. */
export interface TreeWriterOptions {
  /** Whether files get the owners that the entries name; only root can do that. */
  readonly asRoot: boolean;
  readonly log: Log;
  /** Creates a FIFO; false when it cannot be created on this system. By default {@link createFifo}. */
  readonly createFifo?: Place['createFifo'];
}

/**
 * Writes entries below a directory, which is created when it is missing, and never anything outside it. Errors are
 * `UserError`s that name the entry; a failed system call is their cause. After an error the tree is unusable.
 */
export class TreeWriter implements EntryConsumer {
  readonly #root: KnownDirectory;
  readonly #options: TreeWriterOptions;
  readonly #leftOut = new LeftOut();
  readonly #attributes = new ExtendedAttributes();
  #layer = 0;
  #aufsLinks = false;
  #open: FileWriter | undefined;

  constructor(directory: string, options: TreeWriterOptions) {
    this.#options = options;
    try {
      if (mkdirSync(directory, { recursive: true, mode: rootMode }) !== undefined) {
        chmodSync(directory, rootMode);
      }
    } catch (error) {
      throw new UserError(`cannot create ${directory}`, { cause: error });
    }
    this.#root = new KnownDirectory(byteString(directory));
  }

  /** Starts a layer: everything written so far belongs to lower layers. */
  beginLayer(): void {
    this.#removeAufsLinks();
    this.#layer += 1;
  }

  begin(entry: TarEntry): void {
    this.#attempt(entry, () => this.#write(entry));
  }

  content(bytes: Buffer): void {
    const open = this.#open;
    if (open) {
      this.#attempt(open.entry, () => open.write(bytes));
    }
  }

  end(): void {
    const open = this.#open;
    if (open) {
      this.#attempt(open.entry, () => open.finish(this.#options.asRoot, this.#attributes));
      this.#open = undefined;
    }
  }

  /** Sets the permissions and times of the directories; to be called once, after the last layer. */
  finish(): void {
    this.#removeAufsLinks();
    try {
      finishDirectory(this.#root);
    } catch (error) {
      throw new UserError('cannot set the permissions and times of directories', { cause: error });
    }
    this.#attributes.report(this.#options.log);
  }

  /** Closes the file that an error left open. */
  close(): void {
    this.#open?.close();
    this.#open = undefined;
  }

  #attempt(entry: TarEntry, action: () => void): void {
    try {
      action();
    } catch (error) {
      throw new UserError(`cannot unpack ${quoteName(entry.name)}`, { cause: error });
    }
  }

  #debug(message: string, entry: TarEntry): void {
    const { log } = this.#options;
    if (log.debugging) {
      log.debug(message, { Name: displayName(entry.name) });
    }
  }

  #write(entry: TarEntry): void {
    const parts = cleanParts(entry.name);
    this.#debug('unpacking', entry);
    const base = parts.at(-1);
    if (base === undefined) {
      this.#writeRoot(entry);
      return;
    }
    if (isAufsMetadata(parts) && !this.#keepsLinkTarget(parts, entry)) {
      this.#debug('skipping metadata of AUFS', entry);
      return;
    }
    const directory = parts.slice(0, -1);
    const whiteout = parseWhiteout(base);
    if (whiteout?.kind === 'remove') {
      this.#remove(directory, whiteout.name, entry);
    } else if (whiteout) {
      this.#makeOpaque(directory, entry);
    } else if (entry.type === 'character-device' || entry.type === 'block-device') {
      this.#leaveOutDevice(parts, base, entry);
    } else {
      const parent = ensureDirectory(this.#root, directory, this.#options);
      this.#open = createEntry(this.#place(parts, parent, base, entry), entry);
      parent.markWritten(base, this.#layer);
    }
  }

  /** AUFS hard links share files that layers have in a directory of its own; it is removed when the layer is complete. */
  #keepsLinkTarget(parts: readonly ByteString[], entry: TarEntry): boolean {
    const keeps = parts[0] === aufsLinkDirectory && parts.length > 1 && entry.type === 'file';
    this.#aufsLinks ||= keeps;
    return keeps;
  }

  #removeAufsLinks(): void {
    if (this.#aufsLinks) {
      this.#aufsLinks = false;
      try {
        removePath(`${this.#root.path}/${aufsLinkDirectory}`);
      } catch (error) {
        throw new UserError(`cannot remove ${aufsLinkDirectory}`, { cause: error });
      }
      this.#root.forget(aufsLinkDirectory);
    }
  }

  #place(parts: readonly ByteString[], parent: KnownDirectory, base: ByteString, entry: TarEntry): Place {
    return {
      root: this.#root,
      parts,
      parent,
      base,
      leftOut: this.#leftOut,
      asRoot: this.#options.asRoot,
      attributes: this.#attributes,
      createFifo: this.#options.createFifo ?? createFifo,
      debug: (message) => this.#debug(message, entry),
      warn: (message) => this.#options.log.warn(message),
    };
  }

  /** An entry named exactly `.` does not describe the root, as in upstream; `./` does. */
  #writeRoot(entry: TarEntry): void {
    if (entry.type !== 'directory') {
      throw new UserError("it would replace the image's root directory");
    }
    if (entry.name !== '.') {
      setDirectoryAttributes(this.#root, entry, this.#options.asRoot, this.#attributes);
      this.#root.markItselfWritten(this.#layer);
    }
  }

  /** A container may not create devices. */
  #leaveOutDevice(parts: readonly ByteString[], base: ByteString, entry: TarEntry): void {
    this.#debug('skipping device', entry);
    const parent = findDirectory(this.#root, parts.slice(0, -1), this.#options);
    if (parent) {
      leaveOut(this.#place(parts, parent, base, entry));
      parent.markWritten(base, this.#layer);
    } else {
      this.#leftOut.add(parts, undefined);
    }
  }

  #remove(directory: readonly ByteString[], name: ByteString, entry: TarEntry): void {
    this.#debug(`removing ${displayName(name)}`, entry);
    const lower = this.#findLower(directory).directory;
    if (lower) {
      removeLower(lower, name, this.#layer);
    }
  }

  /** The attributes of the directory stay as they are, unless the layer has an entry for it. */
  #makeOpaque(parts: readonly ByteString[], entry: TarEntry): void {
    this.#debug('removing contents of the directory', entry);
    const { directory, hidden } = this.#findLower(parts);
    if (directory) {
      emptyLower(directory, this.#layer);
    } else if (!hidden) {
      this.#createEmptyDirectory(parts);
    }
  }

  /** Creates the directory of an opaque marker. A file that lower layers have there is removed, as by a directory's entry. */
  #createEmptyDirectory(parts: readonly ByteString[]): void {
    const parent = ensureDirectory(this.#root, parts.slice(0, -1), this.#options);
    removePath(`${parent.path}/${parts.at(-1)}`);
    ensureDirectory(this.#root, parts, this.#options);
  }

  /**
   * The directory that lower layers have under this name. A link of this layer hides what they have: then there is
   * nothing to remove, wherever the link leads to.
   */
  #findLower(parts: readonly ByteString[]): { directory: KnownDirectory | undefined; hidden: boolean } {
    let hidden = false;
    const followLink = (parent: KnownDirectory, name: ByteString) => {
      hidden ||= parent.wasWritten(name, this.#layer);
      return !hidden;
    };
    const directory = findDirectory(this.#root, parts, { asRoot: this.#options.asRoot, followLink });
    return { directory, hidden };
  }
}
