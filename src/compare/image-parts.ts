// Reads what is compared of a source: the config and the layers of each image, by platform.
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type ContentNode, type ContentSource, contentKind } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import { maximumIndexDepth } from '../limits.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseDiffIds } from '../oci/image-config.ts';
import { parseIndex } from '../oci/image-index.ts';
import { isJsonObject, type JsonObject, parseJson } from '../oci/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isImageConfigType } from '../oci/media-type.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';

/** One image: its config as it is stored, and its layers, bottom-up. */
export interface ImageParts {
  readonly config: JsonObject;
  /** The config in errors. */
  readonly configName: string;
  /** Whether the layers make a file tree; those of an artifact, such as a Helm chart, have any format. */
  readonly hasFiles: boolean;
  readonly layers: readonly LayerParts[];
  /** Whether the config lists a diff id for each layer. */
  readonly hasDiffIds: boolean;
  /** What an artifact is, by its manifest or else its config; undefined for an image. */
  readonly artifactType: string | undefined;
}

/** One layer. */
export interface LayerParts {
  readonly digest: Digest;
  /** In bytes, as it is stored. */
  readonly size: number;
  /** The digest of the uncompressed layer; undefined where the config does not list one for each layer. */
  readonly diffId: Digest | undefined;
  /** The layer as it is stored; undefined for a nondistributable layer, which a source need not have. */
  readonly open: (() => Promise<Readable>) | undefined;
}

/** The images of an index by platform, or the one image under an empty name. */
export type ImagesByPlatform = ReadonlyMap<string, ImageParts>;

/** Marks what BuildKit attests of an image, which is about a build and not an image of its own. */
const attestationMark = ['vnd.docker.reference.type', 'attestation-manifest'] as const;

/** Reads the documents of a source. Layers are opened later, by whoever compares files. Throws a UserError. */
export async function readImages(source: ContentSource): Promise<ImagesByPlatform> {
  const nodes = new Map<Digest, ContentNode>();
  let root: ContentNode | undefined;
  for await (const node of source.nodes(async () => false)) {
    nodes.set(node.descriptor.digest, node);
    root = node;
  }
  const images = new Map<string, ImageParts>();
  if (root) {
    await addImages(root.descriptor, undefined, 0);
  }
  return images;

  async function addImages(
    descriptor: Descriptor,
    platform: Platform | undefined,
    depth: number,
  ): Promise<void> {
    const kind = contentKind(descriptor.mediaType);
    const where = `${kind} ${descriptor.digest}`;
    if (kind === 'manifest') {
      images.set(freeName(platform ? formatPlatform(platform) : ''), await readImage(descriptor, where));
    } else if (kind === 'index') {
      if (depth >= maximumIndexDepth) {
        throw new UserError(`${where} is below more than ${maximumIndexDepth} levels of indexes`);
      }
      for (const entry of parseIndex(await read(descriptor, where), where).manifests) {
        const [annotation, mark] = attestationMark;
        if (entry.annotations?.[annotation] !== mark) {
          await addImages(entry, entry.platform, depth + 1);
        }
      }
    }
  }

  function freeName(name: string): string {
    let free = name;
    for (let number = 2; images.has(free); number++) {
      free = `${name} (${number})`;
    }
    return free;
  }

  async function readImage(descriptor: Descriptor, where: string): Promise<ImageParts> {
    const manifest = parseManifest(await read(descriptor, where), where);
    const configName = `config ${manifest.config.digest}`;
    const bytes = await read(manifest.config, configName);
    const config = parseJson(bytes);
    if (!isJsonObject(config)) {
      throw new UserError(`${configName} is not a JSON object`);
    }
    const diffIds = parseDiffIds(bytes, configName);
    const isComplete = diffIds.length === manifest.layers.length;
    const isImage = isImageConfigType(manifest.config.mediaType);
    return {
      config,
      configName,
      hasFiles: isComplete || isImage,
      hasDiffIds: isComplete,
      artifactType:
        isImage || diffIds.length > 0 ? undefined : manifest.artifactType || manifest.config.mediaType,
      layers: manifest.layers.map(({ digest, size }, position) => {
        const node = nodes.get(digest);
        return {
          digest,
          size,
          diffId: isComplete ? diffIds[position] : undefined,
          open: node && (() => node.open()),
        };
      }),
    };
  }

  async function read({ digest }: Descriptor, where: string): Promise<Uint8Array> {
    const node = nodes.get(digest);
    if (!node) {
      throw new UserError(`${source.name} does not have ${where}`);
    }
    return await buffer(await node.open());
  }
}
