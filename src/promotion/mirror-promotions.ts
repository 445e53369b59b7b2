// Turns a list for mirror into promotions by digest: what promote plans and carries out, and what is set aside before.
import type { Registries } from '../access/registries.ts';
import { errorText } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { listRepositories } from '../registry/catalog.ts';
import type { RepositoryPromotion } from './edges.ts';
import { mapByHost } from './hosts.ts';
import { DestinationTags } from './mirror-destinations.ts';
import { admits, type MirrorEntry, type MirrorRegistry, type MirrorRepository } from './mirror-list.ts';
import { type FoundImage, findImages, type ImageFault } from './mirror-source.ts';
import type { ManifestProblem } from './promotion-manifest.ts';
import type { ReportedEdge } from './promotion-report.ts';

/** How a list is turned into promotions. */
export interface MirrorOptions {
  /** The file of the list, for what is reported. */
  readonly file: string;
  readonly registries: Registries;
  readonly signal: AbortSignal;
  /** Whether what is attached to images travels along: then tags that derive from a digest are chosen by their names only. */
  readonly attachments: boolean;
}

/** What a list comes to. Use the promotions only without errors. */
export interface MirrorPromotions {
  readonly promotions: readonly RepositoryPromotion[];
  /** All that the list names, also those for which nothing was found. */
  readonly destinations: readonly string[];
  /** What a source does not have, or what could not be read there. */
  readonly setAside: readonly ReportedEdge[];
  /** Tags of destinations that the list puts on two digests. */
  readonly errors: readonly ManifestProblem[];
  /** Entries that choose nothing. */
  readonly warnings: readonly ManifestProblem[];
  /** Whether a digest was seen in a source repository. */
  isAtSource(repository: string, digest: Digest): boolean;
}

/** Asks the sources for the digests that the entries of a list choose. A source that cannot be read fails by itself. */
export async function mirrorPromotions(
  entries: readonly MirrorEntry[],
  options: MirrorOptions,
): Promise<MirrorPromotions> {
  const { file, registries, signal, attachments } = options;
  const destinations = new DestinationTags(file);
  const setAside: ReportedEdge[] = [];
  const warnings: ManifestProblem[] = [];
  const failed = ({ source, destination }: MirrorEntry, error: unknown): void => {
    signal.throwIfAborted();
    setAside.push(setAsideEdge(source, destination, null, { outcome: 'failed', reason: errorText(error) }));
  };
  const listed = await mapByHost(
    entries,
    ({ source }) => source,
    async (entry) => {
      try {
        return entry.kind === 'registry' ? await repositoriesOf(entry, registries) : [entry];
      } catch (error) {
        failed(entry, error);
        return [];
      }
    },
  );
  const repositories = listed.flat();
  const bySource = [...Map.groupBy(repositories, ({ source }) => source)];
  const found = new Map<MirrorRepository, readonly FoundImage[]>();
  await mapByHost(
    bySource,
    ([source]) => source,
    async ([source, members]) => {
      try {
        const images = await findImages(source, members, registries, attachments);
        for (const [index, entry] of members.entries()) {
          found.set(entry, images[index] ?? []);
        }
      } catch (error) {
        for (const entry of members) {
          failed(entry, error);
        }
      }
    },
  );
  const seen = new Map<string, Set<Digest>>();
  // In the order of the list, whichever registry answered first.
  for (const entry of repositories.toSorted((a, b) => a.line - b.line)) {
    const { source, destination, line, selection } = entry;
    const images = found.get(entry);
    if (!images) {
      continue;
    }
    if (images.length === 0) {
      warnings.push({ file, line, message: `${source} has no tag that is to be copied` });
    }
    for (const { tag, found: image } of images) {
      if (typeof image === 'object') {
        setAside.push(setAsideEdge(source, destination, tag, image));
        continue;
      }
      destinations.add({ source, destination, digest: image, tag, line });
      if (selection.kind !== 'digest' || entry.platform) {
        seen.set(source, (seen.get(source) ?? new Set()).add(image));
      }
    }
  }
  return {
    promotions: destinations.promotions(),
    destinations: [...entries, ...repositories].map(({ destination }) => destination),
    setAside,
    errors: destinations.conflicts,
    warnings,
    isAtSource: (repository, digest) => seen.get(repository)?.has(digest) ?? false,
  };
}

async function repositoriesOf(
  { source, destination, repositories, selection, line, platform }: MirrorRegistry,
  registries: Registries,
): Promise<MirrorRepository[]> {
  const paths = await listRepositories(await registries.catalog(source, ''), '');
  return paths
    .filter((path) => admits(repositories, path))
    .map((path) => ({
      kind: 'repository',
      source: `${source}/${path}`,
      destination: `${destination}/${path}`,
      selection,
      line,
      ...(platform ? { platform } : {}),
    }));
}

function setAsideEdge(
  source: string,
  destination: string,
  tag: string | null,
  fault: ImageFault,
): ReportedEdge {
  return { source, destination, digest: null, tag, ...fault };
}
