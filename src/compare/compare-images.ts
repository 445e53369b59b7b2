// Compares two images, or two indexes platform by platform: configs, layers, packages and files.
import type { ContentSource } from '../content/content-graph.ts';
import type { Digest } from '../oci/digest.ts';
import { configValues } from './config-values.ts';
import { type Difference, differencesOf } from './difference.ts';
import { fileValues } from './file-values.ts';
import { type ImageFiles, readFiles } from './image-files.ts';
import { type ImageParts, type ImagesByPlatform, readImages } from './image-parts.ts';
import { packageVersions } from './package-lists.ts';

/** How deep images are compared. */
export interface CompareOptions {
  /** Whether times of creation and modification count. */
  readonly times: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Two images, read but for their layers. */
export interface ImagePair {
  /** The differences of configs and layers; none when the images are the same. */
  readonly differences: readonly Difference[];
  /** Those of packages and files as well. Reads every layer of the images whose layers differ. */
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
        found.push(...documentDifferences(pair, options), ...(await contentDifferences(pair, options)));
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
    ...differencesOf(`${prefix}config`, configValues(a.config, times), configValues(b.config, times)),
    ...differencesOf(`${prefix}layers`, layerValues(a, b), layerValues(b, a)),
  ];
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
    ...differencesOf(`${prefix}files`, fileValues(filesOfA.tree, times), fileValues(filesOfB.tree, times)),
  ];
}
