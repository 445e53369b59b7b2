// Media types of manifests, configs and layers (OCI "Media Types", Docker Image Manifest V2), and what each one means.

/** The media types that are known by name. */
export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayerTar: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  ociForeignLayerTar: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  ociForeignLayerGzip: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  dockerManifestSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerManifestSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayerTar: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
} as const;

/**
 * The `Accept` header of a manifest request. Some registries serve the first type that they have, so schema 1, which
 * cannot be pulled, comes last: it lets `check` find images that have nothing else.
 */
export const acceptedManifests: string = [
  mediaTypes.dockerManifest,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.ociIndex,
  mediaTypes.dockerManifestSchema1Signed,
  mediaTypes.dockerManifestSchema1,
].join(',');

/** A media type without parameters such as `; charset=utf-8`. */
export function withoutParameters(mediaType: string): string {
  return (mediaType.split(';', 1)[0] ?? '').trim();
}

/** Whether the type is an OCI index or a Docker manifest list. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerManifestList;
}

/** Whether the type is an image manifest of OCI or of Docker schema 2. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociManifest || mediaType === mediaTypes.dockerManifest;
}

/** Whether the type is that of the config of an image, and not that of an artifact. */
export function isImageConfigType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociConfig || mediaType === mediaTypes.dockerConfig;
}

/** Whether the type is a Docker schema 1 manifest, which is never parsed. */
export function isSchema1Type(mediaType: string): boolean {
  return (
    mediaType === mediaTypes.dockerManifestSchema1 || mediaType === mediaTypes.dockerManifestSchema1Signed
  );
}

/** Whether a layer of this type must not be pushed: "nondistributable" in OCI, "foreign" in Docker. */
export function isForeignLayerType(mediaType: string): boolean {
  return (
    mediaType === mediaTypes.dockerForeignLayer ||
    mediaType === mediaTypes.ociForeignLayerTar ||
    mediaType === mediaTypes.ociForeignLayerGzip
  );
}

/** Whether a layer of this type is a tar archive without compression. */
export function isUncompressedLayerType(mediaType: string): boolean {
  return (
    mediaType === mediaTypes.ociLayerTar ||
    mediaType === mediaTypes.ociForeignLayerTar ||
    mediaType === mediaTypes.dockerLayerTar
  );
}
