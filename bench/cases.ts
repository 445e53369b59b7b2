// What is compared: each case is one piece of work, and the commands that do it.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { areInstalled, type Resource } from './contenders.ts';
import type { BenchImages, ServedImage } from './images.ts';
import type { Job } from './measure.ts';

/** A command that does the work of a case. `prepare` sets everything back to how it was before the first run. */
export interface Contender {
  readonly name: string;
  prepare(run: number): Promise<Job>;
}

/** A piece of work, and who does it. */
export interface Case {
  readonly title: string;
  readonly runs: number;
  readonly contenders: readonly Contender[];
}

/** Where the cases find things; `runs` is for cases that move an image. */
export interface Ground {
  readonly host: string;
  readonly directory: string;
  readonly resources: readonly Resource[];
  readonly runs: number;
}

/** How many runs of a check say as much as one that moves an image. */
const checkFactor = 10;

/** `check` of one tag. */
export function checkCase(ground: Ground, image: ServedImage): Case {
  const source = { repository: `${ground.host}/${image.repository}`, tag: 'latest' };
  const others = areInstalled('skopeo')
    ? [
        tool(
          ground,
          'skopeo',
          `skopeo inspect --tls-verify=false --no-tags docker://${source.repository}:latest`,
        ),
      ]
    : [];
  return {
    title: 'check of one tag',
    runs: ground.runs * checkFactor,
    contenders: [
      ...ground.resources.map((resource) => asked(ground, resource, 'check', { source })),
      ...others,
    ],
  };
}

/** `check` of all versions in the repository `tags` of a registry that is far away. */
export function manyTagsCase(ground: Ground, host: string, count: number, delay: number): Case {
  return {
    title: `check of ${count} versions, ${delay} ms round trip`,
    runs: ground.runs,
    contenders: ground.resources.map((resource) =>
      asked(ground, resource, 'check', { source: { repository: `${host}/tags` }, version: cursor }),
    ),
  };
}

// The oldest version, with a digest that it never had: so all of them have to be looked up.
const cursor = { tag: '1.0.0', digest: `sha256:${'0'.repeat(64)}` };

/** `in` of an image, as a tree. */
export function getCase(ground: Ground, image: ServedImage, compression: 'gzip' | 'zstd'): Case {
  const tree = join(ground.directory, 'tree');
  const repository = `${ground.host}/${image.repository}`;
  const request = { source: { repository }, version: { tag: 'latest', digest: image.digest } };
  const fresh = async () => {
    await rm(tree, { recursive: true, force: true });
    await mkdir(tree);
  };
  const layout = join(tree, 'layout');
  const unpack = `umoci unpack --image ${layout}:latest ${join(tree, 'bundle')}`;
  const others = [
    // umoci knows no zstd.
    ...(compression === 'gzip' && areInstalled('skopeo', 'umoci')
      ? [
          tool(
            ground,
            'skopeo, umoci',
            `skopeo --insecure-policy copy --src-tls-verify=false docker://${repository}:latest oci:${layout}:latest && ${unpack}`,
            fresh,
          ),
        ]
      : []),
    ...(areInstalled('curl', 'tar', compression)
      ? [tool(ground, 'curl | tar', layersThroughTar(ground.host, image, compression, tree), fresh)]
      : []),
  ];
  const contenders = ground.resources.map((resource) => asked(ground, resource, 'in', request, tree, fresh));
  return { title: `get, ${compression} layers`, runs: ground.runs, contenders: [...contenders, ...others] };
}

function layersThroughTar(host: string, image: ServedImage, compression: string, tree: string): string {
  return image.layers
    .map(
      ({ digest }) =>
        `curl -sSf http://${host}/v2/${image.repository}/blobs/${digest} | tar -x --${compression} -C ${tree}`,
    )
    .join(' && ');
}

/** `out` of a tarball with plain layers, to a repository that is new each time, or that holds it already. */
export function putCase(ground: Ground, images: BenchImages, kind: 'first' | 'again'): Case {
  const repository = (name: string, run: number) =>
    `${ground.host}/put/${name.replace(/[^a-z]+/g, '')}${kind === 'first' ? `-${run}` : '-0'}`;
  const request = (name: string, run: number) => ({
    source: { repository: repository(name, run), tag: 'latest' },
    params: { image: 'image.tar' },
  });
  // skopeo notes down where it pushed a layer to, and mounts it from there: it has to forget for a new repository.
  const forget = () => rm(join(ground.directory, '.local'), { recursive: true, force: true });
  const others: Contender[] = areInstalled('skopeo')
    ? [
        {
          name: 'skopeo',
          prepare: (run) => {
            const target = `docker://${repository('skopeo', run)}:latest`;
            const copy = `skopeo --insecure-policy copy --dest-tls-verify=false docker-archive:${images.saved}/image.tar ${target}`;
            return tool(ground, 'skopeo', copy, kind === 'first' ? forget : undefined).prepare(run);
          },
        },
      ]
    : [];
  const contenders = ground.resources.map((resource) => ({
    name: resource.name,
    prepare: (run: number) =>
      asked(ground, resource, 'out', request(resource.name, run), images.saved).prepare(run),
  }));
  const title = `put, plain layers, ${kind === 'first' ? 'new repository' : 'nothing changed'}`;
  return { title, runs: ground.runs, contenders: [...contenders, ...others] };
}

function asked(
  ground: Ground,
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
      const input = join(ground.directory, 'request.json');
      await writeFile(input, JSON.stringify(request));
      const command = [join(directory, executable), ...(argument === undefined ? [] : [argument])];
      return { command, input, environment: { TMPDIR: ground.directory } };
    },
  };
}

function tool(ground: Ground, name: string, script: string, before?: () => Promise<void>): Contender {
  return {
    name,
    async prepare() {
      await before?.();
      const { directory } = ground;
      const environment = {
        PATH: process.env.PATH ?? '',
        HOME: directory,
        TMPDIR: directory,
        // Run by root, skopeo would keep its notes outside of HOME.
        _CONTAINERS_ROOTLESS_UID: '1',
      };
      return { command: ['/bin/sh', '-c', script], input: '/dev/null', environment };
    },
  };
}
