// Everything that a repository holds under tags: by one request where its tag list has digests, else tag by tag.
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import type { Session } from '../transport/session.ts';
import { isMissing, lookUpDigest } from './manifest-endpoint.ts';
import { listTagDigests, type RepositoryListing } from './tag-digests.ts';
import { listTags } from './tag-list.ts';

/** A listing, and whether its digests are all that the repository holds, or only those with a tag. */
export interface RepositoryContents extends RepositoryListing {
  readonly isComplete: boolean;
}

/** The tags that `wanted` chooses, with their digests; a repository that does not exist is empty. */
export async function readRepositoryContents(
  session: Session,
  concurrency: number,
  wanted: (tag: string) => boolean = () => true,
): Promise<RepositoryContents> {
  const listed = await listTagDigests(session);
  if (listed.kind === 'missing') {
    return { tags: new Map(), digests: new Set(), mediaTypes: new Map(), isComplete: false };
  }
  if (listed.kind === 'digests') {
    const { listing } = listed;
    const tags = new Map([...listing.tags].filter(([tag]) => wanted(tag)));
    return { ...listing, tags, isComplete: true };
  }
  const names = (listed.tags ?? (await listTags(session).catch(emptyWhenMissing))).filter(wanted);
  const tags = new Map<string, Digest>();
  await mapConcurrently([...new Set(names)], concurrency, async (tag) => {
    const digest = await lookUpDigest(session, tag);
    if (digest !== undefined) {
      tags.set(tag, digest);
    }
  });
  return { tags, digests: new Set(tags.values()), mediaTypes: new Map(), isComplete: false };
}

function emptyWhenMissing(error: unknown): string[] {
  if (isMissing(error)) {
    return [];
  }
  throw error;
}
