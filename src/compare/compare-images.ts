// Compares two images, or two indexes platform by platform: configs, layers, packages and files.
import type { ContentSource } from '../content/content-graph.ts';
import { UserError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { configValues } from './config-values.ts';
import { type Difference, differencesOf } from './difference.ts';
import { fileValues } from './file-values.ts';
import { type ImageFiles, readFiles } from './image-files.ts';
import { type ImageParts, type ImagesByPlatform, type LayerParts, readImages } from './image-parts.ts';
import { plainDigest } from './layer-content.ts';
import { packageVersions } from './package-lists.ts';

/** How deep images are compared. */
export interface CompareOptions {
  /** Whether times of creation and modification count. */
  readonly times: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Two images, read but for their layers. */
export interface ImagePair {
  /** The differences of configs and layers by what the configs say of the layers; none when the images are the same. */
  readonly differences: readonly Difference[];
  /**
   * The same by what the layers are, and those of packages and files. Reads every layer of the images whose layers differ, and
   * those that are stored in two ways although the configs call them the same.
   */
  allDifferences(): Promise<readonly Difference[]>;
}

/** Reads two sources, the layers excepted. Throws a UserError. */
export async function pairImages(
  a: ContentSource,
  b: ContentSource,
  options: CompareOptions,
): Promise<ImagePair> {
  const [ofA, ofB] = [await readImages(a), await readImages(b)];
  const pairs = pairByPlatform(ofA, ofB);
  const platforms = differencesOf('platforms', names(ofA), names(ofB));
  return {
    differences: [...platforms, ...pairs.flatMap((pair) => documentDifferences(pair, options))],
    async allDifferences() {
      const found = [...platforms];
      for (const pair of pairs) {
        const read = await withContents(pair, options.signal);
        found.push(...documentDifferences(read, options), ...(await contentDifferences(read, options)));
      }
      return found;
    },
  };
}

interface Pair {
  readonly prefix: string;
  readonly a: ImageParts;
  readonly b: ImageParts;
}

/** The images of the same platform. Two sources with one image each are compared whatever their platforms. */
function pairByPlatform(a: ImagesByPlatform, b: ImagesByPlatform): Pair[] {
  return [...a].flatMap(([platform, image]) => {
    const other = b.get(platform);
    return other ? [{ prefix: platform === '' ? '' : `${platform} `, a: image, b: other }] : [];
  });
}

function names(images: ImagesByPlatform): ReadonlyMap<string, string> {
  return new Map([...images.keys()].map((platform) => [platform === '' ? 'image' : platform, 'present']));
}

function documentDifferences({ prefix, a, b }: Pair, { times }: CompareOptions): Difference[] {
  return [
    ...differencesOf(`${prefix}artifact`, artifactValues(a), artifactValues(b)),
    ...differencesOf(`${prefix}config`, valuesOf(a, times), valuesOf(b, times)),
    ...differencesOf(`${prefix}layers`, layerValues(a, b), layerValues(b, a)),
  ];
}

function artifactValues({ artifactType }: ImageParts): ReadonlyMap<string, string> {
  return new Map(artifactType === undefined ? [] : [['type', artifactType]]);
}

function valuesOf(
  { config, configName, hasDiffIds }: ImageParts,
  times: boolean,
): ReadonlyMap<string, string> {
  try {
    return configValues(config, { times, diffIds: !hasDiffIds });
  } catch (cause) {
    throw new UserError(configName, { cause });
  }
}

/**
 * The pair with the true diff ids of layers that are stored in two ways under one diff id: any config can say that of any
 * layer, and not every client verifies it.
 */
async function withContents(pair: Pair, signal: AbortSignal | undefined): Promise<Pair> {
  const { a, b } = pair;
  const isClaimed = a.layers.map(({ digest, diffId }, position) => {
    const other = b.layers[position];
    return diffId !== undefined && diffId === other?.diffId && digest !== other.digest;
  });
  const read = async (image: ImageParts): Promise<ImageParts> => {
    const layers: LayerParts[] = [];
    for (const [position, layer] of image.layers.entries()) {
      layers.push(isClaimed[position] ? { ...layer, diffId: await plainDigest(layer, signal) } : layer);
    }
    return { ...image, layers };
  };
  return isClaimed.includes(true) ? { ...pair, a: await read(a), b: await read(b) } : pair;
}

/** The layers by number: by their diff ids where both images state them, else by their own digests. */
function layerValues({ layers }: ImageParts, other: ImageParts): ReadonlyMap<string, string> {
  const byDiffId = [...layers, ...other.layers].every(({ diffId }) => diffId !== undefined);
  return new Map(
    layers.map(({ digest, diffId }, position): [string, Digest] => [
      String(position + 1).padStart(3, '0'),
      byDiffId && diffId ? diffId : digest,
    ]),
  );
}

async function contentDifferences(
  { prefix, a, b }: Pair,
  { times, signal }: CompareOptions,
): Promise<Difference[]> {
  if (!a.hasFiles || !b.hasFiles || differencesOf('', layerValues(a, b), layerValues(b, a)).length === 0) {
    return [];
  }
  const [filesOfA, filesOfB]: ImageFiles[] = [
    await readFiles(a.layers, signal),
    await readFiles(b.layers, signal),
  ];
  if (!filesOfA || !filesOfB) {
    return [];
  }
  return [
    ...differencesOf(`${prefix}packages`, packageVersions(filesOfA.lists), packageVersions(filesOfB.lists)),
    ...differencesOf(`${prefix}files`, fileValues(filesOfA.files, times), fileValues(filesOfB.files, times)),
  ];
}
