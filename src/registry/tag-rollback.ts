// Tag rollback: the tags of one put move together, and when one fails, those that had moved are restored.
import { tagConcurrency } from '../concurrency.ts';
import type { OnContentEvent } from '../content/content-event.ts';
import type { CurrentTag, TagState } from '../content/tag-state.ts';
import { errorText, UserError } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { repositoryName } from '../oci/reference.ts';
import type { Session } from '../transport/session.ts';
import { deleteTag, putManifest } from './manifest-changes.ts';
import { getManifest, headManifest } from './manifest-endpoint.ts';

/** A tag for which a PUT was tried. */
export interface TriedTag {
  /** The tag and its state before the PUT. */
  readonly before: CurrentTag;
  /** Whether the PUT moved it for sure. */
  readonly moved: boolean;
  /** Where the PUT pointed it, or was to. */
  readonly to: Digest;
}

/** The facts for {@link rollbackStep}; `to` is where the PUT pointed the tag, or was to. */
export interface MovedTagFacts {
  readonly before: TagState;
  readonly now: TagState;
  readonly moved: boolean;
  readonly to: Digest;
}

/**
 * `restore`: point the tag at its former manifest; `remove`: delete a tag that did not exist; `none`: do nothing;
 * `taken`: leave a tag that another client has moved since; `unknown`: give up, because a state is not known.
 */
export type RollbackStep =
  | { readonly step: 'restore'; readonly to: Digest }
  | { readonly step: 'remove' | 'none' | 'taken' | 'unknown' };

/** How to undo the move of a tag. A PUT that failed may have moved it, and a registry may respond from a cache. */
export function rollbackStep({ before, now, moved, to }: MovedTagFacts): RollbackStep {
  const isBack = now.state === 'found' && before.state === 'found' && now.digest === before.digest;
  if (now.state === 'found' && now.digest !== to && !isBack) {
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
 * Restores tags after `cause` ended a put whose other tags had moved. Returns the error to report, which lists the tags
 * that could not be restored.
 */
export async function undoTags(
  session: Session,
  tags: readonly TriedTag[],
  on: OnContentEvent,
  cause: unknown,
): Promise<UserError> {
  const failures = await mapConcurrently(tags, tagConcurrency, async (tried) => {
    const { tag } = tried.before;
    try {
      await putBack(session, tried, on);
      return [];
    } catch (error) {
      return [`${tag}, which ${formerState(tried.before.now)} (${errorText(error)})`];
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

async function putBack(session: Session, { before, moved, to }: TriedTag, on: OnContentEvent): Promise<void> {
  const { tag } = before;
  const name = repositoryName(session.repository);
  const now = await headManifest(session, tag);
  const rollback = rollbackStep({ before: before.now, now, moved, to });
  switch (rollback.step) {
    case 'restore': {
      const { bytes, mediaType } = await getManifest(session, rollback.to);
      await putManifest(session, tag, mediaType, bytes);
      on({ type: 'tag-restored', name, tag, to: rollback.to });
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

/** Deletes by the name of the tag: deleting the manifest by digest would delete every other tag of it too. */
async function removeTag(session: Session, tag: string): Promise<void> {
  try {
    await deleteTag(session, tag);
  } catch (error) {
    // The tag may be gone although the response to an earlier try was lost.
    if ((await headManifest(session, tag)).state !== 'missing') {
      throw error;
    }
  }
}

function formerState(before: TagState): string {
  switch (before.state) {
    case 'found':
      return `pointed at ${before.digest}`;
    case 'missing':
      return 'did not exist';
    case 'unclear':
      return 'pointed to an unknown digest';
  }
}
