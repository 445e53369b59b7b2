// Reads the file tree of an image from its layers: attributes and digests of contents, and the lists of packages.
import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { decompress } from '../compression/decompress.ts';
import { UserError } from '../errors.ts';
import { maximumPackageList } from '../limits.ts';
import { ArchiveReader } from '../tar/archive-reader.ts';
import { displayName } from '../tar/byte-string.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { type FileRecord, FileTree } from './file-tree.ts';
import type { LayerParts } from './image-parts.ts';
import { isPackageList } from './package-lists.ts';

/** The files of an image by path, without a slash at the beginning, and the content of its lists of packages. */
export interface ImageFiles {
  readonly files: ReadonlyMap<string, FileRecord>;
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

async function readLayer(stored: Readable, tree: FileTree, signal?: AbortSignal): Promise<void> {
  const archive = new ArchiveReader(new EntryReader(tree));
  for await (const chunk of decompress(stored)) {
    signal?.throwIfAborted();
    archive.push(chunk);
  }
  archive.finish();
  tree.finishLayer();
}

/** Hashes the content of each entry of one layer, and keeps that of a list of packages. */
class EntryReader {
  readonly #tree: FileTree;
  #current: { readonly entry: TarEntry; readonly hash: Hash } | undefined;
  #kept: Buffer[] | undefined;
  #keptSize = 0;

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  begin(entry: TarEntry): void {
    this.#current = { entry, hash: createHash('sha256') };
    this.#kept = entry.type === 'file' && isPackageList(this.#tree.pathOf(entry.name)) ? [] : undefined;
    this.#keptSize = 0;
  }

  content(bytes: Buffer): void {
    this.#current?.hash.update(bytes);
    if (this.#kept) {
      this.#keptSize += bytes.length;
      if (this.#keptSize > maximumPackageList) {
        const name = displayName(this.#current?.entry.name ?? '');
        throw new UserError(`the list of packages ${name} is too large`);
      }
      this.#kept.push(Buffer.from(bytes));
    }
  }

  end(): void {
    if (this.#current) {
      const { entry, hash } = this.#current;
      this.#tree.add(entry, `sha256:${hash.digest('hex')}`, this.#kept && Buffer.concat(this.#kept));
    }
  }
}
