// Whether destinations hold exactly what the manifests say.
import type { Registries } from '../access/registries.ts';
import { childrenOf } from '../content/graph-source.ts';
import { errorText } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { isIndexType } from '../oci/media-type.ts';
import { parseRepository } from '../oci/reference.ts';
import { getManifest, isMissing } from '../registry/manifest-endpoint.ts';
import { type RepositoryContents, readRepositoryContents } from '../registry/repository-contents.ts';
import type { Session } from '../transport/session.ts';
import { attachmentFinder, derivedTags } from './attachments.ts';
import { edgesOf, type RepositoryPromotion } from './edges.ts';
import { mapByHost } from './hosts.ts';

/** How many tags or digests of one repository are asked for at a time. */
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

/** How many edges are expected, and how many differences there are of each kind. */
export interface AuditSummary {
  readonly expected: number;
  readonly missing: number;
  readonly moved: number;
  readonly unexpected: number;
}

/** A destination that could not be read, and what its registry said. */
export interface AuditFailure {
  readonly destination: string;
  readonly reason: string;
}

/** The result of an audit. */
export interface AuditResult {
  readonly summary: AuditSummary;
  readonly drift: readonly Drift[];
  readonly failures: readonly AuditFailure[];
}

/** What an audit takes. */
export interface AuditOptions {
  readonly registries: Registries;
  /** Leaves out a difference by its `destination:tag` or `destination@digest`. */
  ignored(place: string): boolean;
  readonly signal: AbortSignal;
}

/** Compares destinations with manifests. A destination that cannot be read fails by itself. */
export async function auditPromotions(
  promotions: readonly RepositoryPromotion[],
  { registries, ignored, signal }: AuditOptions,
): Promise<AuditResult> {
  let expected = 0;
  const failures: AuditFailure[] = [];
  const auditOne = async (promotion: RepositoryPromotion) => {
    const session = await registries.reader(parseRepository(promotion.destination));
    const contents = await readRepositoryContents(session, lookUpConcurrency);
    const wanted = new Map<string, Digest>();
    const digests = new Set<Digest>();
    for (const { digest, tag } of edgesOf(promotion)) {
      expected++;
      digests.add(digest);
      if (tag !== null) {
        wanted.set(tag, digest);
      }
    }
    const held = await heldDigests(session, contents, digests);
    const drift = [
      ...missingOrMoved(promotion, contents, held),
      ...(await unexpected(promotion.destination, { session, contents, wanted, digests })),
    ];
    return drift.filter(({ destination, tag, digest }) => !ignored(placeName(destination, tag, digest)));
  };
  const attempt = async (promotion: RepositoryPromotion) => {
    try {
      return await auditOne(promotion);
    } catch (error) {
      signal.throwIfAborted();
      failures.push({ destination: promotion.destination, reason: errorText(error) });
      return [];
    }
  };
  const drift = (await mapByHost(promotions, ({ destination }) => destination, attempt)).flat();
  const count = (kind: Drift['kind']) => drift.filter((each) => each.kind === kind).length;
  return {
    summary: {
      expected,
      missing: count('missing'),
      moved: count('moved'),
      unexpected: count('unexpected'),
    },
    drift,
    failures,
  };
}

function placeName(destination: string, tag: string | null, digest: Digest): string {
  return tag === null ? `${destination}@${digest}` : `${destination}:${tag}`;
}

/** Which of the expected digests are there; asked for where the contents do not say. */
async function heldDigests(
  session: Session,
  contents: RepositoryContents,
  digests: ReadonlySet<Digest>,
): Promise<ReadonlySet<Digest>> {
  if (contents.isComplete) {
    return contents.digests;
  }
  const held = new Set(contents.digests);
  const unknown = [...digests].filter((digest) => !held.has(digest));
  await mapConcurrently(unknown, lookUpConcurrency, async (digest) => {
    try {
      await getManifest(session, digest);
      held.add(digest);
    } catch (error) {
      if (!isMissing(error)) {
        throw error;
      }
    }
  });
  return held;
}

function missingOrMoved(
  promotion: RepositoryPromotion,
  { tags }: RepositoryContents,
  held: ReadonlySet<Digest>,
): Drift[] {
  return Array.from(edgesOf(promotion)).flatMap(({ destination, digest, tag }): Drift[] => {
    const now = tag === null ? undefined : tags.get(tag);
    if (tag === null ? held.has(digest) : now === digest) {
      return [];
    }
    return now === undefined
      ? [{ destination, digest, tag, kind: 'missing' }]
      : [{ destination, digest, tag, kind: 'moved', was: now }];
  });
}

/** Tags and digests that no manifest names, but for what belongs to the images that they name. */
async function unexpected(
  destination: string,
  {
    session,
    contents,
    wanted,
    digests,
  }: {
    readonly session: Session;
    readonly contents: RepositoryContents;
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
