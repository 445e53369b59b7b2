// Deletes temporary tags after a put has succeeded.
import { errorText, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { repositoryName } from '../oci/reference.ts';
import { type DeletedTag, deleteTags } from '../promotion/cleanup.ts';
import { dueTags } from '../promotion/due-tags.ts';
import { agedTags } from '../promotion/tag-age.ts';
import { readRepositoryContents } from '../registry/repository-contents.ts';
import type { PutCleanup } from '../request/put-options.ts';
import type { Session } from '../transport/session.ts';

/** How many tags are asked for at a time. */
const lookUpConcurrency = 4;

/**
 * Deletes the tags that are named, and those that a pattern matches and that are old enough; never one of `published`. A
 * tag that stays is a warning, or with `strict` a UserError at the end.
 */
export async function cleanUp(
  session: Session,
  cleanup: PutCleanup,
  published: readonly string[],
  { now, log }: { readonly now: number; readonly log: Log },
): Promise<void> {
  let outcomes: readonly DeletedTag[];
  const name = repositoryName(session.repository);
  try {
    outcomes = await deleteDue(session, cleanup, published, now);
  } catch (cause) {
    if (cleanup.strict) {
      throw new UserError(`the image is published, but cleaning up ${name} failed`, { cause });
    }
    log.warn(`cleaning up ${name} failed: ${errorText(cause)}`);
    return;
  }
  const kept = outcomes.filter(({ outcome }) => outcome === 'kept');
  for (const { tag, outcome, reason } of outcomes) {
    if (outcome === 'kept') {
      log.warn(`${name}:${tag} was not deleted: ${reason ?? ''}`);
    } else {
      log.info(`deleted ${name}:${tag}`);
    }
  }
  if (cleanup.strict && kept.length > 0) {
    const tags = kept.map(({ tag }) => tag).join(', ');
    throw new UserError(`the image is published, but these tags of ${name} were not deleted: ${tags}`);
  }
}

async function deleteDue(
  session: Session,
  { tags, pattern, olderThan }: PutCleanup,
  published: readonly string[],
  now: number,
): Promise<readonly DeletedTag[]> {
  const contents = await readRepositoryContents(session, lookUpConcurrency);
  const isFree = (tag: string) => contents.tags.has(tag) && !published.includes(tag);
  const named = new Set(tags.filter(isFree));
  const matching = [...contents.tags].filter(
    ([tag]) => !named.has(tag) && isFree(tag) && pattern?.matches(tag),
  );
  const aged = await agedTags(session, matching, 'created');
  const due = dueTags(aged, { olderThan, keep: 0 }, now);
  const unread = aged.flatMap(({ tag, digest, failure }): DeletedTag[] =>
    failure === undefined ? [] : [{ tag, digest, outcome: 'kept', reason: failure }],
  );
  const all = [...named].flatMap((tag) => {
    const digest = contents.tags.get(tag);
    return digest === undefined ? [] : [{ tag, digest }];
  });
  return [...(await deleteTags(session, [...all, ...due], contents.tags)), ...unread];
}
