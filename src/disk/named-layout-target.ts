// An OCI layout as the target of a copy that adds to it: images with names, and what is attached to them.
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { contentKind, type TaggedTarget } from '../content/content-graph.ts';
import type { CurrentTag } from '../content/tag-state.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest } from '../oci/digest.ts';
import { isJsonObject, type JsonObject, parseJson } from '../oci/json.ts';
import { mediaTypes } from '../oci/media-type.ts';
import { type DiskTarget, writeWhole } from './disk-writes.ts';
import { indexFile, layoutFile } from './layout-paths.ts';
import { layoutStore } from './layout-store.ts';
import { nameOfEntry, refName } from './named-layout.ts';
import { readSmallFile } from './regular-file.ts';

/** Before the umask, as other tools write them. */
const fileMode = 0o666;

/**
 * A layout in `directory`, which is created, or keeps what it has. Tags are the names of its entries; a name that moves is
 * taken from the image that had it, which stays. Content that is there is not written again when its digest is right.
 */
export function namedLayoutTarget(directory: string): DiskTarget & TaggedTarget {
  const store = layoutStore(directory, new Set());
  const indexPath = join(directory, indexFile);
  let loaded: Promise<JsonObject> | undefined;
  let entries: readonly JsonObject[] = [];

  const load = async () => {
    loaded ??= readIndex(indexPath);
    const { manifests } = await loaded;
    if (entries.length === 0 && Array.isArray(manifests)) {
      entries = manifests.filter(isJsonObject);
    }
    return entries;
  };

  const writeIndex = async (next: readonly JsonObject[]) => {
    const index = { ...(await loaded), manifests: next };
    await store.run(async () => {
      await writeWhole(join(directory, layoutFile), fileMode, [
        Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
      ]);
      await writeWhole(indexPath, fileMode, [Buffer.from(JSON.stringify(index))]);
    });
    entries = next;
  };

  const writeRoot = async (descriptor: Descriptor, bytes: Uint8Array) => {
    const kind = contentKind(descriptor.mediaType);
    await store.write({ descriptor, kind, open: async () => Readable.from([bytes]) });
  };

  return {
    name: directory,
    order: 'any',
    has: (descriptor, kind) => store.has({ descriptor, kind }),
    async write(node) {
      await store.write(node);
      return 'pushed';
    },
    async publish(root, bytes) {
      const before = await load();
      await writeRoot(root, bytes);
      const isListed = before.some(({ digest }) => digest === root.digest);
      await writeIndex(isListed ? before : [...before, entryOf(root)]);
    },
    async currentTags(tags) {
      const before = await load();
      return tags.map((tag): CurrentTag => {
        const digest = before.find((entry) => nameOf(entry) === tag)?.digest;
        return { tag, now: isDigest(digest) ? { state: 'found', digest } : { state: 'missing' } };
      });
    },
    async publishTagged(root, bytes, tags) {
      const before = await load();
      await writeRoot(root, bytes);
      const names = new Set(tags.map(({ tag }) => tag));
      const kept = before.flatMap((entry) => {
        const isTaken = names.has(nameOf(entry) ?? '');
        const isUnnamed = isTaken || nameOf(entry) === undefined;
        if (isUnnamed && entry.digest === root.digest) {
          return [];
        }
        return isTaken ? withoutName(entry, before) : [entry];
      });
      await writeIndex([...kept, ...[...names].map((tag) => entryOf(root, tag))]);
    },
    close: store.close,
  };
}

async function readIndex(path: string): Promise<JsonObject> {
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
  return index;
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
