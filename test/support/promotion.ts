// Registries and promotion manifests for tests of registry-image.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage, type Image, type Root, seed } from './images.ts';
import { file } from './layers.ts';
import type { RegistryOptions, TestRegistry } from './registry.ts';
import { registryForTest } from './registry-for-test.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** An image that differs from those with other content. */
export function imageWith(content: string): Promise<Image> {
  return buildImage({ layers: [[file(content)]] });
}

/** A registry with images by `repository:tag`; by `repository:` without a tag. */
export async function registryWith(
  images: Readonly<Record<string, Root>> = {},
  options: RegistryOptions = {},
): Promise<TestRegistry> {
  const registry = await registryForTest(options);
  for (const [reference, image] of Object.entries(images)) {
    const [repository = '', tag] = reference.split(':');
    seed(registry, repository, tag === '' ? undefined : tag, image);
  }
  return registry;
}

/** What a manifest says: image names, and each digest with its tags. */
export type ManifestContent = Readonly<Record<string, readonly (readonly [Root, ...string[]])[]>>;

/** The YAML of a plain manifest that promotes from `source` to `destinations`. */
export function manifestText(
  source: string,
  destinations: readonly string[],
  images: ManifestContent,
): string {
  const lines = [
    'registries:',
    `- name: ${source}`,
    '  src: true',
    ...destinations.map((name) => `- name: ${name}`),
    'images:',
  ];
  for (const [name, digests] of Object.entries(images)) {
    lines.push(`- name: ${name}`, '  dmap:');
    for (const [{ digest }, ...tags] of digests) {
      lines.push(`    "${digest}": ${JSON.stringify(tags)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Writes a plain manifest from `staging` of a registry to `prod` of others, and returns its path. */
export async function manifestFile(
  source: Pick<TestRegistry, 'host'>,
  destinations: readonly Pick<TestRegistry, 'host'>[],
  images: ManifestContent,
): Promise<string> {
  const text = manifestText(
    `${source.host}/staging`,
    destinations.map(({ host }) => `${host}/prod`),
    images,
  );
  return await textFile('manifest.yaml', text);
}

/** Writes a file into a directory of its own, and returns its path. */
export async function textFile(name: string, text: string): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, text);
  return path;
}
