// The media types and descriptors of the manifest that is made for a `docker save` tarball.
import type { Compression } from '../compression/detect.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { mediaTypes } from '../oci/media-type.ts';
import type { ArchiveLayer } from './archive-layer.ts';
import type { ListedLayer } from './archive-manifest.ts';

/** The media types of a manifest, its config and its layers by compression. */
export interface ManifestTypes {
  readonly manifest: string;
  readonly config: string;
  readonly none: string;
  readonly gzip: string;
  readonly zstd: string;
}

const docker: ManifestTypes = {
  manifest: mediaTypes.dockerManifest,
  config: mediaTypes.dockerConfig,
  none: mediaTypes.dockerLayerTar,
  gzip: mediaTypes.dockerLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

const oci: ManifestTypes = {
  manifest: mediaTypes.ociManifest,
  config: mediaTypes.ociConfig,
  none: mediaTypes.ociLayerTar,
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

const ociTypes: ReadonlyMap<string, string> = new Map([
  [mediaTypes.dockerLayerGzip, mediaTypes.ociLayerGzip],
  [mediaTypes.dockerForeignLayer, mediaTypes.ociForeignLayerGzip],
]);

/** The compressions that media types of layers state. */
const compressions: ReadonlyMap<string, Compression> = new Map([
  [mediaTypes.dockerLayerTar, 'none'],
  [mediaTypes.ociLayerTar, 'none'],
  [mediaTypes.dockerLayerGzip, 'gzip'],
  [mediaTypes.ociLayerGzip, 'gzip'],
  [mediaTypes.ociLayerZstd, 'zstd'],
]);

/** Docker's types, as upstream, but OCI's when a layer is zstd: Docker has no type for it. */
export function manifestTypes(layers: readonly (ArchiveLayer | undefined)[]): ManifestTypes {
  return layers.some((layer) => layer?.compression === 'zstd') ? oci : docker;
}

/** Throws a {@link UserError} when the content of a layer is not what the config and the tarball's descriptor say. */
export function checkLayer({ path, diffId, described }: ListedLayer, layer: ArchiveLayer): void {
  if (layer.diffId !== diffId) {
    throw new UserError(
      `layer ${path} does not match its diff id: its content is ${layer.diffId}, the config has ${diffId}`,
      { hint: 'layers and config are not of the same image: save the image again' },
    );
  }
  if (described && layer.asStored && (described.digest !== layer.digest || described.size !== layer.size)) {
    throw new UserError(
      `layer ${path} does not match "LayerSources": it is ${layer.digest} with ${layer.size} bytes, ` +
        `listed as ${described.digest} with ${described.size} bytes`,
    );
  }
}

/**
 * The descriptor of a layer in the manifest, with the media type of its bytes. The descriptor of the tarball is used for a
 * foreign layer, which has no content here, and for a layer that is pushed as it is stored.
 */
export function layerDescriptor(
  { path, described }: ListedLayer,
  layer: ArchiveLayer | undefined,
  types: ManifestTypes,
): Descriptor {
  if (layer) {
    const { compression, digest, size } = layer;
    const own = { mediaType: types[compression], size, digest };
    if (!described || !layer.asStored) {
      return own;
    }
    const stated = compressions.get(described.mediaType) ?? compression;
    return stated === compression ? inFormat(described, types) : { ...described, mediaType: own.mediaType };
  }
  if (!described) {
    throw new Error(`layer ${path} has neither content nor a descriptor`);
  }
  return inFormat(described, types);
}

function inFormat(described: Descriptor, types: ManifestTypes): Descriptor {
  const mediaType = types === oci ? ociTypes.get(described.mediaType) : undefined;
  return mediaType === undefined ? described : { ...described, mediaType };
}
