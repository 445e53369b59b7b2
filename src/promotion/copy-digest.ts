// One digest of a source repository, brought to all its destination repositories.
import type { Registries } from '../access/registries.ts';
import type { GraphNode, TaggedTarget } from '../content/content-graph.ts';
import { errorText } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { parseRepository, type RepositoryReference, repositoryName } from '../oci/reference.ts';
import { getManifest, isMissing, type ServedManifest } from '../registry/manifest-endpoint.ts';
import { repositoryReader } from '../registry/repository-reader.ts';
import { repositoryTarget } from '../registry/repository-target.ts';
import type { SourceGate } from '../signing/prefix-gates.ts';
import type { Progress } from '../transfer/progress.ts';
import { watchReader } from '../transfer/watched-content.ts';
import type { Session } from '../transport/session.ts';
import type { Attachment, AttachmentFinder } from './attachments.ts';
import {
  type CopyDestination,
  type CopyImageOptions,
  copyImage,
  type DestinationTags,
  failedOutcomes,
  type SourceImage,
} from './copy-image.ts';
import type { RecordedPromotion } from './promotion-record.ts';
import type { TagOutcome } from './set-tags.ts';

/**
 * Signs an image of the session's repository, where it is stored by `target`, and leaves a record of its promotion; undefined
 * where nothing was promoted.
 */
export type SignDestination = (
  session: Session,
  target: TaggedTarget,
  root: Descriptor,
  promotion: RecordedPromotion | undefined,
) => Promise<void>;

/** What the copies of one run share. */
export interface CopyDigestOptions extends CopyImageOptions {
  readonly registries: Registries;
  /** Verifies an image before it is copied. */
  readonly verify: SourceGate;
  /** Signs an image at a destination; undefined when nothing is signed. */
  readonly sign: SignDestination | undefined;
  /** Finds attachments of a source repository; undefined when they are not copied. */
  finder(session: Session): AttachmentFinder | undefined;
  /** Shows the blobs that are read from the source; undefined where nothing is shown. */
  readonly progress: Progress | undefined;
}

/** Copies a digest to its destinations, each by itself: one that fails does not hold up the others. */
export async function copyDigest(
  source: string,
  digest: Digest,
  destinations: readonly DestinationTags[],
  options: CopyDigestOptions,
  report: (destination: DestinationTags, outcomes: readonly TagOutcome[]) => void,
): Promise<void> {
  const from = parseRepository(source);
  let image: SourceImage;
  try {
    image = await readSource(from, digest, destinations, options);
  } catch (error) {
    options.signal.throwIfAborted();
    for (const destination of destinations) {
      report(destination, failedOutcomes(destination, errorText(error)));
    }
    return;
  }
  const opened = destinations.map((destination) => repositoryDestination(destination, from, options));
  await copyImage(image, opened, options, report);
}

/** A repository as a destination of an image of another one, from which blobs can be mounted on the same registry. */
export function repositoryDestination(
  { destination, tags }: DestinationTags,
  from: RepositoryReference | undefined,
  { registries, sign }: Pick<CopyDigestOptions, 'registries' | 'sign'>,
): CopyDestination {
  const to = parseRepository(destination);
  return {
    destination,
    tags,
    host: to.registry,
    isSource: from !== undefined && repositoryName(to) === repositoryName(from),
    tagsAtOnce: false,
    open: async (on) => repositoryTarget(await registries.writer(to, from), on),
    ...(sign && {
      async sign(target, root, moving) {
        const promotion = from && moving && { source: repositoryName(from), destination, tags: moving };
        await sign(await registries.writer(to, from), target, root, promotion);
      },
    }),
  };
}

/** The root as its source serves it or, for a tag on a digest that the source has lost, as a destination does. */
async function readSource(
  from: RepositoryReference,
  digest: Digest,
  destinations: readonly DestinationTags[],
  { registries, finder, progress, verify }: CopyDigestOptions,
): Promise<SourceImage> {
  const session = await registries.reader(from);
  let place = session;
  let served: ServedManifest;
  try {
    served = await getManifest(session, digest);
  } catch (error) {
    const [first] = destinations;
    if (!isMissing(error) || !first) {
      throw error;
    }
    place = await registries.reader(parseRepository(first.destination));
    served = await getManifest(place, digest).catch(() => {
      throw error;
    });
  }
  await verify(place, digest, from);
  // What is attached to an image that the source has lost stays where it is, too.
  return sourceImage(place, served, place === session ? finder(session) : undefined, progress);
}

/** An image of a repository by its root, as it was served. */
export function sourceImage(
  session: Session,
  { bytes, mediaType, digest }: ServedManifest,
  finder: AttachmentFinder | undefined,
  progress: Progress | undefined,
): SourceImage {
  const root: GraphNode = {
    descriptor: { mediaType, size: bytes.length, digest },
    kind: isIndexType(mediaType) ? 'index' : 'manifest',
  };
  const reader = repositoryReader(session);
  let attachments: Promise<readonly Attachment[]> | undefined;
  return {
    root,
    bytes,
    reader: progress ? watchReader(reader, progress) : reader,
    attachments() {
      attachments ??= finder?.find(root, bytes) ?? Promise.resolve([]);
      return attachments;
    },
  };
}
