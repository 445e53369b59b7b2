// Images on disk as sources and destinations of copies: OCI layouts with what is attached to images, and tarballs.
import { realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  type ContentNode,
  type ContentReader,
  contentKind,
  type GraphNode,
  type TaggedTarget,
} from '../content/content-graph.ts';
import { childrenOf } from '../content/graph-source.ts';
import type { DiskTarget } from '../disk/disk-writes.ts';
import { dockerArchiveTarget } from '../disk/docker-archive-target.ts';
import { blobDirectory } from '../disk/layout-paths.ts';
import { type NamedLayout, openNamedLayout } from '../disk/named-layout.ts';
import { namedLayoutTarget } from '../disk/named-layout-target.ts';
import { openImage } from '../disk/open-image.ts';
import { statOfKind } from '../disk/regular-file.ts';
import { errorCode, UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { parseDocument } from '../oci/document-json.ts';
import { isJsonObject, member } from '../oci/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isImageConfigType } from '../oci/media-type.ts';
import { type Attachment, type AttachmentFilter, artifactTypeOf, derivedTags } from './attachments.ts';
import type { SourceImage } from './copy-image.ts';
import type { DiskLocation } from './image-location.ts';

/** An image on disk, until it is closed. */
export interface DiskSource {
  readonly image: SourceImage;
  close(): Promise<void>;
}

/** Opens an image on disk. Throws a UserError that says what it is instead. */
export async function openDiskSource(
  location: DiskLocation,
  wanted: AttachmentFilter | undefined,
  signal: AbortSignal,
): Promise<DiskSource> {
  if (location.kind === 'docker-archive') {
    return await openArchive(location.file, signal);
  }
  const layout = await openNamedLayout(location.directory, location.name);
  const { root, reader } = layout;
  const attachments = async () => (wanted ? await attachmentsOf(layout, wanted) : []);
  return { image: { root: root.node, bytes: root.bytes, reader, attachments }, close: async () => {} };
}

/**
 * The place of a copy without symbolic links in its path. Throws a UserError for anything that is not a layout or a tarball, and
 * would be replaced by one.
 */
export async function writablePlace(location: DiskLocation): Promise<DiskLocation> {
  if (location.kind === 'oci') {
    const directory = await existingPlace(location.directory, 'directory');
    if (directory !== undefined) {
      for (const path of [dirname(blobDirectory(directory)), blobDirectory(directory)]) {
        await statOfKind(path, 'directory');
      }
    }
    return { ...location, directory: directory ?? location.directory };
  }
  if ((await existingPlace(dirname(location.file), 'directory')) === undefined) {
    throw new UserError(`there is no directory ${JSON.stringify(dirname(location.file))}`, {
      hint: 'create it, or correct the path of the tarball',
    });
  }
  return { ...location, file: (await existingPlace(location.file, 'file')) ?? location.file };
}

/** The path without symbolic links; undefined for nothing. Throws a UserError for what is not of a kind. */
async function existingPlace(path: string, kind: 'file' | 'directory'): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    await statOfKind(real, kind);
    return real;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error instanceof UserError ? error : new UserError(`${path} cannot be written`, { cause: error });
  }
}

/** A target on disk. In a tarball the image has the names `repoTags`, which takes nothing that is attached to it. */
export function openDiskTarget(
  location: DiskLocation,
  repoTags: readonly string[],
): DiskTarget & TaggedTarget {
  return location.kind === 'oci'
    ? namedLayoutTarget(location.directory)
    : imagesOnly(untagged(dockerArchiveTarget(location.file, ...repoTags)));
}

