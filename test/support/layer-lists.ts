// The images that cosign keeps under a tag, with layers of any content: written without the code under test.
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { type Document, descriptorOf, jsonDocument } from './images.ts';
import type { SeedTarget } from './registry.ts';

/** A layer of a list, and what the list says of it. */
export interface ListLayer {
  readonly content: Buffer;
  readonly descriptor: {
    readonly mediaType: string;
    readonly size: number;
    readonly digest: `sha256:${string}`;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** A layer as a signature has it; `signature` stands in its annotation. */
export function listLayer(payload: string, signature = `signature of ${payload}`): ListLayer {
  const content = Buffer.from(payload);
  return {
    content,
    descriptor: {
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      size: content.length,
      digest: digestOf(content),
      annotations: { 'dev.cosignproject.cosign/signature': signature },
    },
  };
}

/** Puts a list with its layers under a tag of a repository; returns its manifest. */
export function seedList(
  target: SeedTarget,
  repository: string,
  tag: string,
  layers: readonly ListLayer[],
  more: object = {},
): Document {
  const config = jsonDocument(mediaTypes.ociConfig, {
    architecture: '',
    os: '',
    rootfs: { type: 'layers', diff_ids: layers.map(({ descriptor }) => descriptor.digest) },
    config: {},
  });
  for (const bytes of [config.bytes, ...layers.map(({ content }) => content)]) {
    target.putBlob(repository, bytes);
  }
  const manifest = jsonDocument(mediaTypes.ociManifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(config),
    layers: layers.map(({ descriptor }) => descriptor),
    ...more,
  });
  target.putManifest(repository, tag, manifest.mediaType, manifest.bytes);
  return manifest;
}
