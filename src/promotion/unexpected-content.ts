// What a destination holds although no manifest says so: tags and digests, but for what belongs to the images named.
import { childrenOf } from '../content/graph-source.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { getManifest, isMissing } from '../registry/manifest-endpoint.ts';
import type { RepositoryContents } from '../registry/repository-contents.ts';
import type { Session } from '../transport/session.ts';
import { attachmentFinder, derivedTags } from './attachments.ts';

/** How many images are read at a time. */
const lookUpConcurrency = 8;

/** A difference: not there, on another digest, or there although no manifest says so. */
export interface Drift {
  /** `host/path/name` */
  readonly destination: string;
  /** What the manifests say, or what is there unexpectedly. */
  readonly digest: Digest;
  readonly tag: string | null;
  readonly kind: 'missing' | 'moved' | 'unexpected';
  /** Where a tag that has moved points. */
  readonly was?: Digest;
}

/** What is known of a destination. */
export type AuditedContents = Pick<RepositoryContents, 'tags' | 'digests' | 'isComplete'>;

/** Tags and digests that no manifest names, but for what belongs to the images that they name. */
export async function unexpectedContent(
  destination: string,
  {
    session,
    contents,
    wanted,
    digests,
  }: {
    readonly session: Session;
    readonly contents: AuditedContents;
    readonly wanted: ReadonlyMap<string, Digest>;
    readonly digests: ReadonlySet<Digest>;
  },
): Promise<Drift[]> {
  const strayTags = [...contents.tags].filter(([tag]) => !wanted.has(tag));
  const strayDigests = [...contents.digests].filter((digest) => !digests.has(digest));
  if (strayTags.length === 0 && strayDigests.length === 0) {
    return [];
  }
  const owned = await ownedBy(session, digests);
  const tagDrift = strayTags
    .filter(([tag]) => !owned.tags.has(tag))
    .map(([tag, digest]): Drift => ({ destination, digest, tag, kind: 'unexpected' }));
  const tagged = new Set(contents.tags.values());
  const digestDrift = strayDigests
    .filter((digest) => !tagged.has(digest) && !owned.digests.has(digest))
    .map((digest): Drift => ({ destination, digest, tag: null, kind: 'unexpected' }));
  return [...tagDrift, ...digestDrift];
}

/** Children of indexes, referrers, and the tags that are derived from all of these digests. */
async function ownedBy(session: Session, digests: ReadonlySet<Digest>) {
  const finder = attachmentFinder(session, () => true);
  const owned = new Set<Digest>();
  const tags = new Set<string>();
  await mapConcurrently([...digests], lookUpConcurrency, async (digest) => {
    derivedTags(digest).forEach((tag) => {
      tags.add(tag);
    });
    const served = await getManifest(session, digest).catch((error: unknown) => {
      if (isMissing(error)) {
        return undefined;
      }
      throw error;
    });
    if (!served) {
      return;
    }
    const { bytes, mediaType } = served;
    const kind = isIndexType(mediaType) ? ('index' as const) : ('manifest' as const);
    const children = kind === 'index' ? childrenOf('index', bytes, `index ${digest}`) : [];
    const root = { descriptor: { mediaType, size: bytes.length, digest }, kind };
    const attachments = await finder.find(root, bytes);
    for (const { descriptor } of [...children, ...attachments.map(({ node }) => node)]) {
      owned.add(descriptor.digest);
      derivedTags(descriptor.digest).forEach((tag) => {
        tags.add(tag);
      });
    }
  });
  return { digests: owned, tags };
}
