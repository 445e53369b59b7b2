// A `docker save` tarball as a source of content: its manifest is made here, plain layers are compressed.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { detectCompression, signatureLength } from '../compression/detect.ts';
import type { ContentKind, ContentNode, ContentSource } from '../content/content-graph.ts';
import { type ExpectedContent, verifyContent } from '../content/verified-content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, finishDigest } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { encodeManifest } from '../oci/manifest.ts';
import { isForeignLayerType, mediaTypes } from '../oci/media-type.ts';
import { indexArchive } from '../tar/archive-index.ts';
import { type PlannedLayer, parseArchiveManifest, planLayers } from './archive-manifest.ts';
import { entryFinder, type FindEntry } from './archive-names.ts';
import { cleanPath } from './clean-path.ts';
import { readRange, readWholeRange } from './file-range.ts';
import type { LayerSpool } from './layer-spool.ts';
import { noManifestError } from './not-an-image.ts';

/** Observes the plain bytes of a layer while it is compressed: the `number`th of `count`, with `size` bytes. */
export type WatchLayer = (
  plain: AsyncIterable<Uint8Array>,
  layer: { readonly number: number; readonly count: number; readonly size: number },
) => AsyncIterable<Uint8Array>;

/**
 * The one image of the `docker save` tarball that is open as `file` and that messages call `name`; the caller closes file
 * and spool. Everything but plain layers is read and checked now: whatever keeps it from being an image is a
 * {@link UserError}. Plain layers are compressed into the spool, one after the other, when the walk over the graph
 * reaches them.
 */
export async function openDockerArchive(
  { file, name }: { readonly file: FileHandle; readonly name: string },
  spool: LayerSpool,
  options: { readonly watchLayer?: WatchLayer; readonly signal?: AbortSignal | undefined },
): Promise<ContentSource> {
  const { config, plan, find } = await readArchive(file);
  const { signal, watchLayer = (plain) => plain } = options;
  const layers: LayerNode[] = [];
  for (const [position, layer] of plan.entries()) {
    const watch: Watch = (plain, size) =>
      watchLayer(plain, { number: position + 1, count: plan.length, size });
    layers.push(await layerNode(layer, { file, find, spool, watch, signal }));
  }
  const manifest = async () => manifestNode(config.descriptor, await descriptorsOf(layers));
  const known = plan.every(({ form }) => form === 'as-is') ? await manifest() : undefined;
  return {
    name,
    root: known?.descriptor,
    async *nodes(present) {
      if (known && (await present(known.descriptor, known.kind))) {
        yield known;
        return;
      }
      yield config;
      const yielded = new Set<Digest>();
      for (const layer of layers) {
        const node = await layer();
        const { digest, mediaType } = node.descriptor;
        if (!isForeignLayerType(mediaType) && !yielded.has(digest)) {
          yielded.add(digest);
          yield node;
        }
      }
      yield await manifest();
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
  const configBytes = await readWholeRange(file, find(image.config), configName);
  const [first] = image.layers;
  const compressed = first !== undefined && (await isCompressed(file, find, first));
  return {
    config: documentNode(mediaTypes.dockerConfig, 'blob', configBytes),
    plan: planLayers(image, parseImageConfig(configBytes, configName).diffIds, compressed),
    find,
  };
}

async function isCompressed(file: FileHandle, find: FindEntry, layer: string): Promise<boolean> {
  const { offset, size } = find(layer);
  const head = { offset, size: Math.min(size, signatureLength) };
  return detectCompression(await readWholeRange(file, head, `layer ${layer}`)) !== 'none';
}

/** Returns a layer's node; one that is compressed here when it is. */
type LayerNode = () => Promise<ContentNode>;

type Watch = (plain: AsyncIterable<Uint8Array>, size: number) => AsyncIterable<Uint8Array>;

/** What the nodes of all layers have in common. */
interface LayerSurroundings {
  readonly file: FileHandle;
  readonly find: FindEntry;
  readonly spool: LayerSpool;
  readonly watch: Watch;
  readonly signal: AbortSignal | undefined;
}

async function layerNode(
  { path, form, descriptor }: PlannedLayer,
  { file, find, spool, watch, signal }: LayerSurroundings,
): Promise<LayerNode> {
  const what = `layer ${path}`;
  if (descriptor && isForeignLayerType(descriptor.mediaType)) {
    // The tarball need not hold it: a foreign layer is listed but never yielded.
    const node = blobNode(descriptor, () => Readable.from([]), what);
    return async () => node;
  }
  const entry = find(path);
  const content = () => readRange(file, entry, what);
  if (form === 'compress') {
    return async () => {
      const spooled = await spool.compress(path, () => watch(content(), entry.size));
      const whole = { offset: 0, size: spooled.size };
      return blobNode(gzipLayer(spooled), () => Readable.from(readRange(spooled.file, whole, what)), what);
    };
  }
  const stored = descriptor ?? gzipLayer({ size: entry.size, digest: await digestOfAll(content(), signal) });
  const node = blobNode(stored, () => Readable.from(content()), what);
  return async () => node;
}

async function descriptorsOf(layers: readonly LayerNode[]): Promise<Descriptor[]> {
  const nodes = await Promise.all(layers.map((layer) => layer()));
  return nodes.map(({ descriptor }) => descriptor);
}

function gzipLayer({ size, digest }: ExpectedContent): Descriptor {
  return { mediaType: mediaTypes.dockerLayerGzip, size, digest };
}

function manifestNode(config: Descriptor, layers: readonly Descriptor[]): ContentNode {
  const mediaType = mediaTypes.dockerManifest;
  return documentNode(mediaType, 'manifest', encodeManifest({ mediaType, config, layers }));
}

function documentNode(mediaType: string, kind: ContentKind, bytes: Uint8Array): ContentNode {
  const descriptor = { mediaType, size: bytes.length, digest: digestOf(bytes) };
  return { descriptor, kind, open: async () => Readable.from([bytes]) };
}

function blobNode(descriptor: Descriptor, content: () => Readable, what: string): ContentNode {
  return { descriptor, kind: 'blob', open: async () => verifyContent(content(), descriptor, what) };
}

async function digestOfAll(content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of content) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return finishDigest(hash);
}
