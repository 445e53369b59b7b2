// A place that an image is copied to: where it is, the tags that it gets there, and how it is opened.
import { resolve } from 'node:path';
import type { TaggedTarget } from '../content/content-graph.ts';
import type { DiskTarget } from '../disk/disk-writes.ts';
import { UserError } from '../errors.ts';
import type { WantedPlatform } from '../oci/platform.ts';
import { type RepositoryReference, repositoryName } from '../oci/reference.ts';
import type { CopyOptions } from './carry-out.ts';
import { repositoryDestination } from './copy-digest.ts';
import type { CopyDestination, DestinationTags } from './copy-image.ts';
import type { DestinationLocation, DiskLocation, ImageLocation } from './image-location.ts';
import { seenTags } from './set-tags.ts';

/** What is copied, and where to. */
export interface CopyRequest {
  readonly source: ImageLocation;
  readonly destinations: readonly DestinationLocation[];
  /** Further tags of every destination. */
  readonly tags: readonly string[];
  /** The image of an index that a tarball gets. */
  readonly platform: WantedPlatform;
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

/** Where a destination on disk really is, and how it is opened. */
interface PlaceOnDisk {
  readonly location: DiskLocation;
  /** The name of an image there that comes from no repository. */
  readonly ownName: string;
  open(repoTags: readonly string[]): DiskTarget & TaggedTarget;
}

/** A destination, and its place on disk. */
export interface Place {
  readonly location: DestinationLocation;
  readonly onDisk: PlaceOnDisk | undefined;
}

/** Throws a UserError for two destinations that are one: both would write to it at the same time. */
export function requireDistinct(places: readonly Place[], { source, tags }: CopyRequest): void {
  const usual = tags.length > 0 ? undefined : sourceTag(source);
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

/** The tag, or the name in a layout, that the source itself has. */
function sourceTag(source: ImageLocation): string | undefined {
  return source.kind === 'registry' ? source.reference.tag : ownTag(source);
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

/** Looks at a place on disk. Throws a UserError when something else is there than it must be. */
export async function placeOf(location: DestinationLocation): Promise<Place> {
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

/**
 * A place as the destination of a copy. Without tags of its own or of the request it gets the tag of the source. Requests to a
 * repository are sent from now on.
 */
export function destinationOf(
  { location, onDisk }: Place,
  { source, tags }: CopyRequest,
  options: CopyOptions,
): { readonly location: DestinationLocation; readonly destination: CopyDestination } {
  const own = ownTag(location);
  const named = [...new Set([...(own === undefined ? [] : [own]), ...tags])];
  const usual = sourceTag(source);
  const names = named.length > 0 || usual === undefined ? named : [usual];
  const wanted: DestinationTags = {
    destination: locationName(location),
    tags: names.map((tag) => ({ tag, was: 'any' })),
  };
  const from = source.kind === 'registry' ? source.reference.repository : undefined;
  return {
    location,
    destination: onDisk
      ? diskDestination(onDisk, wanted, from)
      : openedEarly(repositoryDestination(wanted, from, options), options),
  };
}

/**
 * Begins to open a repository, and to look up its tags, while the source is read: the log-ins of both registries take their time
 * together. A failure counts when the image is to be copied there.
 */
function openedEarly(destination: CopyDestination, { on }: CopyOptions): CopyDestination {
  const target = destination.open((event) => on(event, destination.host));
  const seen = target.then((opened) => seenTags(opened, destination));
  seen.catch(() => {});
  return { ...destination, open: () => target, seen };
}

function diskDestination(
  { location, ownName, open }: PlaceOnDisk,
  wanted: DestinationTags,
  from: RepositoryReference | undefined,
): CopyDestination {
  const name = from ? repositoryName(from) : ownName;
  const repoTags = wanted.tags.map(({ tag }) => `${name}:${tag}`);
  let target: (DiskTarget & TaggedTarget) | undefined;
  return {
    ...wanted,
    host: wanted.destination,
    isSource: false,
    holdsOneImage: location.kind === 'docker-archive',
    tagsAtOnce: true,
    async open() {
      target ??= open(repoTags);
      return target;
    },
    close: async () => target?.close(),
  };
}
