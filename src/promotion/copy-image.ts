// One image, brought to all its destinations: content, then what is attached to it, then tags; its source is read once.
import type { ContentEvent, OnContentEvent } from '../content/content-event.ts';
import type { ContentReader, GraphNode, TaggedTarget } from '../content/content-graph.ts';
import type { CurrentTag } from '../content/tag-state.ts';
import { errorText } from '../errors.ts';
import { createLimiter } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import type { CopyOptions } from '../transfer/copy.ts';
import { copyAgainIfLost } from '../transfer/copy-again.ts';
import { type SharedMemory, shareReads } from '../transfer/shared-reads.ts';
import type { Attachment } from './attachments.ts';
import { bringAttachments, bringBelow } from './bring-attachments.ts';

/** A tag that is to point at the image. */
export interface WantedTag {
  readonly tag: string;
  /**
   * Where it pointed when that was planned, undefined for a new tag; `any` for one that nobody has looked at: it is moved from
   * where it is when the copy begins.
   */
  readonly was: Digest | 'any' | undefined;
}

/** A destination, and the tags that are wanted there; without tags the image is wanted by its digest. */
export interface DestinationTags {
  readonly destination: string;
  readonly tags: readonly WantedTag[];
}

/** A destination that can be opened. */
export interface CopyDestination extends DestinationTags {
  /** Copies to one host share its limits. */
  readonly host: string;
  /** Whether the image is read from this very place: it is held there, with all that is attached to it. */
  readonly isSource: boolean;
  open(on: OnContentEvent): Promise<TaggedTarget>;
  /** Called at the end, whether the copy was successful or not. */
  close?(): Promise<void>;
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
export interface CopyImageOptions {
  readonly memory: SharedMemory;
  /** Lets so many copies to a host begin at a time. */
  admit<Result>(host: string, copying: () => Promise<Result>): Promise<Result>;
  readonly signal: AbortSignal;
  readonly on: OnPromotionEvent;
}

/** An image that can be copied. */
export interface SourceImage {
  readonly root: GraphNode;
  readonly bytes: Uint8Array;
  readonly reader: ContentReader;
  /** What travels along; found when the first destination needs it. */
  attachments(): Promise<readonly Attachment[]>;
}

/** How many nodes of one image travel to one destination at a time. */
const nodeConcurrency = 4;

/** Copies an image to its destinations, each by itself: one that fails does not hold up the others. */
export async function copyImage<Destination extends CopyDestination>(
  image: SourceImage,
  destinations: readonly Destination[],
  { memory, admit, signal, on }: CopyImageOptions,
  report: (destination: Destination, outcomes: readonly TagOutcome[]) => void,
): Promise<void> {
  const shares = shareReads(image.reader, destinations.length, memory);
  await Promise.all(
    destinations.map(async (destination, position) => {
      const share = shares[position];
      if (!share) {
        throw new Error('each destination has a share of the reads');
      }
      const { host } = destination;
      const onEvent: OnContentEvent = (event) => on(event, host);
      try {
        const outcomes = await admit(host, async () => {
          const opened = await destination.open(onEvent);
          const shared = { ...image, reader: share.reader };
          const seen = { ...destination, tags: await seenTags(opened, destination) };
          return await copyAgainIfLost(opened, onEvent, (target) =>
            copyTo(target, seen, shared, { signal, on: onEvent }),
          );
        });
        report(destination, outcomes);
      } catch (error) {
        signal.throwIfAborted();
        report(destination, failedOutcomes(destination, errorText(error)));
      } finally {
        share.leave();
        await destination.close?.();
      }
    }),
  );
}

/** The outcomes of a destination that could not be reached at all. */
export function failedOutcomes({ tags }: DestinationTags, reason: string): TagOutcome[] {
  const places = tags.length === 0 ? [null] : tags.map(({ tag }) => tag);
  return places.map((tag) => ({ tag, outcome: 'failed', reason }));
}

/**
 * The tags with where each is before anything is copied. A tag of the repository that the image is read from is not looked
 * at: nothing is copied, so that somebody else has no time to move it.
 */
async function seenTags(
  target: TaggedTarget,
  { tags, isSource }: CopyDestination,
): Promise<readonly WantedTag[]> {
  const unseen = tags.filter(({ was }) => was === 'any');
  if (isSource || unseen.length === 0) {
    return tags;
  }
  const current = await target.currentTags(unseen.map(({ tag }) => tag));
  const seen = new Map(current.map(({ tag, now }) => [tag, now]));
  return tags.map((wanted): WantedTag => {
    const now = seen.get(wanted.tag);
    switch (now?.state) {
      case 'found':
        return { ...wanted, was: now.digest };
      case 'missing':
        return { ...wanted, was: undefined };
      default:
        return wanted;
    }
  });
}

async function copyTo(
  target: TaggedTarget,
  { tags, isSource }: CopyDestination,
  image: SourceImage,
  options: Omit<CopyOptions, 'limiter'> & { readonly signal: AbortSignal },
): Promise<TagOutcome[]> {
  const { root, bytes, reader } = image;
  const { descriptor } = root;
  const copyOptions = { limiter: createLimiter(nodeConcurrency), ...options };
  const isHeld = isSource || (await bringBelow(target, root, reader, copyOptions)) === 'held';
  const attachments = isSource ? [] : await image.attachments();
  const outcome = isHeld ? 'tagged' : 'copied';
  if (tags.length === 0) {
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
  if (isHeld && tags.every(({ was }) => was === descriptor.digest)) {
    return tags.map(({ tag }) => ({ tag, outcome: 'present' }));
  }
  const current = await currentTags(target, tags, isSource);
  const judged = tags.map((wanted, position) => judgeTag(wanted, current[position], descriptor.digest));
  const moving = judged.flatMap(({ move }) => move ?? []);
  if (moving.length > 0) {
    await target.publishTagged(descriptor, bytes, moving);
  }
  return judged.map(({ result }) => (result.outcome === 'tagged' ? { ...result, outcome } : result));
}

/** Another tag for what is there needs no look at the tags, when they may be moved from anywhere. */
async function currentTags(
  target: TaggedTarget,
  tags: readonly WantedTag[],
  isSource: boolean,
): Promise<readonly CurrentTag[]> {
  return isSource && tags.every(({ was }) => was === 'any')
    ? tags.map(({ tag }) => ({ tag, now: { state: 'unclear' } }))
    : await target.currentTags(tags.map(({ tag }) => tag));
}

/** A tag is moved only from where it was seen before: what somebody else did since then stays. */
function judgeTag(
  { tag, was }: WantedTag,
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
  if (!current || (was !== 'any' && now !== was)) {
    const place = now === undefined ? 'does not exist any more' : `is on ${now} now`;
    const reason = `the tag was moved by somebody else meanwhile: it ${place}`;
    return { result: { tag, outcome: 'failed', reason } };
  }
  const reason = now === undefined ? {} : { reason: `was on ${now}` };
  return { move: current, result: { tag, outcome: 'tagged', ...reason } };
}
