// Finds the digests of the images that a list for mirror chooses: reads each source repository once.
import type { Registries } from '../access/registries.ts';
import { contentKind } from '../content/content-graph.ts';
import { graphDocuments } from '../content/graph-documents.ts';
import { platformImage } from '../content/platform-image.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import { parseRepository } from '../oci/reference.ts';
import { getManifest, lookUpDigest } from '../registry/manifest-endpoint.ts';
import { readRepositoryContents } from '../registry/repository-contents.ts';
import { repositoryReader } from '../registry/repository-reader.ts';
import type { Session } from '../transport/session.ts';
import { type MirrorRepository, matchingTags } from './mirror-list.ts';

/** How many tags of one repository are asked for at a time. */
const lookUpConcurrency = 8;

/** An image of a source; without a digest the source does not have it. */
export interface FoundImage {
  readonly digest: Digest | undefined;
  /** The tag at the destination. */
  readonly tag: string | null;
  /** The image as the list names it: `host/path:tag` or `host/path@sha256:…`. */
  readonly name: string;
  /** Why the image for a platform could not be found. */
  readonly failure?: unknown;
}

/**
 * The images of entries with the same source, entry by entry; none where no tag matches. The tags are listed only where an
 * entry does not name them. Throws what the registry said when the repository cannot be read.
 */
export async function findImages(
  source: string,
  entries: readonly MirrorRepository[],
  registries: Registries,
): Promise<FoundImage[][]> {
  const session = await registries.reader(parseRepository(source));
  const tags = await tagsOf(session, entries);
  const platformDigest = platformFinder(session);
  return await mapConcurrently(entries, lookUpConcurrency, async ({ selection, platform }) => {
    const images = chosenImages(source, selection, tags);
    return platform
      ? await mapConcurrently(images, lookUpConcurrency, (image) => platformDigest(image, platform))
      : images;
  });
}

/** The digests of all tags that the entries choose. */
async function tagsOf(
  session: Session,
  entries: readonly MirrorRepository[],
): Promise<ReadonlyMap<string, Digest>> {
  const selections = entries.map(({ selection }) => selection);
  const named = new Set(selections.flatMap((each) => (each.kind === 'tag' ? [each.tag] : [])));
  const filters = selections.flatMap((each) => (each.kind === 'matching' ? [each.filters] : []));
  if (filters.length > 0) {
    const isWanted = (tag: string) =>
      named.has(tag) || filters.some((each) => matchingTags([tag], each).length > 0);
    return (await readRepositoryContents(session, lookUpConcurrency, isWanted)).tags;
  }
  const found = new Map<string, Digest>();
  await mapConcurrently([...named], lookUpConcurrency, async (tag) => {
    const digest = await lookUpDigest(session, tag);
    if (digest !== undefined) {
      found.set(tag, digest);
    }
  });
  return found;
}

function chosenImages(
  source: string,
  selection: MirrorRepository['selection'],
  tags: ReadonlyMap<string, Digest>,
): FoundImage[] {
  if (selection.kind === 'digest') {
    const { digest, as } = selection;
    return [{ digest, tag: as, name: `${source}@${digest}` }];
  }
  const chosen =
    selection.kind === 'tag'
      ? [[selection.tag, selection.as] as const]
      : matchingTags([...tags.keys()], selection.filters).map((tag) => [tag, tag] as const);
  return chosen.map(([tag, as]) => ({ digest: tags.get(tag), tag: as, name: `${source}:${tag}` }));
}

/** Replaces an image by the one for a platform. */
function platformFinder(session: Session) {
  const documents = graphDocuments(repositoryReader(session));
  return async (image: FoundImage, platform: WantedPlatform): Promise<FoundImage> => {
    if (image.digest === undefined) {
      return image;
    }
    try {
      const { bytes, mediaType, digest } = await getManifest(session, image.digest);
      documents.keep(digest, { bytes, mediaType });
      const root = {
        descriptor: { mediaType, size: bytes.length, digest },
        kind: contentKind(mediaType),
      };
      const { node } = await platformImage(documents, root, platform);
      return { ...image, digest: node.descriptor.digest };
    } catch (failure) {
      return { ...image, digest: undefined, failure };
    }
  };
}
