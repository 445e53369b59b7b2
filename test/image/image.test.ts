// The container image as a worker uses it: what is in it, how large it is, and the three commands inside of it.
import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serverKeys } from '../support/certificates.ts';
import { describeServices } from '../support/describe-services.ts';
import { writeHostileDirectory } from '../support/hostile-directory.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { directory, file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type ExecutableName, repositoryRoot } from '../support/run.ts';
import { startTunnelProxy, type TunnelProxy } from '../support/tunnel-proxy.ts';
import { debianBase } from './debian-base.ts';
import { outputOf } from './program.ts';
import { createUserNamespace, greatestId } from './user-namespace.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const resourceType = join(repositoryRoot, 'dist', 'image', architecture, 'registry-image');
const tag = `localhost/resource:${randomUUID()}`;
const repository = 'team/image';

let folder: string;
let environment: Record<string, string>;
let printed: string;
let image: Image;
let hub: TestRegistry;
let proxy: TunnelProxy;

const buildah = (...commandArguments: string[]) => outputOf('buildah', commandArguments, { environment });

/** Directories of this machine that a container sees: what a worker mounts, and the volumes of a build. */
interface Volumes {
  readonly build: string;
  readonly certificates: string;
}

/** The directories for one run of the three commands. */
async function prepareVolumes(): Promise<Volumes> {
  const volumes = await mkdtemp(join(folder, 'volumes-'));
  const build = join(volumes, 'build');
  const certificates = join(volumes, 'certificates');
  await mkdir(certificates);
  // All that is trusted comes from here, as from the worker's own /etc/ssl/certs.
  await writeFile(join(certificates, 'ca-certificates.crt'), serverKeys.dockerHub.cert);
  await writeHostileDirectory(join(build, 'artifacts'), '/tmp/build/artifacts');
  await writeFile(join(build, 'artifacts', 'image.tar'), await dockerArchive(image));
  await mkdir(join(build, 'get'));
  return { build, certificates };
}

type RunCommand = (
  name: ExecutableName,
  given: { readonly source?: object; readonly [key: string]: unknown },
  ...commandArguments: string[]
) => Promise<unknown>;

/** Docker Hub is reachable through the proxy alone, which is told as a worker tells it. */
const containerEnvironment = () => ({ TEST: 'true', https_proxy: proxy.url });
const workingDirectory = '/tmp/build/artifacts';
const inputOf = (given: { readonly source?: object }) =>
  JSON.stringify({ ...given, source: { repository, ...given.source } });

/** A check, a get and a put, one after the other; the owner of the tree's root user is `rootId` outside. */
async function expectAllToWork(run: RunCommand, { build }: Volumes, rootId: number): Promise<void> {
  const version = { tag: 'latest', digest: image.digest };
  expect(await run('check', { source: { tag: 'latest' } })).toEqual([version]);

  expect(await run('in', { version }, '/tmp/build/get')).toMatchObject({ version });
  const rootfs = join(build, 'get', 'rootfs');
  expect(await readFile(join(rootfs, 'usr/bin/tool'), 'utf8')).toBe('tool');
  expect(await lstat(join(rootfs, 'usr/bin/tool'))).toMatchObject({ mode: 0o104755, uid: rootId });
  expect(await lstat(join(rootfs, 'home/user/file'))).toMatchObject({ uid: 1000, gid: 1000 });
  expect((await lstat(join(rootfs, 'run/pipe'))).isFIFO()).toBe(true);

  const pushedTag = `pushed-${randomUUID()}`;
  const pushed = await run(
    'out',
    { source: { tag: pushedTag }, params: { image: 'image.tar' } },
    workingDirectory,
  );
  expect(pushed).toMatchObject({
    version: { tag: pushedTag, digest: hub.manifest(repository, pushedTag)?.digest },
  });
  expect(hub.manifest(repository, pushedTag)).toBeDefined();

  // Code in the working directory that ran would have left a file here.
  expect(await readdir(build)).toEqual(['artifacts', 'get']);
}

