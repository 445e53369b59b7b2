// Copies one image, with what is attached to it, from any place to any places; its source is read once.
import { resolve } from 'node:path';
import { contentKind, type GraphNode, type TaggedTarget } from '../content/content-graph.ts';
import { graphDocuments } from '../content/graph-documents.ts';
import { platformImage } from '../content/platform-image.ts';
import type { DiskTarget } from '../disk/disk-writes.ts';
import { UserError } from '../errors.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import { type RepositoryReference, repositoryName } from '../oci/reference.ts';
import { getManifest } from '../registry/manifest-endpoint.ts';
import { createSharedMemory } from '../transfer/shared-reads.ts';
import { watchReader } from '../transfer/watched-content.ts';
import { attachmentFinder } from './attachments.ts';
import type { CopyOptions } from './carry-out.ts';
import { repositoryDestination, sourceImage } from './copy-digest.ts';
import { type CopyDestination, copyImage, type DestinationTags, type SourceImage } from './copy-image.ts';
import type { DestinationLocation, DiskLocation, ImageLocation } from './image-location.ts';
import type { PromotionResult } from './promote.ts';
import { type ReportedEdge, summarize } from './promotion-report.ts';
import type { TagOutcome } from './set-tags.ts';

/** What is copied, and where to. */
export interface CopyRequest {
  readonly source: ImageLocation;
  readonly destinations: readonly DestinationLocation[];
  /** Further tags of every destination. */
  readonly tags: readonly string[];
  /** The image of an index that a tarball gets. */
  readonly platform: WantedPlatform;
}

/** A source that is open, and what its destinations need to know of it. */
interface OpenedSource {
  readonly image: SourceImage;
  readonly repository: RepositoryReference | undefined;
  /** The tag, or the name, that the source itself has. */
  readonly tag: string | undefined;
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
  const source = await openSource(request.source, options);
  try {
    const reported = new Map<CopyDestination, readonly ReportedEdge[]>();
    const copies = places.map((place) => destinationOf(place, request, source, options));
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

/** The name of a location in reports. */
export function locationName(location: ImageLocation | DestinationLocation): string {
  switch (location.kind) {
    case 'oci':
      return `oci:${location.directory}`;
    case 'docker-archive':
      return `docker-archive:${location.file}`;
    case 'registry':
      return repositoryName('repository' in location ? location.repository : location.reference.repository);
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
    return { image: { ...image, reader }, repository: undefined, tag: ownTag(location), close };
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
  return { image: sourceImage(session, served, finder, progress), repository, tag, close: async () => {} };
}

/** Where a destination on disk really is, and how it is opened. */
interface PlaceOnDisk {
  readonly location: DiskLocation;
  /** The name of an image there that comes from no repository. */
  readonly ownName: string;
  open(repoTags: readonly string[]): DiskTarget & TaggedTarget;
}

/** A destination, and its place on disk. */
interface Place {
  readonly location: DestinationLocation;
  readonly onDisk: PlaceOnDisk | undefined;
}

/** Throws a UserError for two destinations that are one: both would write to it at the same time. */
function requireDistinct(places: readonly Place[], { source, tags }: CopyRequest): void {
  const usual =
    tags.length > 0 ? undefined : source.kind === 'registry' ? source.reference.tag : ownTag(source);
  const seen = new Set<string>();
  for (const { location, onDisk } of places) {
    const tag = location.kind === 'docker-archive' ? undefined : (ownTag(location) ?? usual);
    const suffix = tag === undefined ? '' : `:${tag}`;
    const key = `${onDisk ? diskPath(onDisk.location) : locationName(location)}${suffix}`;
    if (seen.has(key)) {
      throw new UserError(`the destination ${locationName(location)}${suffix} is given twice`);
    }
    seen.add(key);
  }
}

/** The tag of a repository, or the name in a layout, that a location itself states. */
function ownTag(location: DestinationLocation): string | undefined {
  switch (location.kind) {
    case 'registry':
      return location.tag;
    case 'oci':
      return location.name;
    case 'docker-archive':
      return undefined;
  }
}

function diskPath(location: DiskLocation): string {
  return resolve(location.kind === 'oci' ? location.directory : location.file);
}

async function placeOf(location: DestinationLocation): Promise<Place> {
  if (location.kind === 'registry') {
    return { location, onDisk: undefined };
  }
  // Loaded for a place on disk only: it is more code than the rest of a copy.
  const { archiveName, openDiskTarget, writablePlace } = await import('./disk-images.ts');
  const place = await writablePlace(location);
  return {
    location,
    onDisk: {
      location: place,
      ownName: place.kind === 'docker-archive' ? archiveName(place.file) : '',
      open: (repoTags) => openDiskTarget(place, repoTags),
    },
  };
}

function destinationOf(
  { location, onDisk }: Place,
  { tags }: CopyRequest,
  source: OpenedSource,
  { registries, sign }: CopyOptions,
): { readonly location: DestinationLocation; readonly destination: CopyDestination } {
  const own = ownTag(location);
  const named = [...new Set([...(own === undefined ? [] : [own]), ...tags])];
  const names = named.length > 0 || source.tag === undefined ? named : [source.tag];
  const wanted: DestinationTags = {
    destination: locationName(location),
    tags: names.map((tag) => ({ tag, was: 'any' })),
  };
  return {
    location,
    destination: onDisk
      ? diskDestination(onDisk, wanted, source)
      : repositoryDestination(wanted, source.repository, { registries, sign }),
  };
}

function diskDestination(
  { location, ownName, open }: PlaceOnDisk,
  wanted: DestinationTags,
  { repository }: OpenedSource,
): CopyDestination {
  const name = repository ? repositoryName(repository) : ownName;
  const repoTags = wanted.tags.map(({ tag }) => `${name}:${tag}`);
  const target = open(repoTags);
  return {
    ...wanted,
    host: wanted.destination,
    isSource: false,
    holdsOneImage: location.kind === 'docker-archive',
    tagsAtOnce: true,
    open: async () => target,
    close: target.close,
  };
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
