// The file tree that the layers of an image make, without writing it: attributes and digests of contents.
import { createHash, type Hash } from 'node:crypto';
import { decompress } from '../compression/decompress.ts';
import { UserError } from '../errors.ts';
import { maximumPackageList } from '../limits.ts';
import { ArchiveReader } from '../tar/archive-reader.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import type { LayerParts } from './image-parts.ts';
import { isPackageList } from './package-lists.ts';

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

/** The files of an image by path, without a slash at the beginning, and the content of its lists of packages. */
export interface ImageFiles {
  readonly tree: ReadonlyMap<string, FileRecord>;
  readonly lists: ReadonlyMap<string, Buffer>;
}

/** Reads all layers, the lowest first. Throws a UserError that names the layer. */
export async function readFiles(layers: readonly LayerParts[], signal?: AbortSignal): Promise<ImageFiles> {
  const tree = new FileTree();
  for (const { digest, open } of layers) {
    signal?.throwIfAborted();
    if (open) {
      try {
        await readLayer(await open(), tree, signal);
      } catch (cause) {
        signal?.throwIfAborted();
        throw new UserError(`reading the files of layer ${digest}`, { cause });
      }
    }
  }
  return tree;
}

async function readLayer(
  stored: Parameters<typeof decompress>[0],
  tree: FileTree,
  signal?: AbortSignal,
): Promise<void> {
  const layer = tree.beginLayer();
  const archive = new ArchiveReader(layer);
  for await (const chunk of decompress(stored)) {
    signal?.throwIfAborted();
    archive.push(chunk);
  }
  archive.finish();
  layer.apply();
}

class FileTree implements ImageFiles {
  readonly tree = new Map<string, FileRecord>();
  readonly lists = new Map<string, Buffer>();

  beginLayer(): LayerReader {
    return new LayerReader(this);
  }

  /** Removes `paths` with everything below them, and everything below `below`. */
  remove(paths: ReadonlySet<string>, below: ReadonlySet<string>): void {
    if (paths.size === 0 && below.size === 0) {
      return;
    }
    for (const path of this.tree.keys()) {
      if (paths.has(path) || ancestors(path).some((above) => paths.has(above) || below.has(above))) {
        this.tree.delete(path);
        this.lists.delete(path);
      }
    }
  }
}

/** Collects the entries of one layer, and applies its whiteouts to the layers below it first, whatever their order. */
class LayerReader {
  readonly #target: FileTree;
  readonly #entries = new Map<string, FileRecord>();
  readonly #lists = new Map<string, Buffer>();
  readonly #removed = new Set<string>();
  readonly #opaque = new Set<string>();
  #current: { readonly entry: TarEntry; readonly path: string; readonly hash: Hash } | undefined;
  #kept: Buffer[] | undefined;
  #keptSize = 0;

  constructor(target: FileTree) {
    this.#target = target;
  }

  begin(entry: TarEntry): void {
    const path = cleanName(entry.name);
    this.#current = { entry, path, hash: createHash('sha256') };
    this.#kept = entry.type === 'file' && isPackageList(path) ? [] : undefined;
    this.#keptSize = 0;
  }

  content(bytes: Buffer): void {
    this.#current?.hash.update(bytes);
    if (this.#kept) {
      this.#keptSize += bytes.length;
      if (this.#keptSize > maximumPackageList) {
        throw new UserError(`the list of packages ${this.#current?.path} is too large`);
      }
      this.#kept.push(Buffer.from(bytes));
    }
  }

  end(): void {
    if (!this.#current || this.#current.path === '') {
      return;
    }
    const { entry, path, hash } = this.#current;
    const base = path.slice(path.lastIndexOf('/') + 1);
    const parent = path.slice(0, Math.max(0, path.length - base.length - 1));
    if (base === '.wh..wh..opq') {
      this.#opaque.add(parent);
    } else if (base.startsWith('.wh.')) {
      this.#removed.add(parent === '' ? base.slice(4) : `${parent}/${base.slice(4)}`);
    } else if (entry.type === 'hardlink') {
      this.#link(path, cleanName(entry.linkName));
    } else {
      this.#entries.set(path, recordOf(entry, hash));
      if (this.#kept) {
        this.#lists.set(path, Buffer.concat(this.#kept));
      }
    }
  }

  #link(path: string, to: string): void {
    const target = this.#entries.get(to) ?? this.#target.tree.get(to);
    if (!target) {
      throw new UserError(`the hard link ${JSON.stringify(path)} leads to a file that is not there`);
    }
    this.#entries.set(path, target);
  }

  apply(): void {
    this.#target.remove(this.#removed, this.#opaque);
    const replaced = new Set<string>();
    for (const [path, record] of this.#entries) {
      if (record.kind !== 'directory' && this.#target.tree.get(path)?.kind === 'directory') {
        replaced.add(path);
      }
    }
    this.#target.remove(replaced, new Set());
    for (const [path, record] of this.#entries) {
      this.#target.tree.set(path, record);
      this.#target.lists.delete(path);
    }
    for (const [path, list] of this.#lists) {
      this.#target.lists.set(path, list);
    }
  }
}

function recordOf(entry: TarEntry, hash: Hash): FileRecord {
  const { type, mode, userId, groupId, size, linkName, modified } = entry;
  return {
    kind: type,
    mode: mode & 0o7777,
    owner: `${userId}:${groupId}`,
    size: type === 'file' ? size : 0,
    content: type === 'symlink' ? linkName : type === 'file' ? `sha256:${hash.digest('hex')}` : '',
    modified: modified.seconds,
  };
}

function cleanName(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Every directory above a path, the root (an empty string) last. */
function ancestors(path: string): string[] {
  const above: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    above.push(path.slice(0, end));
  }
  return [...above, ''];
}
