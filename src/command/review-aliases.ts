// The aliases of a put: judged by the tags of the repository before the copy, and once more right before they move.
import type { CurrentTag, TagRule } from '../content/tag-state.ts';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { leaveTags, unlistedTag } from '../policy/listed-tags.ts';
import { hasAliases, type RequestedTags, type TagsToPush, tagsToPush } from '../policy/tags-to-push.ts';
import { isMissing } from '../registry/manifest-endpoint.ts';
import type { RegistryError } from '../transport/registry-error.ts';
import type { Session } from '../transport/session.ts';
import { listValidTags } from './list-tags.ts';

/** The tags of a put, with its aliases by the tags that the repository had at first. */
export interface ReviewedTags extends TagsToPush {
  /** The rule by the tags that the repository has now, which other puts may have moved meanwhile. */
  review(rule: TagRule, seen: readonly CurrentTag[], isLast: boolean): Promise<TagRule>;
  /** The aliases that stay where they are, because a newer version came meanwhile. */
  staying(): readonly string[];
}

/** Lists the tags of the repository where the put has aliases. Throws a UserError when they cannot be listed. */
export async function reviewedTags(
  requested: RequestedTags,
  session: Session,
  log: Log,
): Promise<ReviewedTags> {
  const isNeeded = hasAliases(requested);
  let existing: ExistingTags = isNeeded ? await existingTags(session, log) : { tags: [] };
  const chosen = tagsToPush(requested, existing.tags);
  let staying: readonly string[] = [];
  reportKept(log, chosen, []);
  return {
    ...chosen,
    staying: () => staying,
    async review(rule, seen, isLast) {
      if (!isNeeded || (!isLast && unlistedTag(seen, chosen.aliases, existing.tags) === undefined)) {
        return rule;
      }
      existing = await existingTags(session, log);
      const unlisted = unlistedTag(seen, chosen.aliases, existing.tags);
      if (unlisted !== undefined) {
        throw wrongList(unlisted, existing);
      }
      const now = tagsToPush(requested, existing.tags);
      reportKept(log, now, chosen.keptAliases);
      staying = chosen.aliases.filter((tag) => !now.aliases.includes(tag) && !chosen.asked.includes(tag));
      return leaveTags(rule, staying);
    },
  };
}

interface ExistingTags {
  readonly tags: readonly string[];
  /** The 404 by which the registry says that it does not know the repository yet. */
  readonly refusal?: RegistryError;
}

async function existingTags(session: Session, log: Log): Promise<ExistingTags> {
  try {
    return { tags: await listValidTags(session, log) };
  } catch (cause) {
    // Harbor responds with NOT_FOUND, most others with NAME_UNKNOWN, some without a code.
    if (isMissing(cause) && ['NAME_UNKNOWN', 'NOT_FOUND', undefined].includes(cause.codes[0])) {
      return { tags: [], refusal: cause };
    }
    throw new UserError('determine aliases: list repository tags', { cause });
  }
}

function wrongList(tag: string, { tags, refusal: cause }: ExistingTags): UserError {
  const list = tags.length === 0 ? 'lists no tags of the repository' : `lists ${tags.length} other tag(s)`;
  return new UserError(`determine aliases: the registry ${list}, but the tag ${tag} exists`, {
    cause,
    code: 'TAG_LIST_WRONG',
  });
}

function reportKept(
  log: Log,
  { keptAliases }: TagsToPush,
  reported: readonly { readonly alias: string }[],
): void {
  for (const { alias, newer } of keptAliases) {
    if (!reported.some((other) => other.alias === alias)) {
      log.info(`alias ${alias} does not move: the repository has the newer version ${newer}`);
    }
  }
}
