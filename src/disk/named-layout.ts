// Images in an OCI layout by their names: which of several is meant, and everything that the layout lists.
import type { ContentReader } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDocument } from '../oci/document-json.ts';
import { parseIndex } from '../oci/image-index.ts';
import { isJsonObject, member } from '../oci/json.ts';
import { isIndexType, isManifestType } from '../oci/media-type.ts';
import {
  type LayoutDocument,
  layoutReader,
  readEntries,
  readIndexFile,
  readListed,
  readSingleImageDigest,
  requireLayout,
} from './layout-reader.ts';

/** An entry of the index of a layout. */
export interface LayoutEntry {
  readonly descriptor: Descriptor;
  readonly name: string | undefined;
}

/** One image or index of a layout, and everything else in it. */
export interface NamedLayout {
  readonly root: LayoutDocument;
  readonly reader: ContentReader;
  readonly entries: readonly LayoutEntry[];
}

/** The annotation of the OCI image specification that holds the name of an entry ("Pre-Defined Annotation Keys"). */
export const refName = 'org.opencontainers.image.ref.name';

/** The annotations that hold a name: that of the specification and that of containerd. */
const nameAnnotations = [refName, 'io.containerd.image.name'];

/** The name of an entry by its annotations; undefined when it has none. */
export function nameOfEntry(annotations: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const names = nameAnnotations.map((key) => annotations?.[key]);
  return names.find((name): name is string => typeof name === 'string' && name !== '');
}

/** Names that tools derive from the digest of an image, for what is attached to it. */
const derivedName = /^sha256-[0-9a-f]{64}(\.[a-z]+)?$/;

/**
 * The image with a name (`org.opencontainers.image.ref.name`). Without a name: the only one that has a name, or the only
 * one that is not attached to another, or the whole of `index.json` where that is an index of images itself. Throws a
 * UserError that lists the names when several are possible.
 */
export async function openNamedLayout(directory: string, name: string | undefined): Promise<NamedLayout> {
  try {
    await requireLayout(directory);
    const entries = (await readEntries(directory)).map((descriptor) => ({
      descriptor,
      name: nameOfEntry(descriptor.annotations),
    }));
    const root = await findRoot(directory, entries, name);
    return { root, reader: layoutReader(directory, root), entries };
  } catch (cause) {
    throw new UserError(`could not load image from path '${directory}'`, { cause });
  }
}

async function findRoot(
  directory: string,
  entries: readonly LayoutEntry[],
  name: string | undefined,
): Promise<LayoutDocument> {
  const single = name === undefined ? await readSingleImageDigest(directory) : undefined;
  const named = entries.filter((entry) => entry.name !== undefined && !derivedName.test(entry.name));
  const candidates = entries.filter(({ descriptor, name: own }) =>
    single === undefined ? own === name : descriptor.digest === single,
  );
  const [only, ...others] = distinct(name === undefined && named.length > 0 && !single ? named : candidates);
  if (only && others.length === 0) {
    return await readEntry(directory, only);
  }
  if (!only || named.length > 0) {
    throw ambiguous(directory, name, named);
  }
  return await withoutAttached(directory, [only, ...others]);
}

/** Of several without a name: the one that is attached to no other; all of them are the index of an image. */
async function withoutAttached(
  directory: string,
  descriptors: readonly Descriptor[],
): Promise<LayoutDocument> {
  const documents = await Promise.all(
    descriptors
      .filter(({ mediaType }) => isIndexType(mediaType) || isManifestType(mediaType))
      .map((descriptor) => readEntry(directory, descriptor)),
  );
  const [only, ...others] = documents.filter(({ bytes, path }) => {
    return !isJsonObject(member(parseDocument(bytes, path), 'subject'));
  });
  return only && others.length === 0 ? only : await readIndexFile(directory);
}

async function readEntry(directory: string, descriptor: Descriptor): Promise<LayoutDocument> {
  const document = await readListed(
    directory,
    descriptor,
    isIndexType(descriptor.mediaType) ? 'index' : 'manifest',
  );
  if (document.node.kind === 'index') {
    parseIndex(document.bytes, document.path);
  }
  return document;
}

function distinct(entries: readonly LayoutEntry[]): Descriptor[] {
  return [...new Map(entries.map(({ descriptor }) => [descriptor.digest, descriptor])).values()];
}

function ambiguous(directory: string, name: string | undefined, named: readonly LayoutEntry[]): UserError {
  const names = [...new Set(named.map((entry) => entry.name))].join(', ');
  if (name !== undefined) {
    return new UserError(`the layout ${directory} has no image with the name ${name}`, {
      hint: names === '' ? 'none of its images has a name' : `its names are ${names}`,
    });
  }
  return named.length > 0
    ? new UserError(`the layout ${directory} has several images`, {
        hint: `choose one: oci:${directory}:NAME with one of the names ${names}`,
      })
    : new UserError(`the layout ${directory} lists no image`);
}
