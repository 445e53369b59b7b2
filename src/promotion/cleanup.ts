// Temporary tags that are due: which they are, and how each is deleted without taking anything else along.
import { childrenOf } from '../content/graph-source.ts';
import { errorText } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { deleteManifest, deleteTag, putManifest } from '../registry/manifest-changes.ts';
import { getManifest, headManifest, type ServedManifest } from '../registry/manifest-endpoint.ts';
import type { Session } from '../transport/session.ts';

/** How many manifests are read at a time to see what they list. */
const lookUpConcurrency = 8;

/** A tag that may be due. */
export interface AgedTag {
  readonly tag: string;
  readonly digest: Digest;
  /** Milliseconds since 1970; undefined when it is not known, and then the tag stays. */
  readonly time: number | undefined;
  /** Why the time could not be read. */
  readonly failure?: string;
}

/** Which tags are due. */
export interface CleanupRule {
  /** The least age in milliseconds. */
  readonly olderThan: number;
  /** How many of the newest tags stay whatever their age. */
  readonly keep: number;
}

/** The tags that are due at `now`, oldest first. */
export function dueTags(tags: readonly AgedTag[], { olderThan, keep }: CleanupRule, now: number): AgedTag[] {
  const known = tags.flatMap((each) => (each.time === undefined ? [] : [{ ...each, time: each.time }]));
  const newestFirst = known.toSorted((a, b) => b.time - a.time || (a.tag < b.tag ? 1 : -1));
  return newestFirst
    .slice(keep)
    .filter(({ time }) => now - time >= olderThan)
    .reverse();
}

/** What became of a tag. */
export interface DeletedTag {
  readonly tag: string;
  readonly digest: Digest;
  /** `manifest`: the registry cannot delete tags, and nothing else used the digest. */
  readonly outcome: 'tag' | 'manifest' | 'kept';
  readonly reason?: string;
}

/**
 * Deletes tags one after the other: as a tag where the registry can; by digest only when no tag but those that are due,
 * and no index of the repository uses it. `tags` are all tags of the repository with their digests.
 */
export async function deleteTags(
  session: Session,
  due: readonly { readonly tag: string; readonly digest: Digest }[],
  tags: ReadonlyMap<string, Digest>,
): Promise<DeletedTag[]> {
  const left = new Map(tags);
  const dueTagsLeft = new Set(due.map(({ tag }) => tag));
  const deleted = new Set<Digest>();
  const outcomes: DeletedTag[] = [];
  for (const { tag, digest } of due) {
    const outcome: DeletionOutcome = deleted.has(digest)
      ? { outcome: 'manifest' }
      : await deleteOne(session, tag, digest, { tags: left, due: dueTagsLeft });
    outcomes.push({ tag, digest, ...outcome });
    if (outcome.outcome === 'manifest') {
      deleted.add(digest);
    }
    if (outcome.outcome !== 'kept') {
      left.delete(tag);
    }
  }
  return outcomes;
}

type DeletionOutcome = Pick<DeletedTag, 'outcome' | 'reason'>;

async function deleteOne(
  session: Session,
  tag: string,
  digest: Digest,
  { tags, due }: { readonly tags: ReadonlyMap<string, Digest>; readonly due: ReadonlySet<string> },
): Promise<DeletionOutcome> {
  const others = [...tags].flatMap(([other, place]) => (other !== tag && place === digest ? [other] : []));
  try {
    const shared = others.length > 0 ? await getManifest(session, digest) : undefined;
    const refusal = await refusalOf(() => deleteTag(session, tag));
    if (refusal === undefined) {
      await restoreTags(session, others, shared);
      return { outcome: 'tag' };
    }
    const staying = others.find((other) => !due.has(other));
    const user = staying === undefined ? await indexWith(session, digest, tags) : `tag ${staying}`;
    if (user !== undefined) {
      return {
        outcome: 'kept',
        reason: `the registry does not delete tags (${errorText(refusal)}), and ${user} uses the digest`,
      };
    }
    await deleteManifest(session, digest);
    return { outcome: 'manifest' };
  } catch (error) {
    return { outcome: 'kept', reason: errorText(error) };
  }
}

async function refusalOf(action: () => Promise<void>): Promise<unknown> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Some registries take the manifest, and with it every tag on it, when one tag is deleted. */
async function restoreTags(
  session: Session,
  tags: readonly string[],
  manifest: ServedManifest | undefined,
): Promise<void> {
  if (manifest && (await headManifest(session, manifest.digest)).state === 'missing') {
    for (const tag of tags) {
      await putManifest(session, tag, manifest.mediaType, manifest.bytes);
    }
  }
}

/** An index of the repository that lists the digest. */
async function indexWith(
  session: Session,
  digest: Digest,
  tags: ReadonlyMap<string, Digest>,
): Promise<string | undefined> {
  const others = [...tags].filter(([, place]) => place !== digest);
  const listed = await mapConcurrently(others, lookUpConcurrency, async ([other, place]) => {
    const { bytes, mediaType } = await getManifest(session, place);
    const lists =
      isIndexType(mediaType) &&
      childrenOf('index', bytes, `index ${place}`).some(({ descriptor }) => descriptor.digest === digest);
    return lists ? [`the index of tag ${other}`] : [];
  });
  return listed.flat()[0];
}
