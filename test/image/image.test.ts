// The container image as a worker uses it: its content, its size, and the three commands in it.
import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serverKeys } from '../support/certificates.ts';
import { type ProgramResult, runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { writeHostileDirectory } from '../support/hostile-directory.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { directory, file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type ExecutableName, repositoryRoot } from '../support/run.ts';
import { startTunnelProxy, type TunnelProxy } from '../support/tunnel-proxy.ts';
import { type Architecture, debianBase } from './debian-base.ts';
import { outputOf } from './program.ts';
import { createUserNamespace, greatestId, type MappedIds } from './user-namespace.ts';

const [architecture, otherArchitecture]: readonly [Architecture, Architecture] =
  process.arch === 'arm64' ? ['arm64', 'amd64'] : ['amd64', 'arm64'];
const resourceTypeFor = (target: Architecture) =>
  join(repositoryRoot, 'dist', 'image', target, 'registry-image');
const resourceType = resourceTypeFor(architecture);
const tag = `localhost/resource:${randomUUID()}`;
const repository = 'team/image';

let folder: string;
let environment: Record<string, string>;
let printed: string;
let image: Image;
let hub: TestRegistry;
let proxy: TunnelProxy;

const buildah = (...commandArguments: string[]) => outputOf('buildah', commandArguments, { environment });

/** Builds `localhost/debian:<architecture>`, the base image. */
async function makeBase(target: Architecture): Promise<void> {
  const base = await buildah('from', 'scratch');
  await buildah('add', '--quiet', base, await debianBase(target), '/');
  await buildah('config', `--arch=${target}`, base);
  await buildah('commit', '--quiet', '--rm', base, `localhost/debian:${target}`);
}

/** Runs `npm run image` on the base image for that architecture; returns its output. */
async function makeImage(target: Architecture, name: string): Promise<string> {
  const settings = [`--base=localhost/debian:${target}`, `--tag=${name}`, `--arch=${target}`];
  // npm may have to download Bun for the other architecture, with the settings of this machine.
  const settingsHere = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const options = {
    environment: { ...Object.fromEntries(settingsHere), ...environment, HOME: process.env.HOME ?? folder },
    workingDirectory: repositoryRoot,
  };
  return await outputOf('npm', ['run', 'image', '--', '--engine=buildah', ...settings], options);
}

/** Directories of this machine that are mounted in a container: what a worker mounts, and the volumes of a build. */
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
  // The only trusted certificates are in this directory, like in the worker's /etc/ssl/certs.
  await writeFile(join(certificates, 'ca-certificates.crt'), serverKeys.dockerHub.cert);
  await writeHostileDirectory(join(build, 'artifacts'), '/tmp/build/artifacts');
  await writeFile(join(build, 'artifacts', 'image.tar'), await dockerArchive(image));
  await mkdir(join(build, 'get'));
  return { build, certificates };
}

/** Runs a command in a container; `repository` is added to the source. */
type Start = (
  name: ExecutableName,
  given: { readonly source?: object; readonly [key: string]: unknown },
  ...commandArguments: readonly string[]
) => Promise<ProgramResult>;

/** Runs a command that must succeed and returns its answer. */
type Answers = (...given: Parameters<Start>) => Promise<unknown>;

function answersOf(start: Start): Answers {
  return async (...given) => {
    const { status, stdout, stderr } = await start(...given);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout);
  };
}

/** Docker Hub is reachable only through the proxy, which is set in the environment as by a worker. */
const containerEnvironment = () => ({ TEST: 'true', https_proxy: proxy.url });
const workingDirectory = '/tmp/build/artifacts';
const inputOf = (given: { readonly source?: object }) =>
  JSON.stringify({ ...given, source: { repository, ...given.source } });

/** Expects a check, a get and a put to succeed; files of root in the get have the outer owner `rootId`. */
async function expectAllToWork(run: Answers, { build }: Volumes, rootId: number): Promise<void> {
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

  // Code in the working directory that had run would have left a file here.
  expect(await readdir(build)).toEqual(['artifacts', 'get']);
}

