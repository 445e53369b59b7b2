// Deletes temporary tags that are due, without taking anything else along.
import { errorText } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { findManifest } from '../registry/found-manifest.ts';
import { deleteManifest, deleteTag, putManifest } from '../registry/manifest-changes.ts';
import { headManifest, isMissing, type ServedManifest } from '../registry/manifest-endpoint.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { isPassing } from '../transport/retry-policy.ts';
import type { Session } from '../transport/session.ts';
import { createIndexContents, type IndexContents } from './index-contents.ts';

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
