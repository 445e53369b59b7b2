// The tags of an image at one destination: where they are, which may move, and how each is set.
import { tagConcurrency } from '../concurrency.ts';
import type { TaggedTarget } from '../content/content-graph.ts';
import type { CurrentTag } from '../content/tag-state.ts';
import { causes, errorText } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isContentLost } from '../transfer/copy-again.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { isPassing } from '../transport/retry-policy.ts';

/** A tag that is to point at the image. */
export interface WantedTag {
  readonly tag: string;
  /**
   * Where it pointed when that was planned, undefined for a new tag; `any` for one that was not looked up: it is moved from
   * where it is when the copy begins.
   */
  readonly was: Digest | 'any' | undefined;
}

/** The tags that are wanted at a destination. */
export interface TagPlaces {
  readonly tags: readonly WantedTag[];
  /** Whether the image is read from this very place: it is held there, with all that is attached to it. */
  readonly isSource: boolean;
  /** Whether all tags are written in one step, as on disk; else each is set, and fails, by itself. */
  readonly tagsAtOnce: boolean;
}

/** What became of one tag, or of the digest alone (null). */
export interface TagOutcome {
  readonly tag: string | null;
  readonly outcome: 'copied' | 'tagged' | 'present' | 'failed';
  readonly reason?: string;
}

/**
 * The tags with where each is before anything is copied. A tag of the repository that the image is read from is not looked
 * at: nothing is copied, so that somebody else has no time to move it.
 */
export async function seenTags(
  target: TaggedTarget,
  { tags, isSource }: TagPlaces,
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

/**
 * Points the tags at an image whose content is there, those that may move; the outcome of those that do is `tagged`. Throws
 * when the destination lacks the content, and when the tags are written in one step and that fails.
 */
export async function setTags(
  target: TaggedTarget,
  places: TagPlaces,
  image: { readonly descriptor: Descriptor; readonly bytes: Uint8Array },
  signal: AbortSignal,
): Promise<TagOutcome[]> {
  const { descriptor, bytes } = image;
  const current = await currentTags(target, places);
  const judged = places.tags.map((wanted, position) =>
    judgeTag(wanted, current[position], descriptor.digest),
  );
  const moving = judged.flatMap(({ move }) => move ?? []);
  const put = (tags: readonly CurrentTag[]) => target.publishTagged(descriptor, bytes, tags);
  if (moving.length > 0 && places.tagsAtOnce) {
    await put(moving);
    return judged.map(({ result }) => result);
  }
  const failures = await putEach(moving, put, signal);
  return judged.map(({ result }) => {
    const reason = failures.get(result.tag ?? '');
    return reason === undefined ? result : { ...result, outcome: 'failed', reason };
  });
}

/**
 * Sets tags one by one, and returns why some failed. One that the registry refuses is left out; after any other failure, such
 * as a host that is down, the rest is not tried.
 */
async function putEach(
  tags: readonly CurrentTag[],
  put: (tags: readonly CurrentTag[]) => Promise<void>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const failures = new Map<string, string>();
  let end: string | undefined;
  const putOne = async (tag: CurrentTag) => {
    if (end !== undefined) {
      failures.set(tag.tag, end);
      return;
    }
    try {
      await put([tag]);
    } catch (error) {
      signal.throwIfAborted();
      if (isContentLost(error)) {
        throw error;
      }
      const reason = errorText(error);
      failures.set(tag.tag, reason);
      end ??= isRefusal(error) ? undefined : reason;
    }
  };
  // The first PUT stores the content; the others point further tags at what exists by then.
  await mapConcurrently(tags.slice(0, 1), 1, putOne);
  await mapConcurrently(tags.slice(1), tagConcurrency, putOne);
  return failures;
}

/** Whether a registry said no to one request, which says nothing about the next one. */
function isRefusal(error: unknown): boolean {
  return [...causes(error)].some(
    (level) => level instanceof RegistryError && level.status >= 400 && !isPassing(level.status),
  );
}

/** Another tag for what is there needs no look at the tags, when they may be moved from anywhere. */
async function currentTags(
  target: TaggedTarget,
  { tags, isSource }: TagPlaces,
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
