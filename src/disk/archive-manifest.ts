// The manifest.json of a `docker save` tarball, and how the layers that it names are pushed.
import { UserError } from '../errors.ts';
import { type Descriptor, parseDescriptor } from '../oci/descriptor.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { isJsonObject, type JsonObject, member, parseJson } from '../oci/json.ts';
import { isForeignLayerType, isUncompressedLayerType } from '../oci/media-type.ts';

/** The one image of a tarball: the names of its entries, layers from the bottom. */
export interface ArchivedImage {
  readonly config: string;
  readonly layers: readonly string[];
  /** Descriptors of layers by diff id. */
  readonly layerSources: ReadonlyMap<Digest, Descriptor>;
}

/** A layer of the manifest that is pushed: the entry that holds it, and how it is pushed. */
export interface PlannedLayer {
  readonly path: string;
  /** `as-is`: the entry's own bytes; `compress`: its gzip. */
  readonly form: 'as-is' | 'compress';
  /** The descriptor from the tarball, used instead of a computed one. */
  readonly descriptor?: Descriptor;
}

/** The image of a manifest.json. More or less than one, and members of a wrong type, are a {@link UserError}. */
export function parseArchiveManifest(bytes: Uint8Array, where: string): ArchivedImage {
  const document = parseJson(bytes);
  if (document === undefined) {
    throw new UserError(`${where} is not a JSON document`);
  }
  if (!Array.isArray(document)) {
    throw new UserError(`${where} must be a list of images`);
  }
  const [image] = document;
  if (document.length !== 1) {
    throw new UserError(`${where} must contain only a single image: it has ${document.length}`, {
      hint: document.length > 1 ? 'save each image into a tarball of its own' : undefined,
    });
  }
  if (!isJsonObject(image)) {
    throw new UserError(`${where}: an image must be an object`);
  }
  const config = member(image, 'Config') ?? '';
  const layers = member(image, 'Layers') ?? [];
  if (typeof config !== 'string') {
    throw new UserError(`${where}: "Config" must be a string`);
  }
  if (!Array.isArray(layers)) {
    throw new UserError(`${where}: "Layers" must be a list`);
  }
  return {
    config,
    layers: layers.map((path) => layerPath(path, where)),
    layerSources: parseSources(image, where),
  };
}

/**
 * The layers of the manifest that is pushed, as go-containerregistry's tarball.Image makes them. Compressed ones are
 * those that manifest.json lists; uncompressed ones those of the config's diff ids, each with the path at the first
 * position of its diff id. The magic bytes of the first layer decide for all (`compressed`).
 */
export function planLayers(
  image: ArchivedImage,
  diffIds: readonly Digest[],
  compressed: boolean,
): PlannedLayer[] {
  const { layers, layerSources } = image;
  if (compressed ? layers.length > diffIds.length : layers.length < diffIds.length) {
    throw new UserError(
      `manifest.json names ${layers.length} layer(s) but the config has ${diffIds.length} diff id(s)`,
      { hint: 'this may not be an image that can run: for example the cache of a build' },
    );
  }
  if (compressed) {
    return layers.map((path, position) => {
      const diffId = diffIds[position];
      const descriptor = diffId && layerSources.get(diffId);
      return { path, form: 'as-is', ...(descriptor ? { descriptor } : {}) };
    });
  }
  return diffIds.map((diffId) => {
    const path = layers[diffIds.indexOf(diffId)] ?? '';
    const descriptor = layerSources.get(diffId);
    return descriptor && !isPlainLayer(descriptor)
      ? { path, form: 'as-is', descriptor }
      : { path, form: 'compress' };
  });
}

/** Docker 25 and later describe plain layers in `LayerSources` too; these are pushed as gzip nevertheless. */
function isPlainLayer({ mediaType }: Descriptor): boolean {
  return isUncompressedLayerType(mediaType) && !isForeignLayerType(mediaType);
}

/** A null in a list of strings is the empty string, as Go reads it. */
function layerPath(path: unknown, where: string): string {
  if (path !== null && typeof path !== 'string') {
    throw new UserError(`${where}: "Layers" must hold strings`);
  }
  return path ?? '';
}

function parseSources(image: JsonObject, where: string): Map<Digest, Descriptor> {
  const sources = member(image, 'LayerSources') ?? {};
  if (!isJsonObject(sources)) {
    throw new UserError(`${where}: "LayerSources" must be an object`);
  }
  return new Map(
    Object.entries(sources).map(([diffId, value]) => {
      const place = `${where}: LayerSources[${JSON.stringify(diffId)}]`;
      try {
        return [parseDigest(diffId), parseDescriptor(value, place)];
      } catch (cause) {
        throw new UserError(`${where}: bad "LayerSources"`, { cause });
      }
    }),
  );
}
