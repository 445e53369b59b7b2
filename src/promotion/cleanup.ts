// Temporary tags that are due: which they are, and how each is deleted without taking anything else along.
import { childrenOf } from '../content/graph-source.ts';
import { errorText } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { findManifest } from '../registry/found-manifest.ts';
import { deleteManifest, deleteTag, putManifest } from '../registry/manifest-changes.ts';
import { getManifest, headManifest, isMissing, type ServedManifest } from '../registry/manifest-endpoint.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { isPassing } from '../transport/retry-policy.ts';
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
 * and no index of the repository uses it. `tags` are all tags of the repository with their digests; one that is elsewhere
 * by now stays.
 */
export async function deleteTags(
  session: Session,
  due: readonly { readonly tag: string; readonly digest: Digest }[],
  tags: ReadonlyMap<string, Digest>,
): Promise<DeletedTag[]> {
  const state: DeletionState = {
    tags: new Map(tags),
    due: new Set(due.map(({ tag }) => tag)),
    indexes: createIndexContents(session),
    mayTakeManifests: true,
  };
  const deleted = new Set<Digest>();
  const outcomes: DeletionOutcome[] = [];
  const attempt = async (position: number, tag: string, digest: Digest) => {
    const outcome: DeletionOutcome = deleted.has(digest)
      ? { outcome: 'manifest' }
      : await deleteOne(session, tag, digest, state);
    outcomes[position] = outcome;
    if (outcome.outcome === 'manifest') {
      deleted.add(digest);
    }
    if (outcome.outcome !== 'kept') {
      state.tags.delete(tag);
    }
  };
  for (const [position, { tag, digest }] of due.entries()) {
    await attempt(position, tag, digest);
  }
  // The image of an index that was deleted after it is free now.
  for (const [position, { tag, digest }] of due.entries()) {
    const index = outcomes[position]?.index;
    if (index !== undefined && !state.tags.has(index)) {
      await attempt(position, tag, digest);
    }
  }
  return due.map(({ tag, digest }, position): DeletedTag => {
    const { outcome = 'kept', reason } = outcomes[position] ?? {};
    return { tag, digest, outcome, ...(reason === undefined ? {} : { reason }) };
  });
}

/** What is known of a repository while tags are deleted. */
interface DeletionState {
  /** Those that are left. */
  readonly tags: Map<string, Digest>;
  readonly due: ReadonlySet<string>;
  readonly indexes: IndexContents;
  /** Until the registry was seen to refuse, or to leave the manifest of its only tag. */
  mayTakeManifests: boolean;
}

interface DeletionOutcome extends Pick<DeletedTag, 'outcome' | 'reason'> {
  /** The tag of an index for which it stays. */
  readonly index?: string;
}

async function deleteOne(
  session: Session,
  tag: string,
  digest: Digest,
  state: DeletionState,
): Promise<DeletionOutcome> {
  const { tags, due, indexes } = state;
  const others = [...tags].flatMap(([other, place]) => (other !== tag && place === digest ? [other] : []));
  try {
    const now = await headManifest(session, tag);
    if (now.state === 'found' && now.digest !== digest) {
      return { outcome: 'kept', reason: `the tag was moved meanwhile: it is on ${now.digest}` };
    }
    if (now.state === 'missing') {
      return { outcome: 'tag', reason: 'somebody else has deleted it' };
    }
    const isWatched = others.length > 0 || state.mayTakeManifests;
    const manifest = isWatched ? await findManifest(session, digest) : undefined;
    const refusal = await refusalOf(() => deleteTag(session, tag));
    // The answer to an earlier try may have been lost: then the tag is gone.
    if (refusal === undefined || (isMissing(refusal) && (await isGone(session, tag)))) {
      if (manifest) {
        await putBack(session, manifest, others, state);
      }
      return { outcome: 'tag' };
    }
    state.mayTakeManifests = false;
    const staying = others.find((other) => !due.has(other));
    const index = staying === undefined ? await indexes.using(digest, tags) : undefined;
    const user = staying === undefined ? index && `the index of tag ${index}` : `tag ${staying}`;
    if (user !== undefined) {
      const reason = `the registry does not delete tags (${errorText(refusal)}), and ${user} uses the digest`;
      return { outcome: 'kept', reason, ...(index === undefined ? {} : { index }) };
    }
    await deleteManifest(session, digest).catch((error: unknown) => {
      if (!isMissing(error)) {
        throw error;
      }
    });
    return { outcome: 'manifest' };
  } catch (error) {
    return { outcome: 'kept', reason: errorText(error) };
  }
}

async function isGone(session: Session, reference: string): Promise<boolean> {
  return (await headManifest(session, reference)).state === 'missing';
}

/** What a registry that does not delete tags says. A failure that may pass says nothing about what it can: it is thrown. */
async function refusalOf(action: () => Promise<void>): Promise<RegistryError | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (error instanceof RegistryError && error.status >= 400 && !isPassing(error.status)) {
      return error;
    }
    throw error;
  }
}

/** Some registries take the manifest, and with it every tag on it, when one tag is deleted. What uses it gets it back. */
async function putBack(
  session: Session,
  { mediaType, bytes, digest }: ServedManifest,
  others: readonly string[],
  state: DeletionState,
): Promise<void> {
  if (!(await isGone(session, digest))) {
    state.mayTakeManifests &&= others.length > 0;
    return;
  }
  for (const tag of others) {
    await putManifest(session, tag, mediaType, bytes);
  }
  if (others.length === 0 && (await state.indexes.using(digest, state.tags)) !== undefined) {
    await putManifest(session, digest, mediaType, bytes);
  }
}

/** What the indexes of a repository list. */
interface IndexContents {
  /** The tag of an index that lists the digest, itself or by indexes in it. */
  using(digest: Digest, tags: ReadonlyMap<string, Digest>): Promise<string | undefined>;
}

/** Reads each manifest once, when it is first asked for. */
function createIndexContents(session: Session): IndexContents {
  const known = new Map<Digest, Promise<ReadonlySet<Digest>>>();
  const below = (index: Digest): Promise<ReadonlySet<Digest>> => {
    const listed = known.get(index) ?? getManifest(session, index).then(listedBy);
    known.set(index, listed);
    return listed;
  };
  const listedBy = async ({ bytes, mediaType, digest }: ServedManifest): Promise<ReadonlySet<Digest>> => {
    const children = isIndexType(mediaType) ? childrenOf('index', bytes, `index ${digest}`) : [];
    const listed = new Set(children.map(({ descriptor }) => descriptor.digest));
    for (const { kind, descriptor } of children) {
      if (kind === 'index') {
        const nested = await below(descriptor.digest).catch(emptyWhenMissing);
        for (const each of nested) {
          listed.add(each);
        }
      }
    }
    return listed;
  };
  return {
    async using(digest, tags) {
      const others = [...tags].filter(([, place]) => place !== digest);
      const users = await mapConcurrently(others, lookUpConcurrency, async ([tag, place]) =>
        (await below(place)).has(digest) ? [tag] : [],
      );
      return users.flat()[0];
    },
  };
}

/** Registries accept indexes whose children they do not have. */
function emptyWhenMissing(error: unknown): ReadonlySet<Digest> {
  if (isMissing(error)) {
    return new Set();
  }
  throw error;
}
