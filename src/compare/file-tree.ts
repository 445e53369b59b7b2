// The file tree that layers make, without writing it: names, links and whiteouts are read as `in` unpacks them.
import { UserError } from '../errors.ts';
import { maximumSymlinks } from '../limits.ts';
import { quoteName } from '../tar/byte-string.ts';
import { cleanParts } from '../tar/entry-path.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { isAufsMetadata, parseWhiteout, type Whiteout } from '../tar/whiteout-name.ts';

/** A file of any kind. */
export interface FileRecord {
  readonly kind: TarEntry['type'];
  readonly mode: number;
  readonly owner: string;
  readonly size: number;
  /** The target of a symbolic link, or the digest of the content of a file. */
  readonly content: string;
  /** Seconds since the epoch. */
  readonly modified: number;
}

/** A name in an archive that was resolved: its last part, and the path of the directory that it is in, without links. */
interface Place {
  readonly parent: string;
  readonly base: string;
}

/** The files of the layers that were applied, and those of the layer that is read. */
export class FileTree {
  /** By path, without a slash at the beginning. */
  readonly files = new Map<string, FileRecord>();
  /** The contents of lists of packages by path. */
  readonly lists = new Map<string, Buffer>();
  readonly #added = new Map<string, FileRecord>();
  readonly #addedLists = new Map<string, Buffer>();
  /** The files that hard links of AUFS share; they are no part of the image. */
  readonly #shared = new Map<string, FileRecord>();
  /** Directories as entries name them, and their paths without links: a layer has many files in each. */
  readonly #directories = new Map<string, string>();
  readonly #removed = new Set<string>();
  readonly #opaque = new Set<string>();

  /** The path of an entry, without links in it. Throws a UserError for a name that leads out of the root. */
  pathOf(name: string): string {
    const end = name.lastIndexOf('/') + 1;
    const base = name.slice(end);
    if (!isPart(base) || base === '..') {
      return pathIn(this.#resolve(name, (path) => this.#current(path)));
    }
    const directory = name.slice(0, end);
    let parent = this.#directories.get(directory);
    if (parent === undefined) {
      ({ parent } = this.#resolve(name, (path) => this.#current(path)));
      this.#directories.set(directory, parent);
    }
    return pathIn({ parent, base });
  }

  /** Adds an entry of the layer that is read, and its content where that is a list of packages. */
  add(entry: TarEntry, digest: string, list: Buffer | undefined): void {
    if (!entry.name.includes('.wh.')) {
      this.#addPlain(entry, digest, list);
      return;
    }
    const parts = cleanParts(entry.name);
    const whiteout = parseWhiteout(parts.at(-1) ?? '');
    if (isAufsMetadata(parts)) {
      this.#shared.set(parts.join('/'), recordOf(entry, digest));
    } else if (whiteout) {
      this.#whiteout(parts, whiteout);
    } else {
      this.#addPlain(entry, digest, list);
    }
  }

  /** Applies the layer to those below it: its whiteouts first, whatever their order. */
  finishLayer(): void {
    this.#remove(this.#removed, this.#opaque);
    const replaced = new Set<string>();
    for (const [path, { kind }] of this.#added) {
      if (kind !== 'directory' && this.files.get(path)?.kind === 'directory') {
        replaced.add(path);
      }
    }
    this.#remove(replaced, new Set());
    for (const [path, record] of this.#added) {
      this.files.set(path, record);
      this.lists.delete(path);
    }
    for (const [path, list] of this.#addedLists) {
      this.lists.set(path, list);
    }
    this.#directories.clear();
    for (const each of [this.#added, this.#addedLists, this.#shared, this.#removed, this.#opaque]) {
      each.clear();
    }
  }

  /** Adds what is neither a whiteout nor metadata. The root itself is left out. */
  #addPlain(entry: TarEntry, digest: string, list: Buffer | undefined): void {
    if (entry.type === 'hardlink') {
      this.#link(entry);
      return;
    }
    const path = this.pathOf(entry.name);
    if (path !== '') {
      this.#set(path, recordOf(entry, digest), list);
    }
  }

  #set(path: string, record: FileRecord, list: Buffer | undefined): void {
    if (record.kind === 'symlink' || this.#current(path)?.kind === 'symlink') {
      this.#directories.clear();
    }
    if (record.kind !== 'directory' && this.#added.get(path)?.kind === 'directory') {
      for (const below of this.#added.keys()) {
        if (below.startsWith(`${path}/`)) {
          this.#added.delete(below);
          this.#addedLists.delete(below);
        }
      }
    }
    this.#added.set(path, record);
    this.#addedLists.delete(path);
    if (list) {
      this.#addedLists.set(path, list);
    }
  }

  #link({ name, linkName }: TarEntry): void {
    const shared = cleanParts(linkName).join('/');
    const to = this.pathOf(linkName);
    const target = this.#shared.get(shared) ?? this.#current(to);
    if (!target) {
      throw new UserError(`the hard link ${quoteName(name)} leads to a file that is not there`);
    }
    this.#set(this.pathOf(name), target, this.#addedLists.get(to) ?? this.lists.get(to));
  }

