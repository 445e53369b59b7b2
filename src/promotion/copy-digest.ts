// One digest of a source repository, brought to all its destinations: content, then what is attached to it, then tags.
import type { Registries } from '../access/registries.ts';
import type { ContentEvent, OnContentEvent } from '../content/content-event.ts';
import type { ContentReader, GraphNode, TaggedTarget } from '../content/content-graph.ts';
import type { CurrentTag } from '../content/tag-state.ts';
import { errorText } from '../errors.ts';
import { createLimiter } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { parseRepository, type RepositoryReference } from '../oci/reference.ts';
import { getManifest, isMissing, type ServedManifest } from '../registry/manifest-endpoint.ts';
import { repositoryReader } from '../registry/repository-reader.ts';
import { repositoryTarget } from '../registry/repository-target.ts';
import type { CopyOptions } from '../transfer/copy.ts';
import { copyAgainIfLost } from '../transfer/copy-again.ts';
import type { Progress } from '../transfer/progress.ts';
import { type SharedMemory, shareReads } from '../transfer/shared-reads.ts';
import { watchReader } from '../transfer/watched-content.ts';
import type { Session } from '../transport/session.ts';
import type { Attachment, AttachmentFinder } from './attachments.ts';
import { bringAttachments, bringBelow } from './bring-attachments.ts';

/** The tags of one destination, and where each pointed when the plan was made; undefined for a new tag. */
export interface DestinationTags {
  readonly destination: string;
  readonly tags: readonly { readonly tag: string; readonly was: Digest | undefined }[];
}

/** What became of one tag, or of the digest alone (null). */
export interface TagOutcome {
  readonly tag: string | null;
  readonly outcome: 'copied' | 'tagged' | 'present' | 'failed';
  readonly reason?: string;
}

/** Receives the events of copies with the host of the destination. */
export type OnPromotionEvent = (event: ContentEvent, host: string) => void;

/** What the copies of one run share. */
export interface CopyDigestOptions {
  readonly registries: Registries;
  readonly memory: SharedMemory;
  /** Finds attachments of a source repository; undefined when they stay behind. */
  finder(session: Session): AttachmentFinder | undefined;
  /** Lets so many copies to a host begin at a time. */
  admit<Result>(host: string, copying: () => Promise<Result>): Promise<Result>;
  readonly signal: AbortSignal;
  /** Shows the blobs that are read from the source; undefined where nothing is shown. */
  readonly progress: Progress | undefined;
  readonly on: OnPromotionEvent;
}

/** How many nodes of one image travel to one destination at a time. */
const nodeConcurrency = 4;

/** Copies a digest to its destinations, each by itself: one that fails does not hold up the others. */
export async function copyDigest(
  source: string,
  digest: Digest,
  destinations: readonly DestinationTags[],
  options: CopyDigestOptions,
  report: (destination: DestinationTags, outcomes: readonly TagOutcome[]) => void,
): Promise<void> {
  const { registries, signal, memory } = options;
  const fail = (destination: DestinationTags, error: unknown) => {
    signal.throwIfAborted();
    const reason = errorText(error);
    report(
      destination,
      placesOf(destination).map((tag) => ({ tag, outcome: 'failed', reason })),
    );
  };

  const from = parseRepository(source);
  let image: SourceImage;
  try {
    image = await readSource(from, digest, destinations, options);
  } catch (error) {
    for (const destination of destinations) {
      fail(destination, error);
    }
    return;
  }
  const shares = shareReads(image.reader, destinations.length, memory);
  await Promise.all(
    destinations.map(async (destination, position) => {
      const share = shares[position];
      if (!share) {
        throw new Error('each destination has a share of the reads');
      }
      const to = parseRepository(destination.destination);
      try {
        await options.admit(to.registry, async () => {
          const on: OnContentEvent = (event) => options.on(event, to.registry);
          const target = repositoryTarget(await registries.writer(to, from), on);
          const outcomes = await copyAgainIfLost(target, on, (to) =>
            copyTo(to, destination, image, share.reader, { signal, on }),
          );
          report(destination, outcomes);
        });
      } catch (error) {
        fail(destination, error);
      } finally {
        share.leave();
      }
    }),
  );
}

