// The blobs of an OCI layout: each is whole under its name or not there, and what an earlier run left is kept if right.
import { createHash } from 'node:crypto';
import { lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ContentNode } from '../content/content-graph.ts';
import { childrenOf, type GraphNode } from '../content/graph-source.ts';
import { UserError } from '../errors.ts';
import { maximumDiskDocument } from '../limits.ts';
import { type Digest, digestHex, finishDigest } from '../oci/digest.ts';
import { readContent } from './file-range.ts';
import { blobDirectory, blobPath } from './layout-paths.ts';
import { onDisk, writeContent } from './write-content.ts';

/** The blobs of one layout while it is written. */
export interface LayoutStore {
  /** Whether the content is there with the right bytes, and everything below it too. */
  has(node: GraphNode): Promise<boolean>;
  /** Writes content under a temporary name and renames it at its end. */
  write(node: ContentNode): Promise<void>;
  /** Removes every file that was neither found nor written here. */
  prune(): Promise<void>;
  /** Ends what is being written, and lets nothing begin any more. */
  close(): Promise<void>;
}

/**
 * The blobs of the layout in `directory`, which is made. `whole` are the digests that need not be read again, because
 * they were found or written before; those of this store are added.
 */
export function layoutStore(directory: string, whole: Set<Digest>): LayoutStore {
  const wanted = new Set<Digest>();
  const streams = new Set<Readable>();
  const writing = new Set<Promise<void>>();
  let made: Promise<void> | undefined;
  let closed = false;

  const keep = (digest: Digest) => {
    whole.add(digest);
    wanted.add(digest);
  };

  const has = async ({ descriptor, kind }: GraphNode): Promise<boolean> => {
    const { digest, size } = descriptor;
    const path = blobPath(directory, digest);
    const info = await lstat(path).catch(() => undefined);
    if (
      !info?.isFile() ||
      info.size !== size ||
      !(whole.has(digest) || (await digestOfFile(path)) === digest)
    ) {
      return false;
    }
    if (kind !== 'blob') {
      if (size > maximumDiskDocument) {
        return false;
      }
      for (const child of childrenOf(kind, await readFile(path), `${kind} ${digest}`)) {
        if (!(await has(child))) {
          return false;
        }
      }
    }
    keep(digest);
    return true;
  };

  const prepare = () => {
    made ??= makeDirectories(directory);
    return made;
  };

  const writeFrom = async (node: ContentNode, content: Readable) => {
    const path = blobPath(directory, node.descriptor.digest);
    const partial = `${path}.partial`;
    await prepare();
    const file = await onDisk(partial, async () => {
      await rm(path, { recursive: true, force: true });
      await rm(partial, { recursive: true, force: true });
      return await open(partial, 'wx', modeOf(node));
    });
    try {
      await writeContent(file, partial, content);
    } finally {
      await file.close();
    }
    await onDisk(path, () => rename(partial, path));
    keep(node.descriptor.digest);
  };

  return {
    has,
    async write(node) {
      const content = await node.open();
      if (closed) {
        content.destroy();
        throw new UserError('the copy was given up');
      }
      // Whoever closes ends streams that nobody reads at that moment.
      content.on('error', () => {});
      streams.add(content);
      const written = writeFrom(node, content).finally(() => {
        content.destroy();
        streams.delete(content);
        writing.delete(written);
      });
      writing.add(written);
      await written;
    },
    async prune() {
      await prepare();
      const blobs = blobDirectory(directory);
      const names = new Set([...wanted].map(digestHex));
      await removeOthers(directory, new Set(['blobs']));
      await removeOthers(dirname(blobs), new Set(['sha256']));
      await removeOthers(blobs, names);
    },
    async close() {
      closed = true;
      for (const stream of streams) {
        stream.destroy(new UserError('the copy was given up'));
      }
      await Promise.allSettled(writing);
    },
  };
}

/** As upstream's layouts have them, before the umask. */
function modeOf({ kind, part }: ContentNode): number {
  return part === 'layer' ? 0o600 : kind === 'index' ? 0o777 : 0o666;
}

/** What is there instead of one of the directories, a link to one too, is replaced. */
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

async function removeOthers(directory: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!names.has(name)) {
      const path = join(directory, name);
      await onDisk(path, () => rm(path, { recursive: true }));
    }
  }
}

async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of readContent(path)) {
    hash.update(chunk);
  }
  return finishDigest(hash);
}
