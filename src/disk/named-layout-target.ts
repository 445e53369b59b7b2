// An OCI layout as the target of a copy that adds to it: images with names, and what is attached to them.
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { contentKind, type TaggedTarget } from '../content/content-graph.ts';
import type { CurrentTag } from '../content/tag-state.ts';
import { UserError } from '../errors.ts';
import { type Descriptor, parseDescriptor } from '../oci/descriptor.ts';
import { isDigest } from '../oci/digest.ts';
import { isJsonObject, type JsonObject, parseJson } from '../oci/json.ts';
import { mediaTypes } from '../oci/media-type.ts';
import { type DiskTarget, writeWhole } from './disk-writes.ts';
import { indexFile, layoutFile } from './layout-paths.ts';
import { readListed } from './layout-reader.ts';
import { layoutContent, layoutStore } from './layout-store.ts';
import { nameOfEntry, refName } from './named-layout.ts';
import { whileLocked } from './path-lock.ts';
import { readSmallFile } from './regular-file.ts';

/** Before the umask, as other tools write them. */
const fileMode = 0o666;

/**
 * A layout in `directory`, which is created, or keeps what it has. Tags are the names of its entries; a name that moves is
 * taken from the image that had it, which stays. Content that is there is not written again when its digest is right.
 * Several writers at once, also in other processes, lose nothing of each other.
 */
export function namedLayoutTarget(directory: string): DiskTarget & TaggedTarget {
  const store = layoutStore(directory, new Set());
  const indexPath = join(directory, indexFile);
  /** Changes the entries as they are at that moment: other writers of the layout change them, too. */
  const changeEntries = (change: (entries: readonly JsonObject[]) => readonly JsonObject[]) =>
    store.run(() =>
      whileLocked(indexPath, async () => {
        const index = await readIndex(indexPath);
        const layout = Buffer.from('{"imageLayoutVersion":"1.0.0"}');
        await writeWhole(join(directory, layoutFile), fileMode, [layout]);
        const changed = { ...index, manifests: change(index.manifests) };
        await writeWhole(indexPath, fileMode, [Buffer.from(JSON.stringify(changed))]);
      }),
    );

  const writeRoot = async (descriptor: Descriptor, bytes: Uint8Array) => {
    const kind = contentKind(descriptor.mediaType);
    await store.write({ descriptor, kind, open: async () => Readable.from([bytes]) });
  };

  return {
    ...layoutContent(directory, store),
    async publish(root, bytes) {
      await writeRoot(root, bytes);
      await changeEntries((entries) => {
        const isListed = entries.some(({ digest }) => digest === root.digest);
        return isListed ? entries : [...entries, entryOf(root)];
      });
    },
    async currentTags(tags) {
      const { manifests } = await readIndex(indexPath);
      return tags.map((tag): CurrentTag => {
        const digest = manifests.find((entry) => nameOf(entry) === tag)?.digest;
        return { tag, now: isDigest(digest) ? { state: 'found', digest } : { state: 'missing' } };
      });
    },
    async readTag(tag) {
      const { manifests } = await readIndex(indexPath);
      const entry = manifests.find((each) => nameOf(each) === tag);
      if (!entry) {
        return undefined;
      }
      const descriptor = parseDescriptor(entry, `${indexPath}: ${tag}`);
      const kind = contentKind(descriptor.mediaType) === 'index' ? 'index' : 'manifest';
      const { bytes } = await readListed(directory, descriptor, kind);
      return { ...descriptor, bytes };
    },
    async publishTagged(root, bytes, tags) {
      await writeRoot(root, bytes);
      const names = new Set(tags.map(({ tag }) => tag));
      await changeEntries((entries) => {
        const kept = entries.flatMap((entry) => {
          const isTaken = names.has(nameOf(entry) ?? '');
          const isUnnamed = isTaken || nameOf(entry) === undefined;
          if (isUnnamed && entry.digest === root.digest) {
            return [];
          }
          return isTaken ? withoutName(entry, entries) : [entry];
        });
        return [...kept, ...[...names].map((tag) => entryOf(root, tag))];
      });
    },
    close: store.close,
  };
}

/** An index whose entries are objects. */
type LayoutIndex = JsonObject & { readonly manifests: readonly JsonObject[] };

async function readIndex(path: string): Promise<LayoutIndex> {
  const content = await readSmallFile(path);
  if (!content) {
    return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] };
  }
  const index = parseJson(content);
  if (!isJsonObject(index) || !Array.isArray(index.manifests)) {
    throw new UserError(`${path} is not the index of an OCI layout`, {
      hint: 'name another directory, or remove what is in this one',
    });
  }
  return { ...index, manifests: index.manifests.filter(isJsonObject) };
}

function entryOf(descriptor: Descriptor, name?: string): JsonObject {
  const { mediaType, size, digest, artifactType } = descriptor;
  const annotations = { ...descriptor.annotations, ...(name === undefined ? {} : { [refName]: name }) };
  return {
    mediaType,
    digest,
    size,
    ...(artifactType ? { artifactType } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
}

function nameOf({ annotations }: JsonObject): string | undefined {
  return isJsonObject(annotations) ? nameOfEntry(annotations) : undefined;
}

/** The entry without its name; nothing when the image is listed another time. */
function withoutName(entry: JsonObject, all: readonly JsonObject[]): JsonObject[] {
  if (all.some((other) => other !== entry && other.digest === entry.digest)) {
    return [];
  }
  const annotations = isJsonObject(entry.annotations) ? Object.entries(entry.annotations) : [];
  const others = annotations.filter(([key]) => nameOfEntry({ [key]: 'name' }) === undefined);
  const { annotations: _, ...bare } = entry;
  return [others.length > 0 ? { ...bare, annotations: Object.fromEntries(others) } : bare];
}