/** `e_machine` of an ELF header, by architecture. */
const elfMachines: Readonly<Record<Architecture, number>> = { amd64: 62, arm64: 183 };

/** The machine of an ELF file, and the path of its loader. */
async function elfFile(path: string): Promise<{ readonly machine: number; readonly loader: string }> {
  const bytes = await readFile(path);
  const loader = /\/lib(?:64)?\/ld-linux[\w.-]+/.exec(bytes.toString('latin1', 0, 4096))?.[0];
  return { machine: bytes.readUInt16LE(18), loader: loader ?? '' };
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
    await makeBase(architecture);
    printed = await makeImage(architecture, tag);

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

  it('is built for the requested architecture with labels from package.json', async () => {
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

  it('has at most 60 MB compressed, pushed with zstd or as a resource type, and its size is printed', async () => {
    const layout = join(folder, 'layout');
    await buildah('push', '--quiet', '--compression-format', 'zstd', tag, `oci:${layout}`);
    const blobs = await readdir(join(layout, 'blobs', 'sha256'));
    const sizes = await Promise.all(
      blobs.map(async (name) => (await stat(join(layout, 'blobs/sha256', name))).size),
    );
    const { size } = await stat(join(resourceType, 'rootfs.tgz'));
    expect(sizes.reduce((sum, blob) => sum + blob)).toBeLessThanOrEqual(60e6);
    expect(size).toBeLessThanOrEqual(60e6);
    expect(printed).toContain(`${(size / 1e6).toFixed(1)} MB compressed`);
  });

  it('contains the executable, the C library and no other program, so that a FIFO is made by a system call', async () => {
    const listing = await outputOf('tar', ['-tvf', join(resourceType, 'rootfs.tgz')]);
    const paths = listing
      .split('\n')
      .flatMap((line) => /^[-l].* \d\d:\d\d (?:\.\/)?(.+)$/.exec(line)?.[1] ?? []);
    const others = paths
      .filter((path) => !/^(?:etc|usr\/share\/(?:doc|common-licenses))\//.test(path))
      .sort();
    expect(others.map((path) => path.replace(/-(?:x86-64|aarch64)\.so\.\d$/, '.so'))).toEqual([
      architecture === 'amd64' ? 'lib64/ld-linux.so' : 'lib/ld-linux.so',
      ...['check', 'in', 'out', 'registry-image'].map(
        (name) => `opt/resource/${name} -> registry-image-resource`,
      ),
      'opt/resource/registry-image-resource',
      ...['c.so.6', 'dl.so.2', 'm.so.6', 'nss_dns.so.2', 'nss_files.so.2', 'pthread.so.0', 'resolv.so.2'].map(
        (name) => `usr/lib/lib${name}`,
      ),
    ]);
  });

  it('contains the licence texts of all software in it', async () => {
    const path = './usr/share/doc/registry-image-resource/third-party-licenses';
    const archive = join(resourceType, 'rootfs.tgz');
    const names = (await outputOf('tar', ['-tf', archive])).split('\n');
    const stored = names.find((name) => path.endsWith(name)) ?? path;
    const licenses = await outputOf('tar', ['-xOf', archive, stored]);
    for (const name of ['bun', 'commander', 're2js', 'google-auth-library', '@azure/identity']) {
      expect(licenses).toMatch(new RegExp(`^${name} \\d`, 'm'));
    }
    const common = names.flatMap((name) => /common-licenses\/(.+)$/.exec(name)?.[1] ?? []);
    expect(common.sort()).toEqual(['Apache-2.0', 'GPL-2', 'LGPL-2', 'LGPL-2.1']);
  });

  it('runs a check, a get and a put as root, with the certificates and the proxy of the worker', async () => {
    const volumes = await prepareVolumes();
    const container = await buildah('from', tag);
    const start: Start = (name, given, ...commandArguments) => {
      const variables = Object.entries(containerEnvironment()).map(([key, value]) => `--env=${key}=${value}`);
      const mounts = [`${volumes.build}:/tmp/build`, `${volumes.certificates}:/etc/ssl/certs`];
      const settings = [...variables, ...mounts.map((mount) => `--volume=${mount}`)];
      const command = [container, `/opt/resource/${name}`, ...commandArguments];
      return runProgram('buildah', ['run', ...settings, `--workingdir=${workingDirectory}`, ...command], {
        environment,
        input: inputOf(given),
      });
    };
    await expectAllToWork(answersOf(start), volumes, 0);
    await buildah('rm', container);
  });

  it('has registry-image on its PATH, for tasks that run it', async () => {
    const { version } = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8'));
    const container = await buildah('from', tag);
    expect(await buildah('run', container, 'registry-image', '--version')).toBe(version);
    expect(await buildah('run', container, 'registry-image', 'promote', '--help')).toContain('--confirm');
    await buildah('rm', container);
  });

  /** Unpacks the resource type as a worker does, and runs its commands as root of a user namespace. */
  async function inUserNamespace(ids: MappedIds, use: (run: Start, volumes: Volumes) => Promise<void>) {
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
    await using namespace = await createUserNamespace(ids);
    await use((name, given, ...commandArguments) => {
      const command = [`/opt/resource/${name}`, ...commandArguments];
      const variables = { PATH: process.env.PATH ?? '', ...containerEnvironment() };
      const options = { input: inputOf(given), environment: variables, workingDirectory };
      return namespace.run(root, mounts, command, options);
    }, volumes);
  }

  it('runs a check, a get and a put from the files of the resource type in a user namespace', async () => {
    await inUserNamespace('all', (start, volumes) =>
      expectAllToWork(answersOf(start), volumes, greatestId('uid')),
    );
  });

  it('fails a get and leaves no root file system if the owner of a file is not mapped in the user namespace', async () => {
    await inUserNamespace('root', async (start, { build }) => {
      const version = { tag: 'latest', digest: image.digest };
      const { status, stderr } = await start('in', { version }, '/tmp/build/get');
      expect(status).toBe(1);
      expect(stderr).toContain('cannot unpack "home/user/": it belongs to user 1000 and group 1000');
      expect(await readdir(join(build, 'get'))).not.toContain('rootfs');
    });
  });

  it('is built for the other architecture too, with the executable of this one in dist/native afterwards', async () => {
    const otherTag = `localhost/resource:${randomUUID()}`;
    await makeBase(otherArchitecture);
    await makeImage(otherArchitecture, otherTag);
    const { OCIv1 } = JSON.parse(await buildah('inspect', '--type', 'image', otherTag));
    expect(OCIv1).toMatchObject({ os: 'linux', architecture: otherArchitecture });

    const archive = join(resourceTypeFor(otherArchitecture), 'rootfs.tgz');
    expect((await stat(archive)).size).toBeLessThanOrEqual(60e6);
    const root = await mkdtemp(join(folder, 'root-'));
    await outputOf('tar', ['-xzf', archive, '-C', root]);
    const here = await elfFile(join(repositoryRoot, 'dist', 'native', 'check'));
    const there = await elfFile(join(root, 'opt', 'resource', 'registry-image-resource'));
    expect([here.machine, there.machine]).toEqual([
      elfMachines[architecture],
      elfMachines[otherArchitecture],
    ]);
    expect((await elfFile(join(root, there.loader))).machine).toBe(elfMachines[otherArchitecture]);
  });

  it('leaves no image without a name in the image store, and prints two lines only', async () => {
    const again = await makeImage(architecture, tag);
    expect(await buildah('images', '--quiet', '--filter', 'dangling=true')).toBe('');
    expect(await buildah('containers', '--quiet', '--all')).toBe('');
    const lines = again.split('\n').filter((line) => line !== '' && !line.startsWith('> '));
    expect(lines).toEqual([
      expect.stringContaining(`built ${tag} for linux/${architecture} with buildah`),
      expect.stringContaining(`dist/image/${architecture}/registry-image`),
    ]);
  });

  it('has the metadata of a resource type for a worker', async () => {
    const { version } = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8'));
    expect(JSON.parse(await readFile(join(resourceType, 'resource_metadata.json'), 'utf8'))).toEqual({
      type: 'registry-image',
      version,
      privileged: false,
      unique_version_history: false,
    });
  });
});
