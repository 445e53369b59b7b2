// Cases of out: a tarball with uncompressed layers, to a new repository each time, and to one that has the image.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Case, transferRuns } from './case.ts';
import { installedTools, resourceContender } from './contenders.ts';
import type { BenchImages } from './images.ts';
import type { BenchSetup } from './setup.ts';

const leastRatio = { fresh: 4.5, unchanged: 3.5 } as const;

/** `out` of a tarball with uncompressed layers; `unchanged` pushes to the repositories of the first run of `fresh`. */
export function putCase(setup: BenchSetup, images: BenchImages, kind: 'fresh' | 'unchanged'): Case {
  const { directory, resources, runs } = setup;
  const repository = (name: string, run: number) =>
    `${setup.host}/put/${name.toLowerCase()}-${kind === 'fresh' ? run : 1}`;
  // skopeo records where it pushed a layer and mounts it from there: the record is removed for a new repository.
  const forget = () => rm(join(directory, '.local'), { recursive: true, force: true });
  const tar = join(images.saved, 'image.tar');
  return {
    title: `out, ${Math.round(images.savedSize / 1e6)} MB of plain layers, ${kind === 'fresh' ? 'new repository' : 'nothing changed'}`,
    runs: transferRuns(runs),
    contenders: [
      ...resources.map((resource) => {
        const request = (run: number) => ({
          source: { repository: repository(resource.name, run), tag: 'latest' },
          params: { image: 'image.tar' },
        });
        return resourceContender(directory, resource, 'out', request, { argument: images.saved });
      }),
      ...installedTools(
        directory,
        [
          {
            name: 'skopeo',
            needs: ['skopeo'],
            script: (run) =>
              `exec skopeo --insecure-policy copy --dest-tls-verify=false docker-archive:${tar} docker://${repository('skopeo', run)}:latest`,
          },
        ],
        kind === 'fresh' ? { before: forget } : {},
      ),
    ],
    goals: [
      {
        kind: 'ratio',
        own: 'native',
        peers: ['upstream'],
        figure: 'wall',
        bound: { atLeast: leastRatio[kind] },
      },
    ],
  };
}