describeServices(['buildah', 'debootstrap'], 'the container image', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-test-'));
    await chmod(folder, 0o755);
    const storage = { graphroot: join(folder, 'storage'), runroot: join(folder, 'run') };
    const lines = Object.entries(storage).map(([key, value]) => `${key} = "${value}"`);
    await writeFile(join(folder, 'storage.conf'), ['[storage]', 'driver = "vfs"', ...lines, ''].join('\n'));
    environment = {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
      STORAGE_DRIVER: 'vfs',
      BUILDAH_ISOLATION: 'chroot',
    };
    const base = await buildah('from', 'scratch');
    await buildah('add', '--quiet', base, await debianBase(), '/');
    await buildah('commit', '--quiet', '--rm', base, 'localhost/debian');
    printed = await outputOf(
      'npm',
      ['run', 'image', '--', '--engine=buildah', '--base=localhost/debian', `--tag=${tag}`],
      { environment, workingDirectory: repositoryRoot },
    );

    image = await buildImage({
      platform: { os: 'linux', architecture },
      layers: [
        [
          file('usr/bin/tool', 'tool', { mode: 0o4755 }),
          directory('home/user', { uid: 1000, gid: 1000 }),
          file('home/user/file', 'text', { uid: 1000, gid: 1000 }),
          { name: 'run/pipe', type: 'fifo', mode: 0o622 },
        ],
      ],
    });
    hub = await startRegistry({ tls: serverKeys.dockerHub });
    seed(hub, repository, 'latest', image);
    proxy = await startTunnelProxy(hub.port);
  });

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await hub?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is for the processor asked for, and labelled as package.json says', async () => {
    const { OCIv1 } = JSON.parse(await buildah('inspect', '--type', 'image', tag));
    const { name, description, version, license } = JSON.parse(
      await readFile(join(repositoryRoot, 'package.json'), 'utf8'),
    );
    expect(OCIv1).toMatchObject({ os: 'linux', architecture });
    expect(OCIv1.config.Labels).toMatchObject({
      'org.opencontainers.image.title': name,
      'org.opencontainers.image.description': description,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': license,
    });
  });

  it('has at most 60 MB compressed, pushed or as a resource type, and that is what is printed', async () => {
    const layout = join(folder, 'layout');
    await buildah('push', '--quiet', tag, `oci:${layout}`);
    const blobs = await readdir(join(layout, 'blobs', 'sha256'));
    const sizes = await Promise.all(
      blobs.map(async (name) => (await stat(join(layout, 'blobs/sha256', name))).size),
    );
    const { size } = await stat(join(resourceType, 'rootfs.tgz'));
    expect(sizes.reduce((sum, blob) => sum + blob)).toBeLessThanOrEqual(60e6);
    expect(size).toBeLessThanOrEqual(60e6);
    expect(printed).toContain(`${(size / 1e6).toFixed(1)} MB compressed`);
  });

  it('holds the executable, the C library, mkfifo and nothing else that runs', async () => {
    const listing = await outputOf('tar', ['-tvf', join(resourceType, 'rootfs.tgz')]);
    const paths = listing
      .split('\n')
      .flatMap((line) => /^[-l].* \d\d:\d\d (?:\.\/)?(.+)$/.exec(line)?.[1] ?? []);
    const others = paths.filter((path) => !/^(?:etc|usr\/share\/doc)\//.test(path)).sort();
    expect(others.map((path) => path.replace(/-(?:x86-64|aarch64)\.so\.\d$/, '.so'))).toEqual([
      ...['lib/ld-linux.so', 'lib64/ld-linux.so'],
      ...['check', 'in', 'out'].map((name) => `opt/resource/${name} -> registry-image-resource`),
      'opt/resource/registry-image-resource',
      'usr/bin/mkfifo',
      ...['c.so.6', 'dl.so.2', 'm.so.6', 'nss_dns.so.2', 'nss_files.so.2'].map(
        (name) => `usr/lib/lib${name}`,
      ),
      ...['pcre2-8.so.0', 'pthread.so.0', 'resolv.so.2', 'selinux.so.1'].map((name) => `usr/lib/lib${name}`),
    ]);
  });

  it('as root: a check, a get and a put, with the certificates and the proxy of the worker', async () => {
    const volumes = await prepareVolumes();
    const container = await buildah('from', tag);
    const run: RunCommand = async (name, given, ...commandArguments) => {
      const variables = Object.entries(containerEnvironment()).map(([key, value]) => `--env=${key}=${value}`);
      const mounts = [`${volumes.build}:/tmp/build`, `${volumes.certificates}:/etc/ssl/certs`];
      const settings = [
        ...variables,
        ...mounts.map((mount) => `--volume=${mount}`),
        `--workingdir=${workingDirectory}`,
      ];
      const command = [`/opt/resource/${name}`, ...commandArguments];
      const input = inputOf(given);
      return JSON.parse(
        await outputOf('buildah', ['run', ...settings, container, ...command], { environment, input }),
      );
    };
    await expectAllToWork(run, volumes, 0);
  });

  it('in a user namespace, from the files of the resource type: the same', async () => {
    const volumes = await prepareVolumes();
    const root = await mkdtemp(join(folder, 'root-'));
    await outputOf('tar', ['-xzf', join(resourceType, 'rootfs.tgz'), '-C', root]);
    const mounts = {
      '/proc': '/proc',
      '/dev': '/dev',
      '/etc/ssl/certs': volumes.certificates,
      '/tmp/build': volumes.build,
    };
    await Promise.all(Object.keys(mounts).map((place) => mkdir(join(root, place), { recursive: true })));
    const owner = `${greatestId('uid')}:${greatestId('gid')}`;
    await outputOf('chown', ['-hR', owner, root, join(volumes.build, '..')]);
    await using namespace = await createUserNamespace('all');
    const run: RunCommand = async (name, given, ...commandArguments) => {
      const options = {
        input: inputOf(given),
        environment: { PATH: process.env.PATH ?? '', ...containerEnvironment() },
        workingDirectory,
      };
      const command = [`/opt/resource/${name}`, ...commandArguments];
      const { status, stdout, stderr } = await namespace.run(root, mounts, command, options);
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      return JSON.parse(stdout);
    };
    await expectAllToWork(run, volumes, greatestId('uid'));
  });

  it('is described to a worker', async () => {
    const { version } = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8'));
    expect(JSON.parse(await readFile(join(resourceType, 'resource_metadata.json'), 'utf8'))).toEqual({
      type: 'registry-image',
      version,
      privileged: false,
      unique_version_history: false,
    });
  });
});
