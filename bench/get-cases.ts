// Cases of in: an image as a root file system, as a tarball and as a layout, and one whose signature is verified.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKey } from '../test/support/signatures.ts';
import { type Case, type Contender, shortRuns, transferRuns } from './case.ts';
import { installedTools, ownExecutables, type Resource, resourceContender } from './contenders.ts';
import type { Goal } from './goals.ts';
import type { ServedImage } from './images.ts';
import { measure } from './measure.ts';
import { startCountingProxy } from './promotion/counting-proxy.ts';
import type { BenchSetup } from './setup.ts';

const mostMemory = 256e6;
const leastRatio = { gzip: 3.2, zstd: 1.5 } as const;

/** `in` of an image as a root file system. */
export function getCase(setup: BenchSetup, image: ServedImage, compression: 'gzip' | 'zstd'): Case {
  const { directory, resources, runs } = setup;
  const { tree, fresh } = destination(directory);
  const { name, request } = requestFor(setup, image);
  const layout = join(tree, 'layout');
  const copy = `skopeo --insecure-policy copy --src-tls-verify=false docker://${name}:latest oci:${layout}:latest`;
  const unpack = `umoci unpack --image ${layout}:latest ${join(tree, 'bundle')}`;
  const tools = [
    { name: 'skopeo, umoci', needs: ['skopeo', 'umoci'], script: `${copy} && ${unpack}` },
    {
      name: 'crane, tar',
      needs: ['crane', 'tar'],
      script: `crane export --insecure ${name}:latest - | tar -x -C ${tree}`,
    },
    {
      name: 'curl, tar',
      needs: ['curl', 'tar', compression],
      script: layersThroughTar(setup.host, image, compression, tree),
    },
  ];
  return {
    title: `in, rootfs, ${megabytesOf(image)} MB of ${compression} layers`,
    runs: transferRuns(runs),
    contenders: [
      ...resources.map((resource) =>
        resourceContender(directory, resource, 'in', () => request, { argument: tree, before: fresh }),
      ),
      // umoci and crane do not read zstd.
      ...installedTools(directory, compression === 'gzip' ? tools : tools.slice(2), { before: fresh }),
    ],
    goals: [
      {
        kind: 'ratio',
        own: 'native',
        peers: ['upstream'],
        figure: 'wall',
        bound: { atLeast: leastRatio[compression] },
      },
      { kind: 'value', own: 'native', figure: 'memory', bound: { atMost: mostMemory } },
    ],
  };
}

function layersThroughTar(host: string, image: ServedImage, compression: string, tree: string): string {
  return image.layers
    .map(
      ({ digest }) =>
        `curl -sSf http://${host}/v2/${image.repository}/blobs/${digest} | tar -x --${compression} -C ${tree}`,
    )
    .join(' && ');
}

/** `in` of an image as `image.tar` or as an OCI layout. */
export function formatCase(setup: BenchSetup, image: ServedImage, format: 'oci' | 'oci-layout'): Case {
  const { directory, resources, runs } = setup;
  const { tree, fresh } = destination(directory);
  const { name, request } = requestFor(setup, image);
  const target = format === 'oci' ? `docker-archive:${tree}/image.tar:a:b` : `oci:${tree}/oci:latest`;
  const craneFormat = format === 'oci' ? 'tarball' : 'oci';
  return {
    title: `in, ${format}, ${megabytesOf(image)} MB of gzip layers`,
    runs: transferRuns(runs),
    contenders: [
      ...resources.map((resource) =>
        resourceContender(directory, resource, 'in', () => ({ ...request, params: { format } }), {
          argument: tree,
          before: fresh,
        }),
      ),
      ...installedTools(
        directory,
        [
          {
            name: 'skopeo',
            needs: ['skopeo'],
            script: `exec skopeo --insecure-policy copy --src-tls-verify=false docker://${name}:latest ${target}`,
          },
          {
            name: 'crane',
            needs: ['crane'],
            script: `exec crane pull --insecure --format ${craneFormat} ${name}:latest ${tree}/crane`,
          },
        ],
        { before: fresh },
      ),
    ],
    goals: [{ kind: 'ratio', own: 'native', peers: ['upstream'], figure: 'wall', bound: { atMost: 1 } }],
  };
}

const mostAdded = 0.025;

/** `in` of a signed image with and without `verify`, and of the same image without a signature. */
export async function verifiedCase(
  setup: BenchSetup,
  image: ServedImage,
  signed: ServedImage,
): Promise<Case> {
  const { directory, runs } = setup;
  const { tree, fresh } = destination(directory);
  const key = createKey();
  await sign(setup, signed, key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const contenders = (resource: Resource): Contender[] => {
    const contender = (name: string, served: ServedImage, verify?: object) => {
      const request = (host: string) => requestFor({ host }, served, verify ? { verify } : {}).request;
      const common = { name, argument: tree, before: fresh };
      return resourceContender(directory, resource, 'in', () => request(setup.host), {
        ...common,
        async count() {
          await using proxy = await startCountingProxy(setup.host);
          const counted = resourceContender(directory, resource, 'in', () => request(proxy.host), common);
          await measure(await counted.prepare(0));
          return { requests: proxy.requests };
        },
      });
    };
    return [
      contender(resource.name, signed),
      contender(`${resource.name}, verify`, signed, { keys: [key.publicPem] }),
      contender(`${resource.name}, unsigned image`, image),
    ];
  };
  const own = setup.resources.filter(({ name }) => name !== 'upstream');
  return {
    title: 'in of a small image that is signed',
    runs: shortRuns(runs),
    contenders: own.flatMap(contenders),
    goals: own.flatMap(({ name }): Goal[] => [
      {
        kind: 'difference',
        own: `${name}, verify`,
        without: name,
        figure: 'cpu',
        bound: { atMost: mostAdded },
      },
      {
        kind: 'difference',
        own: name,
        without: `${name}, unsigned image`,
        figure: 'requests',
        bound: { atMost: 0 },
      },
    ]),
  };
}

async function sign({ host, directory }: BenchSetup, image: ServedImage, privatePem: string): Promise<void> {
  const [executable] = ownExecutables();
  if (!executable) {
    throw new Error('nothing is built: run npm run build');
  }
  const file = join(directory, 'signing.key');
  await writeFile(file, privatePem);
  const command = [executable.path, 'sign', `${host}/${image.repository}:latest`, '--key', file];
  await measure({ command, input: '/dev/null', environment: {} });
}

function destination(directory: string): { tree: string; fresh(): Promise<void> } {
  const tree = join(directory, 'tree');
  return {
    tree,
    async fresh() {
      await rm(tree, { recursive: true, force: true });
      await mkdir(tree);
    },
  };
}

function requestFor({ host }: Pick<BenchSetup, 'host'>, image: ServedImage, more: object = {}) {
  const name = `${host}/${image.repository}`;
  const version = { tag: 'latest', digest: image.digest };
  return { name, request: { source: { repository: name, ...more }, version } };
}

function megabytesOf({ layers }: ServedImage): number {
  return Math.round(layers.reduce((sum, { size }) => sum + size, 0) / 1e6);
}
