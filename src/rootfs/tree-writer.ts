// Entries of layers onto the disk, one after the other and synchronously: several times faster than with promises.
import {
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { EntryConsumer } from '../tar/archive-reader.ts';
import { type ByteString, displayName, type TarEntry } from '../tar/tar-entry.ts';
import { adopt, cleanParts, resolveDirectory } from './contained-path.ts';
import { makeFifo } from './fifo.ts';
import {
  finishDirectory,
  permissions,
  setFileAttributes,
  setOwner,
  setOwnTimes,
  setSharedOwner,
  timesOf,
} from './file-attributes.ts';
import { bytesOfPath, filePath, systemErrorCode } from './file-path.ts';
import { KnownDirectory } from './known-directory.ts';
import { removeTree } from './remove-tree.ts';
import { SparseCursor } from './sparse-cursor.ts';
import { emptyLower, parseWhiteout, removeLower } from './whiteout.ts';

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const privateFile = 0o600;
const privateDirectory = 0o700;
const wholeMode = 0o7777;
const permissionBits = 0o777;

/** What a {@link TreeWriter} may do and whom it tells. */
export interface TreeWriterOptions {
  /** Whether files are given to the owners that the entries name. */
  readonly asRoot: boolean;
  readonly log: Log;
}

/** The file whose content is arriving. */
interface OpenFile {
  readonly file: number;
  readonly entry: TarEntry;
  readonly cursor: SparseCursor | undefined;
}

/**
 * Writes entries below a directory, which is made when it is missing, and never anything outside it. Errors are
 * `UserError`s that name the entry; a failed system call is their cause. After one the tree is unusable.
 */
export class TreeWriter implements EntryConsumer {
  readonly #root: KnownDirectory;
  readonly #asRoot: boolean;
  readonly #log: Log;
  #layer = 0;
  #open: OpenFile | undefined;

  constructor(directory: string, options: TreeWriterOptions) {
    this.#asRoot = options.asRoot;
    this.#log = options.log;
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    this.#root = new KnownDirectory(bytesOfPath(directory));
  }

  /** From here on everything written so far belongs to lower layers. */
  beginLayer(): void {
    this.#layer += 1;
  }

  begin(entry: TarEntry): void {
    this.#attempt(entry, () => this.#write(entry));
  }

  content(bytes: Buffer): void {
    const open = this.#open;
    if (open) {
      this.#attempt(open.entry, () => {
        if (open.cursor) {
          open.cursor.write(open.file, bytes);
        } else {
          for (let at = 0; at < bytes.length; ) {
            at += writeSync(open.file, bytes, at);
          }
        }
      });
    }
  }

  end(): void {
    const open = this.#open;
    if (open) {
      this.#attempt(open.entry, () => {
        if (open.cursor) {
          ftruncateSync(open.file, open.entry.size);
        }
        setFileAttributes(open.file, open.entry, this.#asRoot);
        this.close();
      });
    }
  }

  /** Gives the directories the permissions and times of their entries; to be called once, behind the last layer. */
  finish(): void {
    finishDirectory(this.#root);
  }

  /** Closes a file left open by an error. */
  close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open) {
      closeSync(open.file);
    }
  }

  #attempt(entry: TarEntry, action: () => void): void {
    try {
      action();
    } catch (error) {
      throw new UserError(`cannot unpack ${JSON.stringify(displayName(entry.name))}`, { cause: error });
    }
  }

  #debug(message: string, entry: TarEntry): void {
    if (this.#log.debugging) {
      this.#log.debug(message, { Name: displayName(entry.name) });
    }
  }

  #write(entry: TarEntry): void {
    this.#debug('unpacking', entry);
    const parts = cleanParts(entry.name);
    const base = parts.pop();
    if (base === undefined) {
      this.#writeRoot(entry);
      return;
    }
    const whiteout = parseWhiteout(base);
    if (whiteout?.kind === 'remove') {
      const parent = resolveDirectory(this.#root, parts, { create: false, asRoot: this.#asRoot });
      this.#debug(`removing ${displayName(whiteout.name)}`, entry);
      if (parent) {
        removeLower(parent, whiteout.name, this.#layer);
      }
      return;
    }
    if (entry.type === 'character-device' || entry.type === 'block-device') {
      this.#debug('skipping device', entry);
      return;
    }
    const parent = resolveDirectory(this.#root, parts, { create: true, asRoot: this.#asRoot });
    if (parent && whiteout) {
      this.#makeOpaque(parent, entry);
    } else if (parent) {
      this.#writeInto(parent, base, entry);
      parent.markWritten(base, this.#layer);
    }
  }

  #writeRoot(entry: TarEntry): void {
    if (entry.type !== 'directory') {
      throw new UserError("it would take the place of the image's root directory");
    }
    if (entry.name !== '.') {
      this.#setDirectoryAttributes(this.#root, entry);
      this.#root.markItselfWritten(this.#layer);
    }
  }

  #writeInto(parent: KnownDirectory, base: ByteString, entry: TarEntry): void {
    const path = `${parent.path}/${base}`;
    switch (entry.type) {
      case 'file':
        this.#open = {
          file: this.#replacing(parent, base, entry, () => openSync(filePath(path), newFile, privateFile)),
          entry,
          cursor: entry.sparse && new SparseCursor(entry.sparse),
        };
        break;
      case 'directory':
        this.#setDirectoryAttributes(this.#makeDirectory(parent, base, entry), entry);
        break;
      case 'symlink': {
        this.#debug(`symlinking to ${displayName(entry.linkName)}`, entry);
        const target = filePath(entry.linkName);
        this.#replacing(parent, base, entry, () => symlinkSync(target, filePath(path)));
        setOwner(path, entry, this.#asRoot);
        setOwnTimes(path, entry);
        break;
      }
      case 'hardlink':
        this.#writeHardLink(parent, base, entry);
        break;
      case 'fifo':
        this.#writeFifo(parent, base, entry);
        break;
      default:
        throw new UserError(`its entry type ${JSON.stringify(entry.typeFlag)} is not supported`);
    }
  }

  /** Does what needs a free name, removing what has the name when it turns out to be taken. */
  #replacing<T>(parent: KnownDirectory, base: ByteString, entry: TarEntry, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') {
        throw error;
      }
      this.#remove(parent, base, entry);
      return make();
    }
  }

  #remove(parent: KnownDirectory, base: ByteString, entry: TarEntry): void {
    this.#debug('removing existing path', entry);
    removeTree(`${parent.path}/${base}`);
    parent.forget(base);
  }

  #makeDirectory(parent: KnownDirectory, base: ByteString, entry: TarEntry): KnownDirectory {
    const known = parent.child(base);
    if (known) {
      return known;
    }
    const path = filePath(`${parent.path}/${base}`);
    try {
      mkdirSync(path, privateDirectory);
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') {
        throw error;
      }
      const found = lstatSync(path);
      if (found.isDirectory()) {
        return adopt(parent, base, found.mode, this.#asRoot);
      }
      this.#remove(parent, base, entry);
      mkdirSync(path, privateDirectory);
    }
    return parent.addChild(base);
  }

  #setDirectoryAttributes(directory: KnownDirectory, entry: TarEntry): void {
    setOwner(directory.path, entry, this.#asRoot);
    directory.attributes = { mode: permissions(entry), times: timesOf(entry) };
  }

  #makeOpaque(directory: KnownDirectory, entry: TarEntry): void {
    this.#debug(`removing contents of ${displayName(directory.path)}`, entry);
    emptyLower(directory, this.#layer);
    if (!directory.wasItselfWritten(this.#layer)) {
      const path = filePath(directory.path);
      const mode = directory.attributes?.mode ?? lstatSync(path).mode & wholeMode;
      directory.attributes = { mode: mode & permissionBits, times: directory.attributes?.times };
      setOwner(directory.path, entry, this.#asRoot);
    }
  }

  #writeHardLink(parent: KnownDirectory, base: ByteString, entry: TarEntry): void {
    this.#debug(`hardlinking to ${displayName(entry.linkName)}`, entry);
    const link = JSON.stringify(displayName(entry.linkName));
    const parts = cleanParts(entry.linkName);
    const name = parts.pop();
    const directory = resolveDirectory(this.#root, parts, { create: false, asRoot: this.#asRoot });
    const target = directory && name !== undefined ? `${directory.path}/${name}` : undefined;
    if (target === undefined || !lstatSync(filePath(target), { throwIfNoEntry: false })) {
      throw new UserError(`it is a hard link to ${link}, which does not exist`);
    }
    const path = `${parent.path}/${base}`;
    this.#replacing(parent, base, entry, () => linkSync(filePath(target), filePath(path)));
    setSharedOwner(path, entry, this.#asRoot);
  }

  #writeFifo(parent: KnownDirectory, base: ByteString, entry: TarEntry): void {
    const path = `${parent.path}/${base}`;
    removeTree(path);
    parent.forget(base);
    if (makeFifo(path)) {
      setOwner(path, entry, this.#asRoot);
      chmodSync(filePath(path), permissions(entry));
      setOwnTimes(path, entry);
    } else {
      this.#log.warn(`skipping fifo ${displayName(entry.name)}: there is no mkfifo program`);
    }
  }
}
