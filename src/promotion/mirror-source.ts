// Finds the digests of the images that a list for mirror chooses: reads each source repository once.
import type { Registries } from '../access/registries.ts';
import { contentKind } from '../content/content-graph.ts';
import { graphDocuments } from '../content/graph-documents.ts';
import { platformImage } from '../content/platform-image.ts';
import { errorText } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import { parseRepository } from '../oci/reference.ts';
import { getManifest, isMissing, lookUpDigest } from '../registry/manifest-endpoint.ts';
import { readRepositoryContents } from '../registry/repository-contents.ts';
import { repositoryReader } from '../registry/repository-reader.ts';
import type { Session } from '../transport/session.ts';
import { isDerivedTag } from './attachments.ts';
import { type MirrorRepository, matchingTags } from './mirror-list.ts';

/** How many tags of one repository are asked for at a time. */
const lookUpConcurrency = 8;

/** Why an image cannot be copied: its source does not have it, or an index has no image for its platform. */
export interface ImageFault {
  readonly outcome: 'lost' | 'failed';
  readonly reason: string;
}

/** An image of a source, and its tag at the destination. */
export interface FoundImage {
  readonly tag: string | null;
  readonly found: Digest | ImageFault;
}

/** The tags of a source that the entries choose; `isEmpty` when it has none at all. */
interface SourceTags {
  readonly digests: ReadonlyMap<string, Digest>;
  readonly isEmpty: boolean;
}

/**
 * The images of entries with the same source, entry by entry; none where no tag matches. The tags are listed only where an
 * entry does not name them; with `attachments`, no entry that lists them chooses one that derives from a digest. Throws what the
 * registry said when the repository cannot be read.
 */
export async function findImages(
  source: string,
  entries: readonly MirrorRepository[],
  registries: Registries,
  attachments: boolean,
): Promise<FoundImage[][]> {
  const session = await registries.reader(parseRepository(source));
  const isChosen = (tag: string) => !(attachments && isDerivedTag(tag));
  const tags = await tagsOf(session, entries, isChosen);
  const platformDigest = platformFinder(session);
  return await mapConcurrently(entries, lookUpConcurrency, async ({ selection, platform }) => {
    const images = chosenImages(source, selection, tags, isChosen);
    return platform
      ? await mapConcurrently(images, lookUpConcurrency, (image) => platformDigest(image, platform))
      : images;
  });
}

async function tagsOf(
  session: Session,
  entries: readonly MirrorRepository[],
  isChosen: (tag: string) => boolean,
): Promise<SourceTags> {
  const selections = entries.map(({ selection }) => selection);
  const named = new Set(selections.flatMap((each) => (each.kind === 'tag' ? [each.tag] : [])));
  const filters = selections.flatMap((each) => (each.kind === 'matching' ? [each.filters] : []));
  if (filters.length > 0) {
    let isEmpty = true;
    const { tags } = await readRepositoryContents(session, lookUpConcurrency, (tag) => {
      isEmpty = false;
      return (
        named.has(tag) || (isChosen(tag) && filters.some((each) => matchingTags([tag], each).length > 0))
      );
    });
    return { digests: tags, isEmpty };
  }
  const digests = new Map<string, Digest>();
  await mapConcurrently([...named], lookUpConcurrency, async (tag) => {
    const digest = await lookUpDigest(session, tag);
    if (digest !== undefined) {
      digests.set(tag, digest);
    }
  });
  return { digests, isEmpty: false };
}

function chosenImages(
  source: string,
  selection: MirrorRepository['selection'],
  { digests, isEmpty }: SourceTags,
  isChosen: (tag: string) => boolean,
): FoundImage[] {
  if (selection.kind === 'digest') {
    return [{ tag: selection.as, found: selection.digest }];
  }
  if (selection.kind === 'tag') {
    const { tag, as } = selection;
    return [{ tag: as, found: digests.get(tag) ?? lost(`${source}:${tag} does not exist`) }];
  }
  if (isEmpty) {
    return [{ tag: null, found: lost(`${source} does not exist, or has no tags`) }];
  }
  return matchingTags([...digests.keys()].filter(isChosen), selection.filters).flatMap((tag) => {
    const found = digests.get(tag);
    return found === undefined ? [] : [{ tag, found }];
  });
}

function lost(reason: string): ImageFault {
  return { outcome: 'lost', reason };
}

/** Replaces an image by the one for a platform. */
function platformFinder(session: Session) {
  const documents = graphDocuments(repositoryReader(session));
  return async ({ tag, found }: FoundImage, platform: WantedPlatform): Promise<FoundImage> => {
    if (typeof found === 'object') {
      return { tag, found };
    }
    try {
      const { bytes, mediaType, digest } = await getManifest(session, found);
      documents.keep(digest, { bytes, mediaType });
      const root = {
        descriptor: { mediaType, size: bytes.length, digest },
        kind: contentKind(mediaType),
      };
      const { node } = await platformImage(documents, root, platform);
      return { tag, found: node.descriptor.digest };
    } catch (error) {
      return { tag, found: { outcome: isMissing(error) ? 'lost' : 'failed', reason: errorText(error) } };
    }
  };
}
