// The benchmark cases: check, get and put, each with the commands that are compared.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { areInstalled, type Resource } from './contenders.ts';
import type { Goal } from './goals.ts';
import type { BenchImages, ServedImage } from './images.ts';
import type { Job } from './measure.ts';
import type { Count, Result } from './table.ts';

/** A command of a case. `prepare` restores the state before the first run and returns the job to measure. */
export interface Contender {
  readonly name: string;
  prepare(run: number): Promise<Job>;
  /** Counts requests in a run that is not measured. */
  count?(): Promise<Count>;
}

/** A case: its title and the commands that are compared. */
export interface Case {
  readonly title: string;
  readonly runs: number;
  readonly contenders: readonly Contender[];
  goals?(results: readonly Result[]): readonly Goal[];
}

/** What all cases share; `runs` is for cases that transfer an image. */
export interface BenchSetup {
  readonly host: string;
  readonly directory: string;
  readonly resources: readonly Resource[];
  readonly runs: number;
}

/** How many runs of a check are made for each run of a case that transfers an image. */
const checkFactor = 10;

/** `check` of one tag. */
export function checkCase(setup: BenchSetup, image: ServedImage): Case {
  const source = { repository: `${setup.host}/${image.repository}`, tag: 'latest' };
  const others = areInstalled('skopeo')
    ? [
        toolContender(
          setup,
          'skopeo',
          `skopeo inspect --tls-verify=false --no-tags docker://${source.repository}:latest`,
        ),
      ]
    : [];
  return {
    title: 'check of one tag',
    runs: setup.runs * checkFactor,
    contenders: [
      ...setup.resources.map((resource) => resourceContender(setup, resource, 'check', { source })),
      ...others,
    ],
  };
}

/** `check` of all versions in the repository `tags` of a registry with a high latency. */
export function manyTagsCase(setup: BenchSetup, host: string, count: number, delay: number): Case {
  return {
    title: `check of ${count} versions, ${delay} ms round trip`,
    runs: setup.runs,
    contenders: setup.resources.map((resource) =>
      resourceContender(setup, resource, 'check', {
        source: { repository: `${host}/tags` },
        version: cursor,
      }),
    ),
  };
}

// The oldest version with another digest, so that the digests of all versions are requested.
const cursor = { tag: '1.0.0', digest: `sha256:${'0'.repeat(64)}` };

/** `in` of an image as a root file system. */
export function getCase(setup: BenchSetup, image: ServedImage, compression: 'gzip' | 'zstd'): Case {
  const tree = join(setup.directory, 'tree');
  const repository = `${setup.host}/${image.repository}`;
  const request = { source: { repository }, version: { tag: 'latest', digest: image.digest } };
  const fresh = async () => {
    await rm(tree, { recursive: true, force: true });
    await mkdir(tree);
  };
  const layout = join(tree, 'layout');
  const unpack = `umoci unpack --image ${layout}:latest ${join(tree, 'bundle')}`;
  const others = [
    // umoci does not support zstd.
    ...(compression === 'gzip' && areInstalled('skopeo', 'umoci')
      ? [
          toolContender(
            setup,
            'skopeo, umoci',
            `skopeo --insecure-policy copy --src-tls-verify=false docker://${repository}:latest oci:${layout}:latest && ${unpack}`,
            fresh,
          ),
        ]
      : []),
    ...(areInstalled('curl', 'tar', compression)
      ? [toolContender(setup, 'curl | tar', layersThroughTar(setup.host, image, compression, tree), fresh)]
      : []),
  ];
  const contenders = setup.resources.map((resource) =>
    resourceContender(setup, resource, 'in', request, tree, fresh),
  );
  return { title: `get, ${compression} layers`, runs: setup.runs, contenders: [...contenders, ...others] };
}

function layersThroughTar(host: string, image: ServedImage, compression: string, tree: string): string {
  return image.layers
    .map(
      ({ digest }) =>
        `curl -sSf http://${host}/v2/${image.repository}/blobs/${digest} | tar -x --${compression} -C ${tree}`,
    )
    .join(' && ');
}

/** `out` of a tarball with uncompressed layers, to a new repository each time, or to one that has the image. */
export function putCase(setup: BenchSetup, images: BenchImages, kind: 'first' | 'again'): Case {
  const repository = (name: string, run: number) =>
    `${setup.host}/put/${name.replace(/[^a-z]+/g, '')}${kind === 'first' ? `-${run}` : '-0'}`;
  const request = (name: string, run: number) => ({
    source: { repository: repository(name, run), tag: 'latest' },
    params: { image: 'image.tar' },
  });
  // skopeo records where it pushed a layer and mounts it from there: the record is removed for a new repository.
  const forget = () => rm(join(setup.directory, '.local'), { recursive: true, force: true });
  const others: Contender[] = areInstalled('skopeo')
    ? [
        {
          name: 'skopeo',
          prepare: (run) => {
            const target = `docker://${repository('skopeo', run)}:latest`;
            const copy = `skopeo --insecure-policy copy --dest-tls-verify=false docker-archive:${images.saved}/image.tar ${target}`;
            return toolContender(setup, 'skopeo', copy, kind === 'first' ? forget : undefined).prepare(run);
          },
        },
      ]
    : [];
  const contenders = setup.resources.map((resource) => ({
    name: resource.name,
    prepare: (run: number) =>
      resourceContender(setup, resource, 'out', request(resource.name, run), images.saved).prepare(run),
  }));
  const title = `put, uncompressed layers, ${kind === 'first' ? 'new repository' : 'nothing changed'}`;
  return { title, runs: setup.runs, contenders: [...contenders, ...others] };
}

function resourceContender(
  setup: BenchSetup,
  { name, directory }: Resource,
  executable: 'check' | 'in' | 'out',
  request: unknown,
  argument?: string,
  before?: () => Promise<void>,
): Contender {
  return {
    name,
    async prepare() {
      await before?.();
      const input = join(setup.directory, 'request.json');
      await writeFile(input, JSON.stringify(request));
      const command = [join(directory, executable), ...(argument === undefined ? [] : [argument])];
      return { command, input, environment: { TMPDIR: setup.directory } };
    },
  };
}

/** A shell command, with a home directory of its own. */
export function toolContender(
  setup: Pick<BenchSetup, 'directory'>,
  name: string,
  script: string,
  before?: () => Promise<void>,
): Contender {
  return {
    name,
    async prepare() {
      await before?.();
      const { directory } = setup;
      const environment = {
        PATH: process.env.PATH ?? '',
        HOME: directory,
        TMPDIR: directory,
        // As root, skopeo would keep its record outside of HOME.
        _CONTAINERS_ROOTLESS_UID: '1',
      };
      return { command: ['/bin/sh', '-c', script], input: '/dev/null', environment };
    },
  };
}