  /** A link of this layer hides what lower layers have: then there is nothing to remove, wherever it leads to. */
  #whiteout(parts: readonly string[], whiteout: Whiteout): void {
    let isHidden = false;
    const place = this.#resolve(parts.join('/'), (path) => {
      isHidden ||= this.#added.get(path)?.kind === 'symlink';
      return isHidden ? undefined : this.files.get(path);
    });
    if (isHidden) {
      return;
    }
    if (whiteout.kind === 'opaque') {
      this.#opaque.add(place.parent);
    } else {
      this.#removed.add(pathIn({ ...place, base: whiteout.name }));
      this.#directories.clear();
    }
  }

  #current(path: string): FileRecord | undefined {
    return this.#added.get(path) ?? (this.#removed.has(path) ? undefined : this.files.get(path));
  }

  /** Links in the path of a name are followed as if the root of the image were that of the file system. */
  #resolve(name: string, find: (path: string) => FileRecord | undefined): Place {
    const parts = cleanParts(name);
    const base = parts.pop() ?? '';
    const pending = parts.reverse();
    const here: string[] = [];
    let links = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === '..') {
        here.pop();
        continue;
      }
      here.push(part);
      const found = find(here.join('/'));
      if (found?.kind === 'symlink') {
        if (++links > maximumSymlinks) {
          throw new UserError(`too many symbolic links in the path of ${quoteName(name)}`);
        }
        here.pop();
        if (found.content.startsWith('/')) {
          here.length = 0;
        }
        pending.push(...found.content.split('/').filter(isPart).reverse());
      }
    }
    return { parent: here.join('/'), base };
  }

  /** Removes `paths` with everything below them, and everything below `below`. */
  #remove(paths: ReadonlySet<string>, below: ReadonlySet<string>): void {
    if (paths.size === 0 && below.size === 0) {
      return;
    }
    for (const path of this.files.keys()) {
      if (paths.has(path) || ancestors(path).some((above) => paths.has(above) || below.has(above))) {
        this.files.delete(path);
        this.lists.delete(path);
      }
    }
  }
}

function recordOf(
  { type, mode, userId, groupId, size, linkName, modified }: TarEntry,
  digest: string,
): FileRecord {
  return {
    kind: type,
    mode: mode & 0o7777,
    owner: `${userId}:${groupId}`,
    size: type === 'file' ? size : 0,
    content: type === 'symlink' ? linkName : type === 'file' ? digest : '',
    modified: modified.seconds,
  };
}

function isPart(part: string): boolean {
  return part !== '' && part !== '.';
}

function pathIn({ parent, base }: Place): string {
  return parent === '' ? base : `${parent}/${base}`;
}

/** Every directory above a path, the root (an empty string) last. */
function ancestors(path: string): string[] {
  const above: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    above.push(path.slice(0, end));
  }
  return [...above, ''];
}
