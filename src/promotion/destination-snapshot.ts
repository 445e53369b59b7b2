// What manifests promote into one destination, as a snapshot, without asking a registry.
import { UserError } from '../errors.ts';
import type { ManifestImage, PromotionManifest } from './promotion-manifest.ts';
import { canonicalRegistry, registryNameFault } from './registry-name.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';

const listedDestinations = 5;

/**
 * What the manifests promote into a destination. A repository belongs to the destination with the longest name that leads
 * to it by whole path segments: with `r/prod` and `r/prod/sub`, the image `sub/app` of `r/prod` is `app` of `r/prod/sub`.
 * With a slash at the end, or when no manifest has just this destination: everything below it, with names from there on.
 * Throws a UserError when nothing is promoted there.
 */
export function snapshotOfDestination(
  manifests: readonly PromotionManifest[],
  destination: string,
): Snapshot {
  const name = destination.replace(/\/+$/, '');
  const fault = registryNameFault(name);
  if (fault !== undefined) {
    throw new UserError(`${JSON.stringify(destination)} is not a destination: ${fault}`);
  }
  const wanted = canonicalRegistry(name);
  const all = manifests.flatMap(({ destinations, images }) =>
    destinations.map((registry) => ({ registry: canonicalRegistry(registry.name), images })),
  );
  const registries = new Set(all.map(({ registry }) => registry));
  const isOnlyOne = name === destination && registries.has(wanted);
  const reaching = all.filter(({ registry }) => isBelow(registry, wanted) || isBelow(wanted, registry));
  const images = reaching.flatMap(({ registry, images: some }) => imagesBelow(wanted, registry, some));
  if (images.length === 0 && !reaching.some(({ registry }) => isBelow(registry, wanted))) {
    throw nothingThere(destination, manifests);
  }
  return createSnapshot(
    isOnlyOne ? images.filter((image) => !belongsDeeper(wanted, image.name, registries)) : images,
  );
}

/** Whether a registry is another one, or below it by whole path segments. */
function isBelow(registry: string, above: string): boolean {
  return `${registry}/`.startsWith(`${above}/`);
}

/** The images that end up below `wanted`, by their names from there on. */
function imagesBelow(wanted: string, registry: string, images: readonly ManifestImage[]): ManifestImage[] {
  if (isBelow(registry, wanted)) {
    const prefix = `${registry}/`.slice(wanted.length + 1);
    return images.map((image) => ({ ...image, name: prefix + image.name }));
  }
  const prefix = `${wanted}/`.slice(registry.length + 1);
  return images
    .filter(({ name }) => name.startsWith(prefix))
    .map((image) => ({ ...image, name: image.name.slice(prefix.length) }));
}

function belongsDeeper(wanted: string, name: string, registries: ReadonlySet<string>): boolean {
  for (let end = name.indexOf('/'); end > 0; end = name.indexOf('/', end + 1)) {
    if (registries.has(`${wanted}/${name.slice(0, end)}`)) {
      return true;
    }
  }
  return false;
}

function nothingThere(destination: string, manifests: readonly PromotionManifest[]): UserError {
  const names = [
    ...new Set(manifests.flatMap(({ destinations }) => destinations.map(({ name }) => name))),
  ].sort();
  const rest = names.length > listedDestinations ? `, and ${names.length - listedDestinations} more` : '';
  return new UserError(`no manifest promotes into ${destination}`, {
    hint: `the destinations are ${names.slice(0, listedDestinations).join(', ')}${rest}`,
  });
}