interface SourceImage {
  readonly root: GraphNode;
  readonly bytes: Uint8Array;
  readonly reader: ContentReader;
  /** What travels along; found when the first destination needs it. */
  attachments(): Promise<readonly Attachment[]>;
}

/** The root as its source serves it or, for a tag on a digest that the source has lost, as a destination does. */
async function readSource(
  from: RepositoryReference,
  digest: Digest,
  destinations: readonly DestinationTags[],
  { registries, finder, progress }: CopyDigestOptions,
): Promise<SourceImage> {
  const session = await registries.reader(from);
  let served: ServedManifest;
  let reader = repositoryReader(session);
  try {
    served = await getManifest(session, digest);
  } catch (error) {
    const [first] = destinations;
    if (!isMissing(error) || !first) {
      throw error;
    }
    const other = await registries.reader(parseRepository(first.destination));
    served = await getManifest(other, digest).catch(() => {
      throw error;
    });
    reader = repositoryReader(other);
  }
  const { bytes, mediaType } = served;
  const root: GraphNode = {
    descriptor: { mediaType, size: bytes.length, digest },
    kind: isIndexType(mediaType) ? 'index' : 'manifest',
  };
  let attachments: Promise<readonly Attachment[]> | undefined;
  return {
    root,
    bytes,
    reader: progress ? watchReader(reader, progress) : reader,
    attachments() {
      attachments ??= finder(session)?.find(root, bytes) ?? Promise.resolve([]);
      return attachments;
    },
  };
}

async function copyTo(
  target: TaggedTarget,
  destination: DestinationTags,
  image: SourceImage,
  reader: ContentReader,
  options: Omit<CopyOptions, 'limiter'> & { readonly signal: AbortSignal },
): Promise<TagOutcome[]> {
  const { root, bytes } = image;
  const { descriptor } = root;
  const { signal, on } = options;
  const copyOptions = { limiter: createLimiter(nodeConcurrency), signal, on };
  const isHeld = (await bringBelow(target, root, reader, copyOptions)) === 'held';
  const attachments = await image.attachments();
  const outcome = isHeld ? 'tagged' : 'copied';
  if (destination.tags.length === 0) {
    // The digest comes last: once it is there, nothing is left to do.
    await bringAttachments(target, attachments, reader, copyOptions);
    if (!isHeld) {
      await target.publish(descriptor, bytes);
    }
    return [{ tag: null, outcome: isHeld ? 'present' : 'copied' }];
  }
  if (!isHeld && attachments.length > 0) {
    await target.publish(descriptor, bytes);
  }
  await bringAttachments(target, attachments, reader, copyOptions);
  const current = await target.currentTags(destination.tags.map(({ tag }) => tag));
  const judged = destination.tags.map((planned, position) =>
    judgeTag(planned, current[position], descriptor.digest),
  );
  const moving = judged.flatMap(({ move }) => move ?? []);
  if (moving.length > 0) {
    await target.publishTagged(descriptor, bytes, moving);
  }
  return judged.map(({ result }) => (result.outcome === 'tagged' ? { ...result, outcome } : result));
}

/** A tag is moved only from where the plan saw it: what somebody else did since then stays. */
function judgeTag(
  { tag, was }: DestinationTags['tags'][number],
  current: CurrentTag | undefined,
  wanted: Digest,
): { readonly move?: CurrentTag; readonly result: TagOutcome } {
  const now = current?.now.state === 'found' ? current.now.digest : undefined;
  if (now === wanted) {
    return { result: { tag, outcome: 'present' } };
  }
  if (current?.now.state === 'unclear') {
    // The registry does not answer for tags by HEAD: the plan is all there is to go by.
    return { move: current, result: { tag, outcome: 'tagged' } };
  }
  if (!current || now !== was) {
    const place = now === undefined ? 'does not exist any more' : `is on ${now} now`;
    const reason = `the tag was moved by somebody else since the plan was made: it ${place}`;
    return { result: { tag, outcome: 'failed', reason } };
  }
  return { move: current, result: { tag, outcome: 'tagged' } };
}

function placesOf({ tags }: DestinationTags): (string | null)[] {
  return tags.length === 0 ? [null] : tags.map(({ tag }) => tag);
}
