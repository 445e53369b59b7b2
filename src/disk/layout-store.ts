// Writing the blobs of an OCI layout: each has its name only when it is complete; right ones of an earlier run are kept.
import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { beginDigest, digested } from '../content/content-digest.ts';
import type { ContentNode, ContentTarget, GraphNode } from '../content/content-graph.ts';
import { childrenOf } from '../content/graph-source.ts';
import { UserError } from '../errors.ts';
import { maximumManifest } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import { createDiskWrites, onDisk, writeWhole } from './disk-writes.ts';
import { readContent } from './file-range.ts';
import { blobDirectory, blobPath } from './layout-paths.ts';

/** The blobs of one layout while it is written. */
export interface LayoutStore {
  /** Whether the content is there with the right bytes, and everything below it too. */
  has(node: GraphNode): Promise<boolean>;
  /** Writes content under a temporary name, and renames it when it is complete. */
  write(node: ContentNode): Promise<void>;
  /** Runs a write of another file of the layout. */
  run(write: () => Promise<void>): Promise<void>;
  /**
   * Removes every file that was neither found nor written here. Throws a UserError when one that was is not there any more.
   */
  prune(): Promise<void>;
  /** Ends the writes under way and removes what they left; nothing can be written any more. */
  close(): Promise<void>;
}

/** How a target that writes into the layout in `directory` takes what is below the root. */
export function layoutContent(
  directory: string,
  store: LayoutStore,
): Pick<ContentTarget, 'name' | 'order' | 'has' | 'write'> {
  return {
    name: directory,
    order: 'any',
    has: (descriptor, kind) => store.has({ descriptor, kind }),
    async write(node) {
      await store.write(node);
      return 'pushed';
    },
  };
}

/**
 * The blobs of the layout in `directory`, which is created. `whole` holds the digests that need not be verified again,
 * because they were found or written before; those of this store are added.
 */
export function layoutStore(directory: string, whole: Set<Digest>): LayoutStore {
  const wanted = new Map<Digest, Descriptor>();
  // Manifests and indexes with something missing below them. Their parents are not there either.
  const incomplete = new Set<Digest>();
  // Manifests and indexes that are there with everything below them.
  const complete = new Set<Digest>();
  const writes = createDiskWrites();
  let made: Promise<void> | undefined;

  const keep = ({ descriptor, kind }: GraphNode) => {
    whole.add(descriptor.digest);
    incomplete.delete(descriptor.digest);
    if (kind !== 'blob') {
      complete.add(descriptor.digest);
    }
    wanted.set(descriptor.digest, descriptor);
  };

  /** Whether the file has the right bytes; what was found or written here is not read again. */
  const isWhole = async ({ digest, size }: Descriptor): Promise<boolean> => {
    const path = blobPath(directory, digest);
    return (
      (await isFileOfSize(path, size)) && (whole.has(digest) || (await digestOfFile(path, size)) === digest)
    );
  };

  /** The children to look at, undefined when the node is not there; none of a node that is known with all below it. */
  const childrenToCheck = async ({ descriptor, kind }: GraphNode): Promise<GraphNode[] | undefined> => {
    const { digest, size } = descriptor;
    if (incomplete.has(digest) || !(await isWhole(descriptor))) {
      return undefined;
    }
    if (kind === 'blob' || complete.has(digest)) {
      return [];
    }
    return size > maximumManifest
      ? undefined
      : childrenOf(kind, await readFile(blobPath(directory, digest)), `${kind} ${digest}`);
  };

  // Iterative, because indexes may nest deep; each node is looked at once, however many list it.
  const has = async (root: GraphNode): Promise<boolean> => {
    await prepare();
    const path: { readonly node: GraphNode; readonly children: GraphNode[] }[] = [];
    let next: GraphNode | undefined = root;
    for (;;) {
      if (next) {
        const children = await childrenToCheck(next);
        if (!children) {
          for (const { node } of path) {
            incomplete.add(node.descriptor.digest);
          }
          return false;
        }
        path.push({ node: next, children: children.reverse() });
      }
      const current = path.at(-1);
      if (!current) {
        return true;
      }
      next = current.children.pop();
      if (!next) {
        path.pop();
        keep(current.node);
      }
    }
  };

  const prepare = () => {
    made ??= makeDirectories(directory);
    return made;
  };

  const writeFrom = async (node: ContentNode, content: Readable) => {
    await prepare();
    await writeWhole(blobPath(directory, node.descriptor.digest), modeOf(node), content);
    keep(node);
  };

  return {
    has,
    async write(node) {
      const content = await writes.open(node.open);
      await writes.run(() => writeFrom(node, content).finally(() => content.destroy()));
    },
    run: writes.run,
    async prune() {
      await prepare();
      const blobs = blobDirectory(directory);
      const names = new Set([...wanted.keys()].map(digestHex));
      await removeOthers(directory, new Set(['blobs']));
      await removeOthers(dirname(blobs), new Set(['sha256']));
      await removeOthers(blobs, names);
      for (const { digest, size } of wanted.values()) {
        if (!(await isFileOfSize(blobPath(directory, digest), size))) {
          throw new UserError(
            `${blobPath(directory, digest)} was changed or removed while the layout was written`,
            {
              hint: 'only one get at a time may write to a directory',
            },
          );
        }
      }
    },
    close: writes.close,
  };
}

/** The modes of upstream's layouts, before the umask. */
function modeOf({ kind, part }: ContentNode): number {
  return part === 'layer' ? 0o600 : kind === 'index' ? 0o777 : 0o666;
}

/** Whatever is in the place of one of the directories is replaced, also a link to a directory. */
async function makeDirectories(layout: string): Promise<void> {
  const blobs = blobDirectory(layout);
  for (const path of [layout, dirname(blobs), blobs]) {
    await onDisk(path, async () => {
      const info = await lstat(path).catch(() => undefined);
      if (info && !info.isDirectory()) {
        await rm(path);
      }
      await mkdir(path, { recursive: true });
    });
  }
}

async function isFileOfSize(path: string, size: number): Promise<boolean> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isFile() === true && info.size === size;
}

async function removeOthers(directory: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!names.has(name)) {
      const path = join(directory, name);
      await onDisk(path, () => rm(path, { recursive: true }));
    }
  }
}

async function digestOfFile(path: string, size: number): Promise<Digest> {
  const digest = beginDigest(size);
  for await (const _ of digested(readContent(path), digest)) {
    // Only its digest counts.
  }
  return await digest.finish();
}
