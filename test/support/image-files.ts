// Writes images to disk for tests: `docker save` tarballs as several programs write them, and OCI layouts.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { type Document, descriptorOf, type Image, isIndex, jsonDocument, type Root } from './images.ts';
import { directory, file, type Layer, type LayerEntry, symlink, tarOf } from './layers.ts';

/**
 * Who wrote the tarball: `classic` is `docker save` before version 25 (uncompressed layers, each in a directory),
 * `docker25` and later (an OCI layout with a manifest.json beside it), `compressed` as go-containerregistry and
 * this resource's `in` write it (layers as the registry served them).
 */
export type ArchiveLayout = 'classic' | 'docker25' | 'compressed';

/** The bytes of a `docker save` tarball of one image. */
export async function dockerArchive(
  image: Image,
  options: { readonly layout?: ArchiveLayout; readonly tags?: readonly string[] } = {},
): Promise<Buffer> {
  const tags = options.tags ?? ['example.test/team/image:latest'];
  return await tarOf(archiveEntries[options.layout ?? 'classic'](image, tags));
}

const archiveEntries: Readonly<
  Record<ArchiveLayout, (image: Image, tags: readonly string[]) => LayerEntry[]>
> = {
  classic: classicEntries,
  docker25: docker25Entries,
  compressed: compressedEntries,
};

function classicEntries(image: Image, tags: readonly string[]): LayerEntry[] {
  const entries: LayerEntry[] = [];
  const paths: string[] = [];
  const first = new Map<string, string>();
  image.layers.forEach((layer, position) => {
    // A layer's directory is named after its position, so equal layers have different names.
    const id = position.toString(16).padStart(64, '0');
    const known = first.get(layer.diffId);
    entries.push(directory(id), file(`${id}/VERSION`, '1.0'), file(`${id}/json`, JSON.stringify({ id })));
    entries.push(known ? symlink(`${id}/layer.tar`, `../${known}`) : file(`${id}/layer.tar`, layer.tar));
    first.set(layer.diffId, known ?? `${id}/layer.tar`);
    paths.push(`${id}/layer.tar`);
  });
  const config = `${digestHex(image.config.digest)}.json`;
  const repositories = Object.fromEntries(
    tags.map((tag) => [
      tag.slice(0, tag.lastIndexOf(':')),
      { [tag.slice(tag.lastIndexOf(':') + 1)]: paths.at(-1) },
    ]),
  );
  return [
    ...entries,
    file(config, image.config.bytes),
    file('manifest.json', JSON.stringify([{ Config: config, RepoTags: tags, Layers: paths }])),
    file('repositories', JSON.stringify(repositories)),
  ];
}

function docker25Entries(image: Image, tags: readonly string[]): LayerEntry[] {
  const plain = (layer: Layer): Document => ({
    mediaType: mediaTypes.ociLayerTar,
    bytes: layer.tar,
    digest: layer.diffId,
  });
  const layers = image.layers.map(plain);
  const manifest = jsonDocument(mediaTypes.ociManifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(image.config, { mediaType: mediaTypes.ociConfig }),
    layers: layers.map((layer) => descriptorOf(layer)),
  });
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: tags.map((tag) =>
      descriptorOf(manifest, { annotations: { 'io.containerd.image.name': tag } }),
    ),
  };
  const saved = {
    Config: blobPath(image.config),
    RepoTags: tags,
    Layers: layers.map(blobPath),
    LayerSources: Object.fromEntries(layers.map((layer) => [layer.digest, descriptorOf(layer)])),
  };
  const blobs = new Map([image.config, ...layers, manifest].map((blob) => [blob.digest, blob]));
  return [
    directory('blobs'),
    directory('blobs/sha256'),
    ...[...blobs.values()].map((blob) => file(blobPath(blob), blob.bytes)),
    file('index.json', JSON.stringify(index)),
    file('manifest.json', JSON.stringify([saved])),
    file('oci-layout', '{"imageLayoutVersion": "1.0.0"}'),
  ];
}

function compressedEntries(image: Image, tags: readonly string[]): LayerEntry[] {
  const layers = new Map(image.layers.map((layer) => [`${digestHex(layer.digest)}.tar.gz`, layer]));
  const Layers = image.layers.map((layer) => `${digestHex(layer.digest)}.tar.gz`);
  return [
    file(image.config.digest, image.config.bytes),
    ...[...layers].map(([name, layer]) => file(name, layer.bytes)),
    file('manifest.json', JSON.stringify([{ Config: image.config.digest, RepoTags: tags, Layers }])),
  ];
}

/**
 * Writes an OCI layout. An index becomes `index.json` itself unless `nested`; an image is listed by a new one.
 * `tag` is the name under which tools like umoci find a listed root. `singleImageDigest` adds the file by which `in` of this resource says that an image was fetched.
 */
export async function writeOciLayout(
  path: string,
  root: Root,
  options: { readonly nested?: boolean; readonly tag?: string; readonly singleImageDigest?: boolean } = {},
): Promise<void> {
  await mkdir(join(path, 'blobs', 'sha256'), { recursive: true });
  await writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const direct = isIndex(root) && !options.nested;
  const annotations = options.tag ? { 'org.opencontainers.image.ref.name': options.tag } : undefined;
  const listing = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [descriptorOf(root, { annotations })],
  };
  await writeFile(join(path, 'index.json'), direct ? root.bytes : JSON.stringify(listing));
  for (const blob of direct ? root.children.flatMap(contentOf) : contentOf(root)) {
    await writeFile(join(path, blobPath(blob)), blob.bytes);
  }
  if (options.singleImageDigest) {
    await writeFile(join(path, 'single-image-digest'), root.digest);
  }
}

/** A root and everything below it, parents first. */
export function contentOf(root: Root): Document[] {
  return isIndex(root) ? [root, ...root.children.flatMap(contentOf)] : [root, root.config, ...root.layers];
}

function blobPath({ digest }: Pick<Document, 'digest'>): string {
  return `blobs/sha256/${digestHex(digest)}`;
}
