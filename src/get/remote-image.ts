// An image in a registry: its root manifest or index, and the selection of an image and its config below it.
import { type ContentReader, contentKind, type GraphNode } from '../content/content-graph.ts';
import { type GraphDocuments, graphDocuments } from '../content/graph-documents.ts';
import { type PlatformImage, platformImage } from '../content/platform-image.ts';
import type { Log } from '../log.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type ImageConfig, parseImageConfig } from '../oci/image-config.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import type { ServedManifest } from '../registry/manifest-endpoint.ts';

/** The image in the registry: its root, which was read, and the reader of everything below it. */
export interface RemoteImage {
  readonly root: GraphNode;
  readonly reader: ContentReader;
  readonly documents: GraphDocuments;
}

/** The image with a root that a registry has served; `reader` reads what is below it. */
export function remoteImage(reader: ContentReader, served: ServedManifest): RemoteImage {
  const { bytes, digest } = served;
  const documents = graphDocuments(reader);
  const { mediaType } = documents.keep(digest, served);
  const descriptor = { mediaType, size: bytes.length, digest };
  return { root: { descriptor, kind: contentKind(mediaType) }, reader, documents };
}

/** The image for a platform. Warns when its media type is unknown. */
export async function selectImage(
  { documents, root }: RemoteImage,
  platform: WantedPlatform,
  log: Log,
): Promise<PlatformImage> {
  const image = await platformImage(documents, root, platform);
  if (!image.isDeclared) {
    const { digest, mediaType } = image.node.descriptor;
    log.warn(`${digest} has the unknown media type ${JSON.stringify(mediaType)}; reading it as an image`);
  }
  return image;
}

/** The verified config of an image. */
export async function readConfig({ documents }: RemoteImage, config: Descriptor): Promise<ImageConfig> {
  return parseImageConfig(await documents.config(config), `config ${config.digest}`);
}
