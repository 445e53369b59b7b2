// All series: tags, layers, entries, size in both directions, children of an index, and edges of a promotion.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender } from '../case.ts';
import { ownExecutables, resourceContender, resources } from '../contenders.ts';
import type { ServedImage } from '../images.ts';
import { startListings } from '../promotion/listings.ts';
import { fleetImages, plainManifest } from '../promotion/manifest-tree.ts';
import { type BenchRegistry, startTestRegistry } from '../registry.ts';
import { pushEntries, pushLayers, pushZeros, writeZerosArchive } from './inputs.ts';
import type { Series, Step } from './series.ts';

const counts = {
  tags: [100, 1000, 10_000],
  layers: [1, 10, 100],
  entries: [1000, 10_000, 100_000, 300_000],
  megabytes: [100, 1000, 4000],
  children: [10, 100, 1000],
  images: [5, 50, 455],
};

/** Every series; `registry` takes the images, and files are written to the directory. */
export function allSeries(directory: string, registry: BenchRegistry): Series[] {
  return [
    {
      title: 'check of all tags',
      unit: 'tags',
      steps: counts.tags.map((tags) => ({
        number: tags,
        async prepare(stack) {
          const { host } = stack.use(await startTestRegistry({ tags }));
          const request = { source: { repository: `${host}/tags` }, version: oldest };
          return resources(undefined).map((resource) =>
            resourceContender(directory, resource, 'check', () => request),
          );
        },
      })),
    },
    {
      title: 'in, rootfs, layers of 2 MB',
      unit: 'layers',
      steps: counts.layers.map((number) =>
        fetched(directory, registry, number, () => pushLayers(directory, registry.url, number)),
      ),
    },
    {
      title: 'in, rootfs, small files',
      unit: 'entries',
      steps: counts.entries.map((number) =>
        fetched(directory, registry, number, () => pushEntries(directory, registry.url, number)),
      ),
    },
    {
      title: 'in, rootfs, one file of zeros',
      unit: 'MB',
      steps: counts.megabytes.map((number) => ({
        // Of the tree, which is removed before the next run; the layer is small.
        needs: number * 1e6,
        ...fetched(directory, registry, number, () => pushZeros(directory, registry.url, number * 1e6)),
      })),
    },
    {
      title: 'out, one file of zeros in a plain layer',
      unit: 'MB',
      steps: counts.megabytes.map((number) => sent(directory, registry, number)),
    },
    {
      title: 'registry-image copy of an index',
      unit: 'children',
      steps: counts.children.map((children) => ({
        number: children,
        async prepare(stack) {
          const source = stack.use(await startTestRegistry({ children }));
          const target = stack.use(await startTestRegistry({}));
          return ownExecutables().map(({ name, path }) => ({
            name,
            prepare: async (run) => ({
              command: [
                path,
                'copy',
                `${source.host}/index:latest`,
                `${target.host}/${name.toLowerCase()}-${run}:latest`,
              ],
              input: '/dev/null',
              environment: {},
            }),
          }));
        },
      })),
    },
    {
      title: 'registry-image promote --out, 22 registries',
      unit: 'edges',
      steps: counts.images.map((images) => planned(directory, images)),
    },
  ];
}

// The oldest version with another digest, so that the digests of all versions are requested.
const oldest = { tag: '1.0.0', digest: `sha256:${'0'.repeat(64)}` };

function fetched(
  directory: string,
  registry: BenchRegistry,
  number: number,
  create: () => Promise<ServedImage>,
): Step {
  return {
    number,
    async prepare(stack) {
      const image = await create();
      const tree = join(directory, 'tree');
      const clear = () => rm(tree, { recursive: true, force: true });
      stack.defer(clear);
      const request = {
        source: { repository: `${registry.host}/${image.repository}` },
        version: { tag: 'latest', digest: image.digest },
      };
      return resources(undefined).map((resource) =>
        resourceContender(directory, resource, 'in', () => request, {
          argument: tree,
          async before() {
            await clear();
            await mkdir(tree);
          },
        }),
      );
    },
  };
}

function sent(directory: string, registry: BenchRegistry, number: number): Step {
  return {
    number,
    async prepare(stack) {
      const saved = join(directory, 'saved');
      await mkdir(saved);
      stack.defer(() => rm(saved, { recursive: true }));
      await writeZerosArchive(saved, number * 1e6);
      return resources(undefined).map((resource) =>
        resourceContender(
          directory,
          resource,
          'out',
          (run) => ({
            source: {
              repository: `${registry.host}/sent/${resource.name.toLowerCase()}-${number}-${run}`,
              tag: 'latest',
            },
            params: { image: 'image.tar' },
          }),
          { argument: saved },
        ),
      );
    },
  };
}

/** `promote --out` ends with 2 when there is something to do. */
const somethingToDo = 2;

function planned(directory: string, images: number): Step {
  const all = fleetImages(images);
  const tags = all.flatMap(({ digests }) => digests.map((digest) => digest.tags.length));
  const edgesOfHost = tags.reduce((sum, each) => sum + each, 0);
  return {
    number: edgesOfHost * 22,
    async prepare(stack): Promise<Contender[]> {
      const { hosts } = stack.use(await startListings(images));
      const [source = '', ...others] = hosts;
      const manifest = join(directory, 'scale.yaml');
      const destinations = others.map((host) => `${host}/prod`);
      await writeFile(manifest, plainManifest(`${source}/staging`, destinations, all));
      const plan = join(directory, 'plan.json');
      stack.defer(() => rm(plan, { force: true }));
      return ownExecutables().map(({ name, path }) => ({
        name,
        prepare: async () => ({
          command: [path, 'promote', '--manifest', manifest, '--out', plan, '--json'],
          input: '/dev/null',
          environment: {},
          status: somethingToDo,
        }),
      }));
    },
  };
}
