// One image, brought to all its destinations: content, then what is attached to it, then tags; its source is read once.
import type { ContentEvent, OnContentEvent } from '../content/content-event.ts';
import type { ContentReader, GraphNode, TaggedTarget } from '../content/content-graph.ts';
import { type KeptTag, keptTagText } from '../content/tag-state.ts';
import { errorText } from '../errors.ts';
import { createLimiter } from '../limiter.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { CopyOptions } from '../transfer/copy.ts';
import { copyAgainIfLost } from '../transfer/copy-again.ts';
import { type SharedMemory, shareReads } from '../transfer/shared-reads.ts';
import type { Attachment } from './attachments.ts';
import { bringAttachments } from './bring-attachments.ts';
import { bringBelow } from './bring-below.ts';
import { seenTags, setTags, type TagOutcome, type TagPlaces, type WantedTag } from './set-tags.ts';

/** A destination, and the tags that are wanted there; without tags the image is wanted by its digest. */
export interface DestinationTags {
  readonly destination: string;
  readonly tags: readonly WantedTag[];
}

/** A destination that can be opened. */
export interface CopyDestination extends DestinationTags, TagPlaces {
  /** Copies to one host share its limits. */
  readonly host: string;
  /** Whether it takes one image and nothing that is attached to it: a tarball. */
  readonly holdsOneImage?: boolean;
  open(on: OnContentEvent): Promise<TaggedTarget>;
  /** The tags with where each is, where they were looked up before: see {@link seenTags}. */
  readonly seen?: Promise<readonly WantedTag[]>;
  /**
   * Signs the image there, before a tag moves to it. `tags` are those that are not on it yet; undefined when nothing is
   * brought and no tag moves.
   */
  sign?(target: TaggedTarget, root: Descriptor, tags: readonly string[] | undefined): Promise<void>;
  /** Called at the end, whether the copy was successful or not. */
  close?(): Promise<void>;
}

/** Receives the events of copies with the host of the destination. */
export type OnPromotionEvent = (event: ContentEvent, host: string) => void;

/** What the copies of one run share. */
export interface CopyImageOptions {
  readonly memory: SharedMemory;
  /** Lets so many copies to a host begin at a time. */
  admit<Result>(host: string, copying: () => Promise<Result>): Promise<Result>;
  /** Whether a tag of an attachment may leave what a destination has under it; without this, none may. */
  readonly mayReplace?: ((destination: string, tag: string) => boolean) | undefined;
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
  { memory, admit, mayReplace, signal, on }: CopyImageOptions,
  report: (destination: Destination, outcomes: readonly TagOutcome[]) => void,
): Promise<void> {
  const { root, bytes, reader } = image;
  const known = { ...root.descriptor, bytes };
  const shares = shareReads(reader, known, destinations.length, memory);
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
          const seen = { ...destination, tags: await (destination.seen ?? seenTags(opened, destination)) };
          return await copyAgainIfLost(opened, onEvent, (target) =>
            copyTo(target, seen, shared, { mayReplace, signal, on: onEvent }),
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

async function copyTo(
  target: TaggedTarget,
  destination: CopyDestination,
  image: SourceImage,
  { mayReplace, ...options }: Pick<CopyImageOptions, 'mayReplace' | 'signal'> & Pick<CopyOptions, 'on'>,
): Promise<TagOutcome[]> {
  const { tags, isSource, holdsOneImage } = destination;
  const { root, bytes, reader } = image;
  const { descriptor } = root;
  const copyOptions = { limiter: createLimiter(nodeConcurrency), ...options };
  const bringAttached = async (attachments: readonly Attachment[]) => {
    const isAllowed = (tag: string) => mayReplace?.(destination.destination, tag) ?? false;
    return keptReason(await bringAttachments(target, attachments, reader, copyOptions, isAllowed));
  };
  // They are looked for while the content travels: its failure is the one that counts.
  const looking = isSource || holdsOneImage ? Promise.resolve([]) : image.attachments();
  looking.catch(() => {});
  const isHeld = isSource || (await bringBelow(target, root, reader, copyOptions)) === 'held';
  const attachments = await looking;
  const outcome = isHeld ? 'tagged' : 'copied';
  if (tags.length === 0) {
    // The digest comes last: once it is there, nothing is left to do.
    const kept = await bringAttached(attachments);
    await destination.sign?.(target, descriptor, isHeld ? undefined : []);
    if (!isHeld) {
      await target.publish(descriptor, bytes);
    }
    return [{ tag: null, outcome: isHeld ? 'present' : 'copied', ...kept }];
  }
  if (!isHeld && (attachments.length > 0 || destination.sign)) {
    await target.publish(descriptor, bytes);
  }
  const kept = await bringAttached(attachments);
  const moving = tags.flatMap(({ tag, was }) => (was === descriptor.digest ? [] : [tag]));
  const isDone = isHeld && moving.length === 0;
  await destination.sign?.(target, descriptor, isDone ? undefined : moving);
  if (isDone) {
    return tags.map(({ tag }) => ({ tag, outcome: 'present', ...kept }));
  }
  const outcomes = await setTags(target, destination, { descriptor, bytes }, options.signal);
  return outcomes.map((each) => ({
    ...each,
    outcome: each.outcome === 'tagged' ? outcome : each.outcome,
    ...reasons(each.reason, kept.reason),
  }));
}

/** Why tags of attachments stay, as the reason of an outcome. */
function keptReason(kept: readonly KeptTag[]): Pick<TagOutcome, 'reason'> {
  return reasons(...kept.map(keptTagText));
}

function reasons(...all: readonly (string | undefined)[]): Pick<TagOutcome, 'reason'> {
  const known = all.filter((reason) => reason !== undefined);
  return known.length === 0 ? {} : { reason: known.join('; ') };
}
