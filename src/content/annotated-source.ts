// The same image or index with more annotations: its root is a new one, everything below it is unchanged.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { encodeIndex, parseIndex } from '../oci/image-index.ts';
import { encodeManifest, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';
import type { ContentNode, ContentSource } from './content-graph.ts';

/** Docker's types have no annotations: their documents become those of OCI, which say the same. */
const ociTypes: Readonly<Record<string, string>> = {
  [mediaTypes.dockerManifest]: mediaTypes.ociManifest,
  [mediaTypes.dockerManifestList]: mediaTypes.ociIndex,
  [mediaTypes.dockerConfig]: mediaTypes.ociConfig,
  [mediaTypes.dockerLayerGzip]: mediaTypes.ociLayerGzip,
  [mediaTypes.dockerLayerTar]: mediaTypes.ociLayerTar,
  [mediaTypes.dockerForeignLayer]: mediaTypes.ociForeignLayerGzip,
};

/** A source whose root has these annotations as well. The root is not known before it was read. */
export function annotatedSource(
  source: ContentSource,
  annotations: Readonly<Record<string, string>>,
): ContentSource {
  return {
    name: source.name,
    root: undefined,
    async *nodes(present) {
      let last: ContentNode | undefined;
      // The old root is not published: whether it is there does not matter.
      for await (const node of source.nodes(async (descriptor, kind) =>
        descriptor.digest === source.root?.digest ? false : present(descriptor, kind),
      )) {
        if (last) {
          yield last;
        }
        last = node;
      }
      if (last) {
        yield await annotate(last, annotations);
      }
    },
  };
}

async function annotate(root: ContentNode, more: Readonly<Record<string, string>>): Promise<ContentNode> {
  const bytes = await buffer(await root.open());
  const { descriptor, kind } = root;
  const mediaType = ociType(descriptor.mediaType);
  const where = `${kind} ${descriptor.digest}`;
  const encoded = kind === 'index' ? annotatedIndex() : annotatedManifest();
  return {
    kind,
    descriptor: { mediaType, size: encoded.length, digest: digestOf(encoded) },
    open: async () => Readable.from([encoded]),
  };

  function annotatedIndex(): Uint8Array {
    const { manifests, annotations } = parseIndex(bytes, where);
    return encodeIndex({ mediaType, manifests, annotations: { ...annotations, ...more } });
  }
  function annotatedManifest(): Uint8Array {
    const manifest = parseManifest(bytes, where);
    return encodeManifest({
      ...manifest,
      mediaType,
      config: withOciType(manifest.config),
      layers: manifest.layers.map(withOciType),
      annotations: { ...manifest.annotations, ...more },
    });
  }
}

function withOciType(descriptor: Descriptor): Descriptor {
  return { ...descriptor, mediaType: ociType(descriptor.mediaType) };
}

function ociType(mediaType: string): string {
  return ociTypes[mediaType] ?? mediaType;
}