/** The name of an image in a tarball that comes from no repository. */
export function archiveName(path: string): string {
  return (
    basename(path)
      .replace(/\.(tar|tgz|tar\.gz)$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-') || 'image'
  );
}

async function openArchive(file: string, signal: AbortSignal): Promise<DiskSource> {
  const image = await openImage(file, { temporaryDirectory: tmpdir(), signal });
  const nodes = new Map<Digest, ContentNode>();
  let root: ContentNode | undefined;
  for await (const node of image.nodes(async () => false)) {
    nodes.set(node.descriptor.digest, node);
    root = node;
  }
  if (!root) {
    throw new Error('a content source must end with its root');
  }
  const nodeOf = ({ descriptor }: GraphNode): ContentNode => {
    const node = nodes.get(descriptor.digest);
    if (!node) {
      throw new Error(`the tarball has no content with the digest ${descriptor.digest}`);
    }
    return node;
  };
  const reader: ContentReader = {
    name: file,
    document: async (node) => ({
      bytes: await buffer(await nodeOf(node).open()),
      mediaType: node.descriptor.mediaType,
    }),
    open: (node) => nodeOf(node).open(),
  };
  const bytes = await buffer(await root.open());
  return { image: { root, bytes, reader, attachments: async () => [] }, close: image.close };
}

/** A target without tags: every tag is missing before, and all of them are published with the image. */
function untagged(target: DiskTarget): DiskTarget & TaggedTarget {
  return {
    ...target,
    currentTags: async (tags) => tags.map((tag) => ({ tag, now: { state: 'missing' } })),
    readTag: async () => undefined,
    publishTagged: (root, bytes) => target.publish(root, bytes),
  };
}

/** A target that refuses an artifact: as a tarball no tool could load it, and this one could not read it either. */
function imagesOnly<Target extends TaggedTarget>(target: Target): Target {
  return {
    ...target,
    publishTagged: async (root, bytes, ...rest) => {
      const type = parseManifest(bytes, `manifest ${root.digest}`).config.mediaType;
      if (!isImageConfigType(type)) {
        throw new UserError(
          `${root.digest} is an artifact, not an image that can run: its config has the type ${JSON.stringify(type)}`,
          { hint: 'copy it to a repository or an OCI layout (oci:DIRECTORY); a tarball holds images only' },
        );
      }
      return await target.publishTagged(root, bytes, ...rest);
    },
  };
}

/** What a layout has beside the image and belongs to it: referrers, theirs, and what is under derived names. */
async function attachmentsOf(layout: NamedLayout, wanted: AttachmentFilter): Promise<Attachment[]> {
  const { root, reader, entries } = layout;
  const { descriptor, kind } = root.node;
  const children = kind === 'index' ? childrenOf('index', root.bytes, root.path) : [];
  const subjects = new Set([
    descriptor.digest,
    ...children.filter((child) => child.kind !== 'blob').map((child) => child.descriptor.digest),
  ]);
  const names = new Set([...subjects].flatMap(derivedTags));
  const nodes = entries.map((entry) => ({
    node: { descriptor: entry.descriptor, kind: contentKind(entry.descriptor.mediaType) },
    name: entry.name,
  }));
  const documents = await Promise.all(
    nodes
      .filter(({ node }) => node.kind !== 'blob')
      .map(async (entry) => ({ ...entry, bytes: (await reader.document(entry.node)).bytes })),
  );
  const found: Attachment[] = [];
  for (let isGrowing = true; isGrowing; ) {
    isGrowing = false;
    for (const { node, bytes } of documents) {
      const { digest } = node.descriptor;
      const subject = member(parseDocument(bytes, `manifest ${digest}`), 'subject');
      const isReferrer = isJsonObject(subject) && subjects.has(String(subject.digest) as Digest);
      if (isReferrer && !subjects.has(digest) && wanted(artifactTypeOf(node, bytes))) {
        subjects.add(digest);
        found.push({ node, tag: undefined });
        isGrowing = true;
      }
    }
  }
  const tagged = documents.flatMap(({ node, bytes, name }) =>
    name !== undefined && names.has(name) && wanted(artifactTypeOf(node, bytes)) ? [{ node, tag: name }] : [],
  );
  return [...found, ...tagged];
}
