// Copies one image, with what is attached to it, from any place to any places; its source is read once.
import { contentKind, type GraphNode } from '../content/content-graph.ts';
import { graphDocuments } from '../content/graph-documents.ts';
import { platformImage } from '../content/platform-image.ts';
import { UserError } from '../errors.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import { repositoryName } from '../oci/reference.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { createSharedMemory } from '../transfer/shared-reads.ts';
import { watchReader } from '../transfer/watched-content.ts';
import { attachmentFinder } from './attachments.ts';
import type { CopyOptions } from './carry-out.ts';
import { sourceImage } from './copy-digest.ts';
import { type CopyDestination, copyImage, type SourceImage } from './copy-image.ts';
import { type CopyRequest, destinationOf, locationName, placeOf, requireDistinct } from './copy-place.ts';
import type { ImageLocation } from './image-location.ts';
import type { PromotionResult } from './promote.ts';
import { type ReportedEdge, summarize } from './promotion-report.ts';
import type { TagOutcome } from './set-tags.ts';

/** A source that is open. */
interface OpenedSource {
  readonly image: SourceImage;
  close(): Promise<void>;
}

/**
 * Copies an image. Without tags of its own or of the request, a destination gets the tag of the source. A tag that is on
 * another digest is moved. A destination that fails does not hold up the others. Throws when the source cannot be read, and before
 * any request when a place on disk is something else than it must be.
 */
export async function copyToPlaces(request: CopyRequest, options: CopyOptions): Promise<PromotionResult> {
  const places = await Promise.all(request.destinations.map(placeOf));
  requireDistinct(places, request);
  const copies = places.map((place) => destinationOf(place, request, options));
  const source = await openSource(request.source, options);
  try {
    const reported = new Map<CopyDestination, readonly ReportedEdge[]>();
    const archives = copies.filter(({ location }) => location.kind === 'docker-archive');
    const others = copies.filter((each) => !archives.includes(each));
    const isIndex = source.image.root.kind === 'index';
    const groups = isIndex ? [others, archives] : [copies];
    for (const group of groups.filter(({ length }) => length > 0)) {
      const isNarrowed = isIndex && group === archives;
      const image = isNarrowed ? await imageFor(request.platform, source.image) : source.image;
      const { signal, on } = options;
      const shared = { memory: createSharedMemory(), admit: unlimited, signal, on };
      const destinations = group.map(({ destination }) => destination);
      await copyImage(image, destinations, shared, (destination, outcomes) => {
        reported.set(destination, reportedEdges(request.source, image, destination, outcomes));
      });
    }
    const edges = copies.flatMap(({ destination }) => reported.get(destination) ?? []);
    return { summary: summarize(edges, edges.length), edges };
  } finally {
    await source.close();
  }
}

async function openSource(
  location: ImageLocation,
  { registries, verify, attachments, signal, progress, on }: CopyOptions,
): Promise<OpenedSource> {
  if (location.kind !== 'registry') {
    const { openDiskSource } = await import('./disk-images.ts');
    const { image, close } = await openDiskSource(location, attachments, signal);
    const reader = progress ? watchReader(image.reader, progress) : image.reader;
    return { image: { ...image, reader }, close };
  }
  const { repository, tag, digest } = location.reference;
  const name = repositoryName(repository);
  const session = await registries.reader(repository);
  const served = await getManifest(session, digest ?? tag ?? '');
  if (contentKind(served.mediaType) === 'blob') {
    throw new UserError(
      `${name}@${served.digest} is neither an image nor an index: its media type is ${JSON.stringify(served.mediaType)}`,
    );
  }
  await verify(session, served.digest, repository);
  const onMissing = (missing: string) =>
    on({ type: 'attachment-missing', name, tag: missing }, repository.registry);
  const finder = attachments && attachmentFinder(session, attachments, onMissing);
  return { image: sourceImage(session, served, finder, progress), close: async () => {} };
}

/** The image of an index for a platform, without what is attached to the index. */
async function imageFor(platform: WantedPlatform, image: SourceImage): Promise<SourceImage> {
  const documents = graphDocuments(image.reader);
  const { mediaType } = image.root.descriptor;
  documents.keep(image.root.descriptor.digest, { bytes: image.bytes, mediaType });
  const { node } = await platformImage(documents, image.root, platform);
  const root: GraphNode = node;
  const { bytes } = await documents.document(root);
  return { root, bytes, reader: image.reader, attachments: async () => [] };
}

function reportedEdges(
  source: ImageLocation,
  { root }: SourceImage,
  { destination }: CopyDestination,
  outcomes: readonly TagOutcome[],
): ReportedEdge[] {
  const { digest } = root.descriptor;
  return outcomes.map(({ tag, outcome, reason = '' }) => ({
    source: locationName(source),
    destination,
    digest,
    tag,
    outcome,
    reason,
  }));
}

function unlimited<Result>(_host: string, copying: () => Promise<Result>): Promise<Result> {
  return copying();
}
