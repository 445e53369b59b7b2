// The manifest.json of a `docker save` tarball, and how the layers that it names are pushed.
import { UserError } from '../errors.ts';
import { type Descriptor, parseDescriptor } from '../oci/descriptor.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { isJsonObject, type JsonObject, member, parseJson } from '../oci/json.ts';
import { isForeignLayerType } from '../oci/media-type.ts';

/** The one image of a tarball: the names of its entries, layers from the bottom. */
export interface ArchivedImage {
  readonly config: string;
  readonly layers: readonly string[];
  /** Descriptors of layers by diff id. */
  readonly layerSources: ReadonlyMap<Digest, Descriptor>;
}

/** A layer that manifest.json lists. */
export interface ListedLayer {
  /** The entry that holds it. */
  readonly path: string;
  /** The digest that the config has for its plain content. */
  readonly diffId: Digest;
  /** The descriptor of the tarball for the layer as it is stored. */
  readonly described?: Descriptor;
  /** Whether the layer must not be pushed: its descriptor is used, and the tarball need not have it. */
  readonly foreign: boolean;
}

/** The image of a manifest.json. More or less than one, and members of a wrong type, are a {@link UserError}. */
export function parseArchiveManifest(bytes: Uint8Array, where: string): ArchivedImage {
  const document = firstValue(Buffer.from(bytes).toString());
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
 * The layers of manifest.json with the diff ids of the config, in order. Throws a {@link UserError} unless there is one
 * diff id for each layer.
 */
export function listLayers(image: ArchivedImage, diffIds: readonly Digest[]): ListedLayer[] {
  const { layers, layerSources } = image;
  if (layers.length !== diffIds.length) {
    throw new UserError(
      `manifest.json names ${layers.length} layer(s) but the config has ${diffIds.length} diff id(s)`,
      { hint: 'this may not be an image that can run: for example an artifact, or the cache of a build' },
    );
  }
  return diffIds.map((diffId, position) => {
    const described = layerSources.get(diffId);
    return {
      path: layers[position] ?? '',
      diffId,
      ...(described ? { described } : {}),
      foreign: described !== undefined && isForeignLayerType(described.mediaType),
    };
  });
}

/** The first array or object of a document; undefined when it is not JSON. Go's decoder reads no further, whatever follows. */
function firstValue(text: string): unknown {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      at += character === '\\' ? 1 : 0;
      quoted = character !== '"';
    } else if (character === '"') {
      quoted = true;
    } else if (character === '[' || character === '{') {
      depth += 1;
    } else if (character === ']' || character === '}') {
      depth -= 1;
      if (depth <= 0) {
        return parseJson(text.slice(0, at + 1));
      }
    }
  }
  return parseJson(text);
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
