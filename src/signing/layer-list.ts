// The images that cosign keeps under a tag: lists of layers, such as the signatures of a digest, to which signers append.
import { Readable } from 'node:stream';
import {
  type ContentDocument,
  type ContentTarget,
  contentKind,
  type TaggedTarget,
} from '../content/content-graph.ts';
import { isStillOn } from '../content/tag-state.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { encodeJson, type JsonValue, sortedMap } from '../oci/json.ts';
import { encodeManifest, type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { isImageConfigType, mediaTypes } from '../oci/media-type.ts';

/** How often a list is changed again when other clients replace it at the same time. */
const attempts = 3;

/** What is kept of a list, beside its layers, when layers are appended to it. */
export type LayerList = Pick<ImageManifest, 'config' | 'layers' | 'annotations'> & {
  readonly mediaType: string;
};

/** The list that a document is; undefined for anything else than the manifest of an image: an index, an artifact, a referrer. */
export function layerList({ bytes, mediaType }: ContentDocument): LayerList | undefined {
  if (contentKind(mediaType) !== 'manifest') {
    return undefined;
  }
  let manifest: ImageManifest;
  try {
    manifest = parseManifest(bytes, 'manifest');
  } catch (error) {
    if (error instanceof UserError) {
      return undefined;
    }
    throw error;
  }
  const isImage = isImageConfigType(manifest.config.mediaType);
  const isBare = manifest.subject === undefined && manifest.artifactType === undefined;
  return isImage && isBare ? { ...manifest, mediaType } : undefined;
}

/** The layers that a list lacks. Layers with one content and different annotations, such as signatures of a payload, are two. */
export function missingLayers(
  layers: readonly Descriptor[],
  held: readonly Descriptor[],
): readonly Descriptor[] {
  const known = new Set(held.map(layerKey));
  return layers.filter((layer) => !known.has(layerKey(layer)));
}

function layerKey({ mediaType, digest, annotations = {} }: Descriptor): string {
  return JSON.stringify([mediaType, digest, ...sortedMap(annotations)]);
}

/**
 * Appends layers, whose content is there, to the list under a tag; those it has stay first and unchanged, and none is added
 * twice. Returns the digest of the list. Throws what the registry said, and a UserError when the tag is on something else than a
 * list, and when others replace it again and again.
 */
export async function appendLayers(
  target: TaggedTarget,
  tag: string,
  layers: readonly Descriptor[],
): Promise<Digest> {
  for (let attempt = 0; ; attempt++) {
    const held = await target.readTag(tag);
    const list = held && layerList(held);
    if (held && !list) {
      throw new UserError(`the tag ${tag} is on ${held.digest}, which is no image that cosign appends to`, {
        hint: 'sign with the format bundle, or remove the tag',
      });
    }
    const missing = missingLayers(layers, list?.layers ?? []);
    if (held && missing.length === 0) {
      return held.digest;
    }
    if (attempt === attempts) {
      throw new UserError(`the tag ${tag} is replaced by another client again and again`);
    }
    const bytes = await extended(target, list, missing);
    const root = {
      mediaType: list?.mediaType ?? mediaTypes.ociManifest,
      size: bytes.length,
      digest: digestOf(bytes),
    };
    const [current] = await target.currentTags([tag]);
    // What another client did meanwhile is read first. One that read the tag before may replace it after this: read again.
    if (current && isStillOn(current.now, held?.digest)) {
      await target.publishTagged(root, bytes, [current]);
    }
  }
}

/** A manifest with the config that cosign writes beside its payloads: that of an image without a platform. */
async function extended(
  target: ContentTarget,
  list: LayerList | undefined,
  missing: readonly Descriptor[],
): Promise<Uint8Array> {
  const layers = [...(list?.layers ?? []), ...missing];
  const created = '0001-01-01T00:00:00Z';
  const config: JsonValue = {
    architecture: '',
    created,
    history: layers.map(() => ({ created })),
    os: '',
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    config: {},
  };
  const configType = list?.config.mediaType ?? mediaTypes.ociConfig;
  return encodeManifest({
    mediaType: list?.mediaType ?? mediaTypes.ociManifest,
    config: await storeBlob(target, Buffer.from(encodeJson(config)), configType),
    layers,
    ...(list?.annotations ? { annotations: list.annotations } : {}),
  });
}

/** Stores small content, unless it is there; returns its descriptor. */
export async function storeBlob(
  target: ContentTarget,
  bytes: Uint8Array,
  mediaType: string,
): Promise<Descriptor> {
  const descriptor = { mediaType, size: bytes.length, digest: digestOf(bytes) };
  if (!(await target.has(descriptor, 'blob'))) {
    await target.write({ descriptor, kind: 'blob', open: async () => Readable.from([bytes]) });
  }
  return descriptor;
}
