// A `docker save` tarball as the target of a copy of one image: layers as they were served, not unpacked.
import { buffer } from 'node:stream/consumers';
import { UserError } from '../errors.ts';
import { maximumDiskDocument } from '../limits.ts';
import { type Descriptor, descriptorJson } from '../oci/descriptor.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { encodeJson, type JsonValue } from '../oci/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isForeignLayerType, isUncompressedLayerType, mediaTypes } from '../oci/media-type.ts';
import { endOfArchive, entryHeader, padding } from '../tar/archive-writer.ts';
import {
  createDiskWrites,
  type DiskTarget,
  openPartial,
  type PartialFile,
  renamePartial,
  writeContent,
} from './disk-writes.ts';

type Content = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * A tarball at `path` for one image, which tools load under the names `repoTags`. It appears there when it is complete,
 * and replaces what was there. The config comes before the layers, which are in order from the bottom. The bytes are
 * those of go-containerregistry's tarball.Write.
 */
export function dockerArchiveTarget(path: string, ...repoTags: readonly string[]): DiskTarget {
  const writes = createDiskWrites();
  const written = new Set<string>();
  let partial: PartialFile | undefined;
  let config: Uint8Array | undefined;

  const append = async (name: string, size: number, content: Content) => {
    partial ??= await openPartial(path, 0o666);
    const { file, path: place } = partial;
    await writeContent(file, place, [entryHeader({ name, size })]);
    await writeContent(file, place, content);
    await writeContent(file, place, [padding(size)]);
    written.add(name);
  };

  const finish = async () => {
    if (partial) {
      await writeContent(partial.file, partial.path, [endOfArchive]);
      await partial.file.close();
      await renamePartial(partial, path);
    }
  };

  return {
    name: path,
    order: 'listed',
    has: async () => false,
    async write({ descriptor, part, open: openContent }) {
      if (part === 'config' && descriptor.size > maximumDiskDocument) {
        throw new UserError(`config ${descriptor.digest} is too large: ${descriptor.size} bytes`);
      }
      const content = await writes.open(openContent);
      await writes.run(async () => {
        if (part === 'config') {
          config = await buffer(content);
          await append(descriptor.digest, config.length, [config]);
        } else {
          await append(layerName(descriptor), descriptor.size, content);
        }
      });
      return 'pushed';
    },
    publish: ({ digest }, bytes) =>
      writes.run(async () => {
        const manifest = parseManifest(bytes, `manifest ${digest}`);
        if (!config) {
          throw new Error('a content source must have the config of an image');
        }
        const names = layerNames(manifest.layers);
        for (const [position, layer] of manifest.layers.entries()) {
          const name = names[position] ?? '';
          // Content that is both config and layer, as in artifacts, is copied once but has two names here.
          if (layer.digest === manifest.config.digest && !written.has(name)) {
            await append(name, config.length, [config]);
          }
        }
        const { diffIds } = parseImageConfig(config, `config ${manifest.config.digest}`);
        const image = {
          Config: manifest.config.digest,
          RepoTags: repoTags,
          Layers: names,
          LayerSources: layerSources(manifest.layers, diffIds),
        };
        const document = Buffer.from(encodeJson([image]));
        await append('manifest.json', document.length, [document]);
        await finish();
      }),
    async close() {
      await writes.close();
      await partial?.close();
      partial = undefined;
    },
  };
}

/** The names of the layers' files. A layer that is listed again under another media type was written under its first. */
function layerNames(layers: readonly Descriptor[]): string[] {
  return layers.map((layer) => layerName(layers.find(({ digest }) => digest === layer.digest) ?? layer));
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

/** The descriptors of foreign layers by diff id; undefined when there is none. */
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
