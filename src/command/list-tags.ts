// Lists the tags of a repository for check and out, without entries that are not tags.
import type { Log } from '../log.ts';
import { quote } from '../policy/quote.ts';
import { isTag } from '../policy/tag-grammar.ts';
import { listTags } from '../registry/tag-list.ts';
import type { Session } from '../transport/session.ts';

/** How much of an entry a debug line quotes. */
const quotedLength = 100;

/**
 * The tags of a repository in the registry's order. Entries of the list that no registry can have as a tag (a digest, an
 * empty string) are left out, because a request for one fails or leads elsewhere. Throws as {@link listTags}.
 */
export async function listValidTags(session: Session, log: Log): Promise<string[]> {
  const listed = await listTags(session);
  const tags = listed.filter(isTag);
  const ignored = listed.find((entry) => !isTag(entry));
  if (ignored !== undefined) {
    const count = listed.length - tags.length;
    log.debug(
      `${count} of the listed tags cannot be tags, ignored: ${quote(ignored.slice(0, quotedLength))}`,
    );
  }
  return tags;
}
