// Generated promotion manifests: a directory of thin ones, and a plain one for many destinations; the same in every run.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestOf } from '../../src/oci/digest.ts';

/** An image of a generated manifest, its digests with their tags. */
export interface GeneratedImage {
  readonly name: string;
  readonly digests: readonly { readonly digest: Digest; readonly tags: readonly string[] }[];
}

const tree = { manifests: 75, digests: 20_000, digestsOfImage: 40 };
const fleet = { images: 455, digests: 44, tags: 72 };

/** How many images, and edges for each destination, {@link fleetImages} has. */
export const fleetSize = { images: fleet.images, edges: fleet.images * fleet.tags };

/** Writes the directory and returns a destination of one of its manifests. */
export async function writeTree(directory: string): Promise<string> {
  const counts = Array.from({ length: tree.manifests }, (_, number) => shareOf(number, tree.manifests));
  for (const [number, digests] of counts.entries()) {
    const name = `team-${number}`;
    const images = Array.from({ length: Math.ceil(digests / tree.digestsOfImage) }, (_, image) => {
      const count = Math.min(tree.digestsOfImage, digests - image * tree.digestsOfImage);
      return generatedImage(`image-${image}`, name, count, count + 20);
    });
    await writeIn(
      join(directory, 'manifests', name),
      'promoter-manifest.yaml',
      registriesOf([destination(name)]),
    );
    await writeIn(join(directory, 'images', name), 'images.yaml', imagesText(images));
  }
  return destination('team-0');
}

function destination(team: string): string {
  return `registry.example.com/prod/${team}`;
}

/** A few manifests have many digests and most of them few, as those of Kubernetes. */
function shareOf(number: number, count: number): number {
  const weights = Array.from({ length: count }, (_, each) => 1 / (each + 1));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const rounded = weights.map((weight) => Math.floor((weight / sum) * tree.digests));
  const rest = tree.digests - rounded.reduce((all, each) => all + each, 0);
  return (rounded[number] ?? 0) + (number === 0 ? rest : 0);
}

/** The images of a large promotion, or fewer or more that are like them. */
export function fleetImages(count: number = fleet.images): GeneratedImage[] {
  return Array.from({ length: count }, (_, number) =>
    generatedImage(`app-${number}`, 'fleet', fleet.digests, fleet.tags),
  );
}

/** A plain manifest that promotes the images from one registry to others. */
export function plainManifest(
  source: string,
  destinations: readonly string[],
  images: readonly GeneratedImage[],
): string {
  const list = imagesText(images);
  return `${registriesOf(destinations, source)}images:\n${list}`;
}

/** The tags are shared out one by one, so that some digests have several. */
function generatedImage(name: string, seed: string, digests: number, tags: number): GeneratedImage {
  return {
    name,
    digests: Array.from({ length: digests }, (_, position) => ({
      digest: digestOf(`${seed} ${name} ${position}`),
      tags: Array.from(
        { length: Math.ceil((tags - position) / digests) },
        (_, tag) => `v1.${position}.${tag}`,
      ),
    })),
  };
}

function registriesOf(destinations: readonly string[], source = 'registry.example.com/staging'): string {
  const lines = destinations.map((name) => `- name: ${name}\n`);
  return `registries:\n- name: ${source}\n  src: true\n${lines.join('')}`;
}

function imagesText(images: readonly GeneratedImage[]): string {
  return images
    .map(({ name, digests }) => {
      const lines = digests.map(
        ({ digest, tags }) => `    "${digest}": [${tags.map((tag) => `"${tag}"`).join(', ')}]\n`,
      );
      return `- name: ${name}\n  dmap:\n${lines.join('')}`;
    })
    .join('');
}

async function writeIn(directory: string, file: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, file), text);
}
