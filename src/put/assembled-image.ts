// An index that a put assembles from images of the build and of registries (`manifests`), in the order of the list.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { RepositoryAccess } from '../access/repositories.ts';
import { assembledIndex, type IndexEntry } from '../content/assembled-index.ts';
import type { ContentNode, ContentReader, ContentSource } from '../content/content-graph.ts';
import { childrenOf, graphSource } from '../content/graph-source.ts';
import { hasMeta } from '../disk/glob-pattern.ts';
import { UserError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Platform } from '../oci/platform.ts';
import { parseReference } from '../policy/image-reference.ts';
import { readRegistryImage } from '../registry/registry-image.ts';
import type { PutEntry, PutImage } from '../request/put-image.ts';
import { imagesFor } from './assembled-platforms.ts';
import { entryPlatform } from './entry-platform.ts';
import { prepareFile } from './file-image.ts';
import type { PreparedImage, PutSurroundings } from './opened-image.ts';
import { resolveReference } from './promoted-image.ts';

type Assembly = Extract<PutImage, { kind: 'manifests' }>;

/** Prepares `manifests`: the files of the build are opened and checked. */
export async function openAssembled(
  { entries, platforms, flatten }: Assembly,
  annotations: Readonly<Record<string, string>>,
  surroundings: PutSurroundings,
): Promise<PreparedImage> {
  const prepared: PreparedEntry[] = [];
  const close = async () => {
    await Promise.all(prepared.map((entry) => entry.close()));
  };
  try {
    for (const [position, entry] of entries.entries()) {
      prepared.push(await prepareEntry(entry, `params.manifests[${position}]`, surroundings));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async open(origin) {
      const images: DescribedImage[] = [];
      for (const [position, entry] of prepared.entries()) {
        const where = `params.manifests[${position}]`;
        const source = await entry.open(origin).catch((cause: unknown) => {
          throw new UserError(where, { cause });
        });
        images.push(...(await describe(source, entry.asked, flatten, where)));
      }
      const kept = imagesFor(images, platforms);
      const used = Object.keys(annotations).length === 0 ? undefined : annotations;
      return { source: assembledIndex('the assembled index', kept.map(entryOf), used) };
    },
    close,
  };
}

/** An entry whose local part was checked. */
interface PreparedEntry {
  readonly asked: PutEntry;
  open(origin: RepositoryAccess): Promise<ContentSource>;
  close(): Promise<void>;
}

async function prepareEntry(
  asked: PutEntry,
  where: string,
  surroundings: PutSurroundings,
): Promise<PreparedEntry> {
  const image =
    asked.image.kind === 'any' ? await chooseKind(asked.image.text, where, surroundings) : asked.image;
  if (image.kind === 'image') {
    const file = await prepareFile(image.glob, surroundings);
    return {
      asked,
      open: async (origin) => (await file.open(origin)).source,
      close: file.close,
    };
  }
  const { reference, login } = await resolveReference(image, surroundings);
  return {
    asked,
    async open(origin) {
      const session = await surroundings.reader(reference.repository, login, origin, 'pull');
      const { root, source } = await readRegistryImage(session, reference.digest ?? reference.tag ?? '');
      await surroundings.verify?.(session, root.descriptor.digest);
      return source;
    },
    close: async () => {},
  };
}

/** A path of the build where there is one; what a get wrote is the image in the registry. */
async function chooseKind(
  text: string,
  where: string,
  { directory }: PutSurroundings,
): Promise<Exclude<PutEntry['image'], { kind: 'any' }>> {
  const exists = (path: string) =>
    lstat(path).then(
      () => true,
      () => false,
    );
  const path = join(directory, text);
  if (await exists(join(path, 'digest'))) {
    return { kind: 'get', directory: text };
  }
  return hasMeta(text) || (await exists(path))
    ? { kind: 'image', glob: text }
    : { kind: 'reference', reference: parseReference(text, where), login: undefined };
}

/** An image, and what an index says of it. */
interface DescribedImage {
  readonly descriptor: Descriptor;
  readonly platform: Platform | undefined;
  readonly source: ContentSource;
}

function entryOf({ descriptor, platform, source }: DescribedImage): IndexEntry {
  return { descriptor: platform ? { ...descriptor, platform } : descriptor, source };
}

/** The image of an entry; with `flatten` the images that an index among them lists. */
async function describe(
  source: ContentSource,
  { platform, annotations }: PutEntry,
  flatten: boolean,
  where: string,
): Promise<DescribedImage[]> {
  const nodes = await Array.fromAsync(source.nodes(async () => false));
  const root = nodes.at(-1);
  if (!root) {
    throw new UserError(`${where} is empty`);
  }
  const { descriptor } = root;
  if (root.kind === 'index') {
    if (!flatten) {
      throw new UserError(`${where} is an index, not an image: ${descriptor.digest}`, {
        hint: 'set params.flatten: true to take its entries, or name one of its images by digest',
      });
    }
    return await flattened(root, nodeReader(source.name, nodes), nodes);
  }
  const { mediaType, size, digest } = descriptor;
  const named = Object.keys(annotations).length === 0 ? {} : { annotations };
  return [
    {
      descriptor: { mediaType, size, digest, ...named },
      platform: await entryPlatform(platform, root, nodes),
      source,
    },
  ];
}

/**
 * The images of an index, and of the indexes in it, in document order: none of them stays an index. An image of which its index
 * states no platform has that of its config.
 */
async function flattened(
  index: ContentNode,
  reader: ContentReader,
  nodes: readonly ContentNode[],
): Promise<DescribedImage[]> {
  const images: DescribedImage[] = [];
  const bytes = await buffer(await index.open());
  for (const child of childrenOf('index', bytes, `index ${index.descriptor.digest}`)) {
    const { descriptor, kind } = child;
    const node = nodes.find((each) => each.descriptor.digest === descriptor.digest);
    if (node && kind === 'index') {
      images.push(...(await flattened(node, reader, nodes)));
      continue;
    }
    const source = graphSource(reader, child, { foreign: 'skip', listedBlobs: 'refuse' });
    const platform = descriptor.platform ?? (node && (await entryPlatform(undefined, node, nodes)));
    images.push({ descriptor, platform, source });
  }
  return images;
}

/** Reads content by the nodes of a source that was walked. */
function nodeReader(name: string, nodes: readonly ContentNode[]): ContentReader {
  const byDigest = new Map(nodes.map((node) => [node.descriptor.digest, node]));
  const nodeOf = ({ descriptor }: { readonly descriptor: Descriptor }) => {
    const node = byDigest.get(descriptor.digest);
    if (!node) {
      throw new UserError(`${descriptor.digest} is not in ${name}`);
    }
    return node;
  };
  const origin = nodes.find((node) => node.origin)?.origin;
  return {
    name,
    ...(origin ? { repository: origin } : {}),
    async document(node) {
      const found = nodeOf(node);
      return { bytes: await buffer(await found.open()), mediaType: found.descriptor.mediaType };
    },
    open: async (node) => nodeOf(node).open(),
  };
}
