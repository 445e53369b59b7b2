// Builds images for tests: config, manifest and index of layers, written without the code under test.
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { buildLayer, type ImageFormat, type Layer, type LayerEntry, testTime } from './layers.ts';
import type { SeedTarget } from './registry.ts';

/** A document with its digest. */
export interface Document {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly digest: Digest;
}

/** An index entry's platform, in the keys of the OCI image index. */
export interface EntryPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** An image: its manifest, and the content that the manifest points at. */
export interface Image extends Document {
  readonly config: Document;
  readonly layers: readonly Layer[];
  /** What an index says about it. */
  readonly entry: {
    readonly platform?: EntryPlatform;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** An index and everything that it lists. */
export interface Index extends Document {
  readonly children: readonly Root[];
}

/** What a tag can point at. */
export type Root = Image | Index;

/** What an image consists of; by default an OCI image for linux/amd64. */
export interface ImageOptions {
  readonly format?: ImageFormat;
  /** Layers, the lowest first; a list of entries becomes a gzip layer. */
  readonly layers?: readonly (Layer | readonly LayerEntry[])[];
  readonly platform?: EntryPlatform;
  /** The `config` member of the image config: `Env`, `User`, `Entrypoint`, `Cmd`, `Labels` and so on. */
  readonly run?: Readonly<Record<string, unknown>>;
  readonly created?: string;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** More members of the manifest (`subject`, `artifactType`). */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Annotations of the entry in an index. */
  readonly entryAnnotations?: Readonly<Record<string, string>>;
}

/** Whether a root is an index. */
export function isIndex(root: Root): root is Index {
  return 'children' in root;
}

/** A document from a JSON value. */
export function jsonDocument(mediaType: string, value: unknown): Document {
  const bytes = Buffer.from(JSON.stringify(value));
  return { mediaType, bytes, digest: digestOf(bytes) };
}

/** The descriptor of a document or layer. */
export function descriptorOf({ mediaType, bytes, digest }: Document, more: object = {}) {
  return { mediaType, size: bytes.length, digest, ...more };
}

/** Builds an image from its parts. */
export async function buildImage(options: ImageOptions = {}): Promise<Image> {
  const { format = 'oci', platform = { os: 'linux', architecture: 'amd64' } } = options;
  const layers: Layer[] = [];
  for (const layer of options.layers ?? []) {
    layers.push('digest' in layer ? layer : await buildLayer(layer, { format }));
  }
  const config = jsonDocument(format === 'oci' ? mediaTypes.ociConfig : mediaTypes.dockerConfig, {
    created: options.created ?? testTime.toISOString(),
    ...platform,
    config: options.run ?? {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map((_, position) => ({
      created: options.created ?? testTime.toISOString(),
      created_by: `layer ${position}`,
    })),
  });
  const mediaType = format === 'oci' ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
  const manifest = jsonDocument(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: descriptorOf(config),
    layers: layers.map((layer) => descriptorOf(layer)),
    annotations: options.annotations,
    ...options.manifest,
  });
  const annotations = options.entryAnnotations;
  return { ...manifest, config, layers, entry: { platform, ...(annotations ? { annotations } : {}) } };
}

/** Builds an index of images and indexes, in order. */
export function buildIndex(
  children: readonly Root[],
  options: { readonly format?: ImageFormat; readonly annotations?: Readonly<Record<string, string>> } = {},
): Index {
  const mediaType = options.format === 'docker' ? mediaTypes.dockerManifestList : mediaTypes.ociIndex;
  const document = jsonDocument(mediaType, {
    schemaVersion: 2,
    mediaType,
    manifests: children.map((child) => descriptorOf(child, isIndex(child) ? {} : child.entry)),
    annotations: options.annotations,
  });
  return { ...document, children };
}

/** What BuildKit adds beside an image: a manifest of in-toto statements for the platform `unknown/unknown`. */
export async function attestationOf(image: Image): Promise<Image> {
  const statement = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v0.2',
      subject: [{ name: 'test', digest: { sha256: image.digest.slice('sha256:'.length) } }],
      predicate: {},
    }),
  );
  return await buildImage({
    layers: [await buildLayer(statement, { compression: 'none', mediaType: 'application/vnd.in-toto+json' })],
    platform: { os: 'unknown', architecture: 'unknown' },
    entryAnnotations: {
      'vnd.docker.reference.digest': image.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
  });
}

/** The empty image of upstream's tests: 115 bytes of config, 264 of manifest. */
export function emptyImage(): Image {
  const config = jsonDocument(mediaTypes.dockerConfig, {
    architecture: '',
    created: '0001-01-01T00:00:00Z',
    os: '',
    rootfs: { type: 'layers', diff_ids: null },
    config: {},
  });
  const manifest = jsonDocument(mediaTypes.dockerManifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: descriptorOf(config),
    layers: [],
  });
  return { ...manifest, config, layers: [], entry: {} };
}

/** Puts an image or an index with everything below it into a registry, and tags it if `tag` is defined. */
export function seed(target: SeedTarget, repository: string, tag: string | undefined, root: Root): void {
  if (isIndex(root)) {
    for (const child of root.children) {
      seed(target, repository, undefined, child);
    }
  } else {
    for (const { bytes } of [root.config, ...root.layers]) {
      target.putBlob(repository, bytes);
    }
  }
  target.putManifest(repository, tag, root.mediaType, root.bytes);
}
