// Writing the entries of layers to the disk, one after the other and synchronously: much faster than with promises.
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { EntryConsumer } from '../tar/archive-reader.ts';
import { byteString, displayName, filePath, quoteName } from '../tar/byte-string.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { cleanParts, resolveDirectory } from './contained-path.ts';
import { createEntry, setDirectoryAttributes } from './create-entry.ts';
import { finishDirectory, setOwner } from './file-attributes.ts';
import type { FileWriter } from './file-writer.ts';
import { KnownDirectory } from './known-directory.ts';
import { emptyLower, parseWhiteout, removeLower } from './whiteout.ts';

const rootMode = 0o755;
const permissionBits = 0o777;

/** How a {@link TreeWriter} writes. */
export interface TreeWriterOptions {
  /** Whether files get the owners that the entries name; only root can do that. */
  readonly asRoot: boolean;
  readonly log: Log;
}

/**
 * Writes entries below a directory, which is created when it is missing, and never anything outside it. Errors are
 * `UserError`s that name the entry; a failed system call is their cause. After an error the tree is unusable.
 */
export class TreeWriter implements EntryConsumer {
  readonly #root: KnownDirectory;
  readonly #asRoot: boolean;
  readonly #log: Log;
  #layer = 0;
  #open: FileWriter | undefined;

  constructor(directory: string, options: TreeWriterOptions) {
    this.#asRoot = options.asRoot;
    this.#log = options.log;
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
      this.#attempt(open.entry, () => open.finish(this.#asRoot));
      this.#open = undefined;
    }
  }

  /** Sets the permissions and times of the directories; to be called once, after the last layer. */
  finish(): void {
    try {
      finishDirectory(this.#root);
    } catch (error) {
      throw new UserError('cannot set the permissions and times of directories', { cause: error });
    }
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
    if (this.#log.debugging) {
      this.#log.debug(message, { Name: displayName(entry.name) });
    }
  }

  #write(entry: TarEntry): void {
    const parts = cleanParts(entry.name);
    this.#debug('unpacking', entry);
    const base = parts.pop();
    if (base === undefined) {
      this.#writeRoot(entry);
      return;
    }
    const whiteout = parseWhiteout(base);
    if (whiteout?.kind === 'remove') {
      this.#debug(`removing ${displayName(whiteout.name)}`, entry);
      const lower = resolveDirectory(this.#root, parts, { create: false, asRoot: this.#asRoot });
      if (lower) {
        removeLower(lower, whiteout.name, this.#layer);
      }
      return;
    }
    if (entry.type === 'character-device' || entry.type === 'block-device') {
      this.#debug('skipping device', entry);
      return;
    }
    const parent = resolveDirectory(this.#root, parts, { create: true, asRoot: this.#asRoot });
    if (whiteout) {
      this.#makeOpaque(parent, entry);
      return;
    }
    this.#open = createEntry(
      {
        root: this.#root,
        parent,
        base,
        asRoot: this.#asRoot,
        debug: (message) => this.#debug(message, entry),
        warn: (message) => this.#log.warn(message),
      },
      entry,
    );
    parent.markWritten(base, this.#layer);
  }

  /** An entry named exactly `.` does not describe the root, as in upstream; `./` does. */
  #writeRoot(entry: TarEntry): void {
    if (entry.type !== 'directory') {
      throw new UserError("it would replace the image's root directory");
    }
    if (entry.name !== '.') {
      setDirectoryAttributes(this.#root, entry, this.#asRoot);
      this.#root.markItselfWritten(this.#layer);
    }
  }

  /** Unless the layer describes the directory itself, it is as if created anew: plain permissions, the marker's owner. */
  #makeOpaque(directory: KnownDirectory, entry: TarEntry): void {
    this.#debug('removing contents of the directory', entry);
    emptyLower(directory, this.#layer);
    if (!directory.wasItselfWritten(this.#layer)) {
      const mode = directory.attributes?.mode ?? lstatSync(filePath(directory.path)).mode;
      directory.attributes = { mode: mode & permissionBits, times: directory.attributes?.times };
      setOwner(directory.path, entry, this.#asRoot);
    }
  }
}
