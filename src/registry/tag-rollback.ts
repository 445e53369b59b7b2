// The tags of one put move together: when one fails, those that had moved go back to where they pointed.
import { tagConcurrency } from '../concurrency.ts';
import type { OnContentEvent } from '../content/content-event.ts';
import type { CurrentTag, TagState } from '../content/tag-state.ts';
import { errorText, UserError } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { repositoryName } from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { deleteTag, getManifest, headManifest, putManifest } from './manifest-endpoint.ts';

/** A tag that a PUT was tried for. */
export interface TriedTag {
  /** The tag and where it pointed before. */
  readonly before: CurrentTag;
  /** Whether the PUT succeeded. */
  readonly moved: boolean;
}

/** What {@link stepBack} goes by; `root` is what the PUT was to point the tag at. */
export interface MovedTagFacts {
  readonly before: TagState;
  readonly now: TagState;
  readonly moved: boolean;
  readonly root: Digest;
}

/**
 * `restore` the manifest that the tag pointed at, `remove` a tag that was not there, do nothing (`none`), leave a tag
 * that somebody else has moved since (`taken`), or give up where it is not known what to do (`unknown`).
 */
export type StepBack =
  | { readonly step: 'restore'; readonly to: Digest }
  | { readonly step: 'remove' | 'none' | 'taken' | 'unknown' };

/** How to undo the move of a tag. A PUT that failed may have moved it all the same, and a registry may answer from a cache. */
export function stepBack({ before, now, moved, root }: MovedTagFacts): StepBack {
  const isBack = now.state === 'found' && before.state === 'found' && now.digest === before.digest;
  if (now.state === 'found' && now.digest !== root && !isBack) {
    return { step: 'taken' };
  }
  if (!moved && (isBack || now.state !== 'found')) {
    return { step: now.state === 'unclear' ? 'unknown' : 'none' };
  }
  return before.state === 'found'
    ? { step: 'restore', to: before.digest }
    : { step: before.state === 'missing' ? 'remove' : 'unknown' };
}

/**
 * Puts tags back after `cause` ended a put whose other tags had moved, where the registry allows it. Returns the error to
 * report, which lists those for which it does not.
 */
export async function undoTags(
  session: Session,
  tags: readonly TriedTag[],
  root: Digest,
  on: OnContentEvent,
  cause: unknown,
): Promise<UserError> {
  const failures = await mapConcurrently(tags, tagConcurrency, async (tried) => {
    const { tag } = tried.before;
    try {
      await putBack(session, tried, root, on);
      return [];
    } catch (error) {
      return [`${tag}, which ${formerPlace(tried.before.now)} (${errorText(error)})`];
    }
  });
  const left = failures.flat();
  const done = 'tags move together or not at all: those that had moved were put back';
  return left.length === 0
    ? new UserError(done, { cause })
    : new UserError(`${done}, except ${left.join(' and ')}`, {
        cause,
        hint: 'correct by hand what is listed, or repeat the put until it succeeds: it moves all tags again',
      });
}

async function putBack(
  session: Session,
  { before, moved }: TriedTag,
  root: Digest,
  on: OnContentEvent,
): Promise<void> {
  const { tag } = before;
  const name = repositoryName(session.repository);
  const now = await headManifest(session, tag);
  const back = stepBack({ before: before.now, now, moved, root });
  switch (back.step) {
    case 'restore': {
      const { bytes, mediaType } = await getManifest(session, back.to);
      await putManifest(session, tag, mediaType, bytes);
      on({ type: 'tag-restored', name, tag, to: back.to });
      return;
    }
    case 'remove':
      await removeTag(session, tag);
      on({ type: 'tag-restored', name, tag, to: undefined });
      return;
    case 'taken':
      on({ type: 'tag-taken', name, tag });
      return;
    case 'unknown':
      throw new UserError('the registry did not say where it points');
    case 'none':
  }
}

/** By its name only: deleting the manifest by digest would take along every other tag on it. */
async function removeTag(session: Session, tag: string): Promise<void> {
  try {
    await deleteTag(session, tag);
  } catch (error) {
    // An answer that got lost may have done its work.
    if ((await headManifest(session, tag)).state !== 'missing') {
      throw error;
    }
  }
}

function formerPlace(before: TagState): string {
  switch (before.state) {
    case 'found':
      return `pointed at ${before.digest}`;
    case 'missing':
      return 'did not exist';
    case 'unclear':
      return 'pointed to an unknown digest';
  }
}
