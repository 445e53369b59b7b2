// A `docker save` tarball as a source of content: its manifest is made here, uncompressed layers are compressed.
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ContentKind, ContentNode, ContentSource } from '../content/content-graph.ts';
import { verifyContent } from '../content/verified-content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { parseDiffIds } from '../oci/image-config.ts';
import { encodeManifest } from '../oci/manifest.ts';
import { isForeignLayerType } from '../oci/media-type.ts';
import { type ArchiveEntry, indexArchive } from '../tar/archive-index.ts';
import { checkLayer, layerDescriptor, manifestTypes } from './archive-descriptor.ts';
import { type ArchiveLayer, readLayer } from './archive-layer.ts';
import { type ListedLayer, listLayers, parseArchiveManifest } from './archive-manifest.ts';
import { entryFinder } from './archive-names.ts';
import { cleanPath } from './clean-path.ts';
import { readWholeRange } from './file-range.ts';
import type { LayerSpool } from './layer-spool.ts';
import { noManifestError } from './not-an-image.ts';

/** Observes the plain bytes of a layer while it is compressed: the `number`th of `count`, with `size` bytes. */
export type WatchLayer = (
  plain: AsyncIterable<Uint8Array>,
  layer: { readonly number: number; readonly count: number; readonly size: number },
) => AsyncIterable<Uint8Array>;

/** How the layers of a tarball are read. */
export interface OpenArchiveOptions {
  readonly watchLayer?: WatchLayer;
  /** Whether plain layers are compressed when nodes are read first, for an image that may turn out to be published. */
  readonly compressLater?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The image of a tarball. */
export interface ArchiveSource extends ContentSource {
  /** The same image before its layers are compressed, where that is done later. */
  readonly plain?: ContentSource;
  /** How many layers were compressed already. */
  readonly keptLayers: number;
}

/**
 * The one image of the `docker save` tarball that is open as `file` and that messages call `name`; the caller closes file
 * and spool. All of it is read and checked now: whatever keeps it from being an image, a layer without its diff id too, is
 * a {@link UserError}. Uncompressed layers are compressed into the spool, with
 * `compressLater` when nodes are read first.
 */
export async function openDockerArchive(
  { file, name }: { readonly file: FileHandle; readonly name: string },
  spool: LayerSpool,
  options: OpenArchiveOptions,
): Promise<ArchiveSource> {
  const { config, listed, find } = await readArchive(file);
  const reading = { ...options, find };
  const layers = await readLayers(file, listed, {
    ...reading,
    spool: options.compressLater ? undefined : spool,
  });
  const source = layersSource(name, config, listed, layers);
  const keptLayers = layers.filter((layer) => layer?.asStored).length;
  if (!layers.some((layer) => layer?.compression === 'none')) {
    return { ...source, keptLayers };
  }
  let compressed: Promise<ContentSource> | undefined;
  const compress = async () =>
    layersSource(name, config, listed, await readLayers(file, listed, { ...reading, spool }));
  return {
    name,
    plain: source,
    keptLayers,
    async *nodes(present) {
      compressed ??= compress();
      yield* (await compressed).nodes(present);
    },
  };
}

/** The image of these layers, with a manifest that is made for them. */
function layersSource(
  name: string,
  config: Uint8Array,
  listed: readonly ListedLayer[],
  layers: readonly (ArchiveLayer | undefined)[],
): ContentSource {
  const types = manifestTypes(layers);
  const configNode = documentNode(types.config, 'blob', config);
  const nodes = listed.map((each, position) => {
    const layer = layers[position];
    return layerNode(layerDescriptor(each, layer, types), layer, `layer ${each.path}`);
  });
  const content = { config: configNode.descriptor, layers: nodes.map(({ descriptor }) => descriptor) };
  const document = encodeManifest({ mediaType: types.manifest, ...content });
  const manifest = documentNode(types.manifest, 'manifest', document);
  return {
    name,
    root: manifest.descriptor,
    async *nodes(present) {
      if (!(await present(manifest.descriptor, manifest.kind))) {
        yield configNode;
        const yielded = new Set<Digest>();
        for (const node of nodes) {
          const { digest, mediaType } = node.descriptor;
          if (!isForeignLayerType(mediaType) && !yielded.has(digest)) {
            yielded.add(digest);
            yield node;
          }
        }
      }
      yield manifest;
    },
  };
}

async function readArchive(file: FileHandle) {
  const entries = await indexArchive(file, 'the file');
  if (!entries.some(({ name }) => cleanPath(name) === 'manifest.json')) {
    throw noManifestError(entries.map(({ name }) => name));
  }
  const find = entryFinder(entries);
  const manifest = await readWholeRange(file, find('manifest.json'), 'manifest.json');
  const image = parseArchiveManifest(manifest, 'manifest.json');
  const configName = `config ${image.config}`;
  const config = await readWholeRange(file, find(image.config), configName);
  return { config, listed: listLayers(image, parseDiffIds(config, configName)), find };
}

/** The content of the layers, each entry read once; nothing for foreign layers, which the tarball need not have. */
async function readLayers(
  file: FileHandle,
  listed: readonly ListedLayer[],
  { find, spool, watchLayer = (plain) => plain, signal }: ReadLayersOptions,
): Promise<readonly (ArchiveLayer | undefined)[]> {
  const entries = listed.map(({ path, foreign }) => (foreign ? undefined : find(path)));
  const read = new Map<ArchiveEntry, ArchiveLayer>();
  const layers: (ArchiveLayer | undefined)[] = [];
  for (const [position, each] of listed.entries()) {
    const entry = entries[position];
    const watched = { number: position + 1, count: listed.length, size: entry?.size ?? 0 };
    const watch = (plain: AsyncIterable<Uint8Array>) => watchLayer(plain, watched);
    const layer =
      entry && (read.get(entry) ?? (await readLayer(file, entry, { name: each.path, spool, watch, signal })));
    if (entry && layer) {
      checkLayer(each, layer);
      read.set(entry, layer);
    }
    layers.push(layer);
  }
  return layers;
}

interface ReadLayersOptions extends OpenArchiveOptions {
  readonly find: (name: string) => ArchiveEntry;
  /** Without one, plain layers stay plain. */
  readonly spool: LayerSpool | undefined;
}

function documentNode(mediaType: string, kind: ContentKind, bytes: Uint8Array): ContentNode {
  const descriptor = { mediaType, size: bytes.length, digest: digestOf(bytes) };
  return { descriptor, kind, open: async () => Readable.from([bytes]) };
}

function layerNode(descriptor: Descriptor, layer: ArchiveLayer | undefined, what: string): ContentNode {
  const open = async () => {
    const content = layer?.open() ?? Readable.from([]);
    // The tarball may have changed since it was read. The file of a layer that was compressed here is this process's own.
    const isOwn = layer?.asStored === false && layer.compression !== 'none';
    return isOwn ? content : verifyContent(content, descriptor, what);
  };
  return { descriptor, kind: 'blob', open };
}
