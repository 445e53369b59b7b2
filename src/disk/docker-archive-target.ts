// A `docker save` tarball as the place where one image goes: layers as they were served, not unpacked.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import { maximumDiskDocument } from '../limits.ts';
import { type Descriptor, descriptorJson } from '../oci/descriptor.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { encodeJson, type JsonValue } from '../oci/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isForeignLayerType, isUncompressedLayerType, mediaTypes } from '../oci/media-type.ts';
import { endOfArchive, entryHeader, padding } from '../tar/entry-header.ts';
import type { DiskTarget } from './disk-target.ts';
import { onDisk, writeContent } from './write-content.ts';

/** Where a tarball is written as long as it is not whole. */
export function partialArchive(path: string): string {
  return `${path}.partial`;
}

type Content = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * A tarball at `path` for one image, which tools load under the name `repoTag`. It shows up there when it is whole,
 * and replaces what lies there. The config comes before the layers, and these bottom-up. The bytes are those that
 * go-containerregistry's tarball.Write makes.
 */
export function dockerArchiveTarget(path: string, repoTag: string): DiskTarget {
  const partial = partialArchive(path);
  const written = new Set<string>();
  let file: FileHandle | undefined;
  let config: Uint8Array | undefined;

  const append = async (name: string, size: number, content: Content) => {
    if (!file) {
      file = await onDisk(partial, async () => {
        await rm(partial, { recursive: true, force: true });
        return await open(partial, 'wx', 0o666);
      });
    }
    await writeContent(file, partial, [entryHeader({ name, size })]);
    await writeContent(file, partial, content);
    await writeContent(file, partial, [padding(size)]);
    written.add(name);
  };

  const finish = async () => {
    if (file) {
      await writeContent(file, partial, [endOfArchive]);
      await file.close();
      file = undefined;
      await onDisk(path, async () => {
        await rm(path, { recursive: true, force: true });
        await rename(partial, path);
      });
    }
  };

  return {
    order: 'listed',
    has: async () => false,
    async write({ descriptor, part, open: openContent }) {
      if (part === 'config') {
        if (descriptor.size > maximumDiskDocument) {
          throw new UserError(`config ${descriptor.digest} is too large: ${descriptor.size} bytes`);
        }
        config = await buffer(await openContent());
        await append(descriptor.digest, config.length, [config]);
      } else {
        await append(layerName(descriptor), descriptor.size, await openContent());
      }
    },
    async publish({ digest }, bytes) {
      const manifest = parseManifest(bytes, `manifest ${digest}`);
      if (!config) {
        throw new Error('a content source must give the config of an image');
      }
      // A layer that is listed again under another type has arrived under the first.
      const names = manifest.layers.map((layer) =>
        layerName(manifest.layers.find((first) => first.digest === layer.digest) ?? layer),
      );
      for (const [position, layer] of manifest.layers.entries()) {
        const name = names[position] ?? '';
        // Content that is config and layer at once, as in artifacts, arrives once but has two names here.
        if (layer.digest === manifest.config.digest && !written.has(name)) {
          await append(name, config.length, [config]);
        }
      }
      const { diffIds } = parseImageConfig(config, `config ${manifest.config.digest}`);
      const document = Buffer.from(
        encodeJson([
          {
            Config: manifest.config.digest,
            RepoTags: [repoTag],
            Layers: names,
            LayerSources: layerSources(manifest.layers, diffIds),
          },
        ]),
      );
      await append('manifest.json', document.length, [document]);
      await finish();
    },
    async close() {
      await file?.close();
      file = undefined;
      await onDisk(partial, () => rm(partial, { force: true }));
    },
  };
}

function layerName({ mediaType, digest }: Descriptor): string {
  const extension =
    mediaType === mediaTypes.ociLayerZstd
      ? '.tar.zst'
      : isUncompressedLayerType(mediaType)
        ? '.tar'
        : '.tar.gz';
  return `${digestHex(digest)}${extension}`;
}

/** The descriptors of layers that a registry may not have, by diff id; nothing where there is none. */
function layerSources(
  layers: readonly Descriptor[],
  diffIds: readonly Digest[],
): ReadonlyMap<string, JsonValue> | undefined {
  const sources: [string, JsonValue][] = [];
  for (const layer of layers) {
    if (isForeignLayerType(layer.mediaType)) {
      const diffId = diffIds[layers.findIndex(({ digest }) => digest === layer.digest)];
      if (diffId === undefined) {
        throw new UserError(`the config has no diff id for the layer ${layer.digest}`);
      }
      sources.push([diffId, descriptorJson(layer)]);
    }
  }
  return sources.length > 0 ? new Map(sources.sort(([a], [b]) => (a < b ? -1 : 1))) : undefined;
}
