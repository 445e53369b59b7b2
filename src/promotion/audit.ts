// Whether destinations hold exactly what the manifests say.
import type { Registries } from '../access/registries.ts';
import { errorText } from '../errors.ts';
import { mapConcurrently } from '../limiter.ts';
import type { Digest } from '../oci/digest.ts';
import { parseRepository } from '../oci/reference.ts';
import { lookUpDigest } from '../registry/manifest-endpoint.ts';
import { readRepositoryContents } from '../registry/repository-contents.ts';
import { RegistryError } from '../transport/registry-error.ts';
import { isPassing } from '../transport/retry-policy.ts';
import type { Session } from '../transport/session.ts';
import { countEdges, edgesOf, type RepositoryPromotion } from './edges.ts';
import { mapByHost } from './hosts.ts';
import { type AuditedContents, type Drift, unexpectedContent } from './unexpected-content.ts';

/** How many tags or digests of one repository are asked for at a time. */
const lookUpConcurrency = 8;

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
  /** Called for every destination that was read, or could not be. */
  onRead?: ((destination: string) => void) | undefined;
}

/** Compares destinations with manifests. A destination that cannot be read fails by itself. */
export async function auditPromotions(
  promotions: readonly RepositoryPromotion[],
  { registries, ignored, signal, onRead }: AuditOptions,
): Promise<AuditResult> {
  const failures: AuditFailure[] = [];
  const auditOne = async (promotion: RepositoryPromotion) => {
    const session = await registries.reader(parseRepository(promotion.destination));
    const contents = await readRepositoryContents(session, lookUpConcurrency).catch(
      async (error: unknown) => {
        if (!(error instanceof RegistryError) || isPassing(error.status)) {
          throw error;
        }
        const tags = await lookUpTags(session, promotion);
        failures.push({
          destination: promotion.destination,
          reason: `the registry lists no tags, so that what is unexpected is not found: ${errorText(error)}`,
        });
        return { tags, digests: new Set(tags.values()), isComplete: false };
      },
    );
    const wanted = new Map<string, Digest>();
    const digests = new Set<Digest>();
    for (const { digest, tag } of edgesOf(promotion)) {
      digests.add(digest);
      if (tag !== null) {
        wanted.set(tag, digest);
      }
    }
    const held = await heldDigests(session, contents, digests);
    const drift = [
      ...missingOrMoved(promotion, contents, held),
      ...(await unexpectedContent(promotion.destination, { session, contents, wanted, digests })),
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
    } finally {
      onRead?.(promotion.destination);
    }
  };
  const drift = (await mapByHost(promotions, ({ destination }) => destination, attempt)).flat();
  const count = (kind: Drift['kind']) => drift.filter((each) => each.kind === kind).length;
  return {
    summary: {
      expected: promotions.reduce((sum, promotion) => sum + countEdges(promotion), 0),
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

/** Where the tags that the manifests name point; all that can be known without a list of tags. */
async function lookUpTags(
  session: Session,
  promotion: RepositoryPromotion,
): Promise<ReadonlyMap<string, Digest>> {
  const names = new Set(Array.from(edgesOf(promotion)).flatMap(({ tag }) => tag ?? []));
  const found = await mapConcurrently([...names], lookUpConcurrency, async (tag) => {
    const digest = await lookUpDigest(session, tag);
    return digest === undefined ? [] : [[tag, digest] as const];
  });
  return new Map(found.flat());
}

/** Which of the expected digests are there; asked for where the contents do not say. */
async function heldDigests(
  session: Session,
  contents: AuditedContents,
  digests: ReadonlySet<Digest>,
): Promise<ReadonlySet<Digest>> {
  if (contents.isComplete) {
    return contents.digests;
  }
  const held = new Set(contents.digests);
  const unknown = [...digests].filter((digest) => !held.has(digest));
  await mapConcurrently(unknown, lookUpConcurrency, async (digest) => {
    if ((await lookUpDigest(session, digest)) !== undefined) {
      held.add(digest);
    }
  });
  return held;
}

function missingOrMoved(
  promotion: RepositoryPromotion,
  { tags }: AuditedContents,
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
