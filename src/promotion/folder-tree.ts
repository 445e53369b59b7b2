// Finds the files of one name in a tree of folders: bounded, and never through a link that leads out of it.
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { errorCode, systemReason } from '../errors.ts';
import { maximumTreeDepth, maximumTreeEntries } from '../limits.ts';

/** A file that was looked for. */
export interface FoundFile {
  readonly path: string;
  /** The names of the folders that lead to it from the top of the tree. */
  readonly folders: readonly string[];
}

/** What was found in a tree of folders. */
export interface FolderTree {
  /** The names of the folders at the top, in order. */
  readonly folders: readonly string[];
  readonly files: readonly FoundFile[];
  /** What could not be read, and links that lead out of the tree. */
  readonly faults: readonly { readonly path: string; readonly message: string }[];
}

/**
 * Looks for files named `fileName` in the folder `top` of a directory. Names that begin with a dot are ignored. A symbolic
 * link may lead to anywhere in the directory, as in a mounted ConfigMap of Kubernetes.
 */
export async function findFiles(directory: string, top: string, fileName: string): Promise<FolderTree> {
  const search = new FolderSearch(directory, fileName);
  await search.read(join(directory, top), []);
  return search;
}

class FolderSearch implements FolderTree {
  readonly folders: string[] = [];
  readonly files: FoundFile[] = [];
  readonly faults: { readonly path: string; readonly message: string }[] = [];
  readonly #directory: string;
  readonly #fileName: string;
  #root: string | undefined;
  #entries = 0;

  constructor(directory: string, fileName: string) {
    this.#directory = directory;
    this.#fileName = fileName;
  }

  async read(path: string, folders: readonly string[]): Promise<void> {
    for (const entry of await this.#list(path, folders)) {
      const { name } = entry;
      const entryPath = join(path, name);
      const isFolder = entry.isSymbolicLink() ? await this.#followLink(entryPath, name) : entry.isDirectory();
      if (isFolder) {
        if (folders.length === 0) {
          this.folders.push(name);
        }
        await this.read(entryPath, [...folders, name]);
      } else if (isFolder === false && name === this.#fileName) {
        this.files.push({ path: entryPath, folders });
      }
    }
  }

  async #list(path: string, folders: readonly string[]): Promise<Dirent[]> {
    if (folders.length > maximumTreeDepth) {
      this.#fault(path, `folders are nested more than ${maximumTreeDepth} levels deep`);
      return [];
    }
    if (this.#entries > maximumTreeEntries) {
      return [];
    }
    try {
      const entries = await readdir(path, { withFileTypes: true });
      this.#entries += entries.length;
      if (this.#entries > maximumTreeEntries) {
        this.#fault(path, `the directory has more than ${maximumTreeEntries} files and folders`);
        return [];
      }
      return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      this.#fault(path, listFault(error));
      return [];
    }
  }

  /** Whether the link leads to a folder; undefined when it must not be followed, or leads nowhere. */
  async #followLink(path: string, name: string): Promise<boolean | undefined> {
    try {
      const isFolder = (await stat(path)).isDirectory();
      this.#root ??= join(await realpath(this.#directory), sep);
      const isInside = (await realpath(path)).startsWith(this.#root);
      if (!isInside && (isFolder || name === this.#fileName)) {
        this.#fault(path, `the symbolic link leads out of ${this.#directory}`);
        return undefined;
      }
      return isFolder;
    } catch (error) {
      if (name === this.#fileName) {
        this.#fault(path, `the symbolic link cannot be followed: ${systemReason(error)}`);
      }
      return undefined;
    }
  }

  #fault(path: string, message: string): void {
    this.faults.push({ path, message });
  }
}

function listFault(error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOENT':
      return 'the folder does not exist';
    case 'ENOTDIR':
      return 'it is not a folder';
    default:
      return `the folder cannot be read: ${systemReason(error)}`;
  }
}
