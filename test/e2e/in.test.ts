// in as Concourse runs it: the files of a get, its answer and its log.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { serverKeys } from '../support/certificates.ts';
import { type ProgramResult, runProgram } from '../support/child-process.ts';
import { buildImage, buildIndex, emptyImage, type Image, type Root, seed } from '../support/images.ts';
import { buildLayer, directory, file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { executablePath, runExecutable } from '../support/run.ts';
import { type FakeHandler, startOrderedServer } from '../support/strict-server.ts';
import {
  basePath,
  entrypointImage,
  filePermissionsImage,
  metadataImage,
  removedHardlinksImage,
  staticImage,
  symlinksImage,
  whiteoutImage,
  zstdImage,
} from '../support/test-images.ts';
import { startTunnelProxy } from '../support/tunnel-proxy.ts';

const asRoot = process.getuid?.() === 0;
const repository = 'concourse/test-image';

let registry: TestRegistry;
let folder: string;
let target: string;

beforeAll(async () => {
  registry = await startRegistry();
  folder = mkdtempSync(join(tmpdir(), 'in-'));
});

afterAll(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  target = mkdtempSync(join(folder, 'get-'));
});

/** Puts an image into the registry and runs in for it. */
async function get(root: Root, request: { source?: object; params?: object; tag?: string } = {}) {
  seed(registry, repository, 'latest', root);
  const { source, params, tag = 'latest' } = request;
  const result = await runExecutable('in', {
    request: {
      source: { repository: `${registry.host}/${repository}`, ...source },
      ...(params ? { params } : {}),
      version: { tag, digest: root.digest },
    },
    directory: target,
  });
  return { ...result, answer: result.status === 0 ? JSON.parse(result.stdout) : result.stderr };
}

function text(...path: readonly string[]): string {
  return readFileSync(join(target, ...path), 'utf8');
}

function names(...path: readonly string[]): string[] {
  return readdirSync(join(target, ...path)).sort();
}

/** Expects that a get failed with a message, without an answer and without files. */
function expectFailure({ status, stdout, stderr }: ProgramResult, reason: string): void {
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(reason);
  expect(stderr).not.toContain('this is a bug');
  expect(names()).toEqual([]);
}

describe('the metadata of an image', () => {
  it('writes env and user to metadata.json', async () => {
    expect(await get(await metadataImage())).toMatchObject({ status: 0 });
    expect(text('metadata.json')).toBe(
      `{"cmd":["/bin/sh"],"entrypoint":null,"env":["${basePath}","FOO=1"],"user":"someuser"}\n`,
    );
  });

  it('writes entrypoint and cmd to metadata.json', async () => {
    expect(await get(await entrypointImage())).toMatchObject({ status: 0 });
    expect(text('metadata.json')).toBe(
      `{"cmd":["-c","echo hello world"],"entrypoint":["/bin/sh"],"env":["${basePath}"],"user":""}\n`,
    );
  });

  it('escapes and sorts metadata.json and labels.json as Go does', async () => {
    const run = { Env: ['A=<&>\u2028'], Labels: { b: '<b>', a: '1', '10': 'ten', '-': '' } };
    expect(await get(await buildImage({ run }))).toMatchObject({ status: 0 });
    expect(text('metadata.json')).toBe(
      '{"cmd":null,"entrypoint":null,"env":["A=\\u003c\\u0026\\u003e\\u2028"],"user":""}\n',
    );
    expect(text('labels.json')).toBe('{"-":"","10":"ten","a":"1","b":"\\u003cb\\u003e"}\n');
  });

  it('writes null and empty values for what the config does not have', async () => {
    expect(await get(emptyImage())).toMatchObject({ status: 0 });
    expect(text('metadata.json')).toBe('{"cmd":null,"entrypoint":null,"env":null,"user":""}\n');
    expect(text('labels.json')).toBe('{}\n');
  });
});

describe('the answer of a get', () => {
  it('answers with the requested version and the metadata on one line', async () => {
    const image = await staticImage();
    const { stdout } = await get(image, { tag: 'some-tag' });
    expect(stdout).toBe(
      `{"version":{"tag":"some-tag","digest":"${image.digest}"},"metadata":[` +
        `{"name":"repository","value":"${registry.host}/${repository}"},` +
        `{"name":"tag","value":"some-tag"}]}\n`,
    );
  });

  it('logs on stderr what it fetches', async () => {
    const image = await staticImage();
    const { stderr } = await get(image);
    expect(stderr).toContain(
      `fetching \x1b[32m${registry.host}/${repository}\x1b[0m@\x1b[33m${image.digest}\x1b[0m\n`,
    );
  });
});

describe('the files of a get', () => {
  it('writes the root file system and five files beside it', async () => {
    const image = await staticImage();
    expect(await get(image, { tag: 'not-its-tag' })).toMatchObject({ status: 0 });
    expect(names()).toEqual(['digest', 'labels.json', 'metadata.json', 'repository', 'rootfs', 'tag']);
    expect(text('digest')).toBe(image.digest);
    expect(text('tag')).toBe('not-its-tag');
    expect(text('repository')).toBe(`${registry.host}/${repository}`);
    expect(text('rootfs', 'Dockerfile')).toBe('hello!\n');
  });

  it('writes no root file system for an image without layers', async () => {
    expect(await get(emptyImage())).toMatchObject({ status: 0 });
    expect(names()).toEqual(['digest', 'labels.json', 'metadata.json', 'repository', 'tag']);
  });

  it.each([
    ['000', 0o644, 0o666],
    ['022', 0o644, 0o644],
    ['077', 0o600, 0o600],
  ])('applies umask %s to the files beside the root file system only', async (umask, plain, json) => {
    const image = await buildImage({
      layers: [
        [directory('open', { mode: 0o1777 }), file('open/all', '', { mode: 0o666 }), file('deep/in/it')],
      ],
    });
    seed(registry, repository, 'latest', image);
    const source = { repository: `${registry.host}/${repository}` };
    const request = { source, version: { tag: 'latest', digest: image.digest } };
    const command = `umask ${umask}; exec "$0" "$1"`;
    const result = await runProgram('/bin/sh', ['-c', command, executablePath('in'), target], {
      input: JSON.stringify(request),
      environment: { TEST: 'true' },
    });
    expect(result).toMatchObject({ status: 0 });
    const modeOf = (...path: readonly string[]) => lstatSync(join(target, ...path)).mode & 0o7777;
    expect(['tag', 'digest', 'repository'].map((name) => modeOf(name))).toEqual([plain, plain, plain]);
    expect(['metadata.json', 'labels.json'].map((name) => modeOf(name))).toEqual([json, json]);
    expect(modeOf('rootfs')).toBe(0o755);
    expect(modeOf('rootfs', 'open')).toBe(0o1777);
    expect(modeOf('rootfs', 'open', 'all')).toBe(0o666);
    expect(modeOf('rootfs', 'deep', 'in')).toBe(0o755);
  });
});

describe('the root file system of a get', () => {
  it('has the permissions, times and owners of the image', async () => {
    expect(await get(await filePermissionsImage())).toMatchObject({ status: 0 });
    const { mode, mtime, uid, gid } = lstatSync(join(target, 'rootfs/home/alex/birthday'));
    expect(mode & 0o7777).toBe(0o603);
    expect(mtime).toEqual(new Date('1991-06-03T05:30:30Z'));
    expect({ uid, gid }).toEqual(asRoot ? { uid: 1000, gid: 1000 } : lstatOwner());
    expect(lstatSync(join(target, 'rootfs/home/alex')).mode & 0o7777).toBe(0o2755);
  });

  it('does not contain what upper layers removed', async () => {
    expect(await get(await whiteoutImage())).toMatchObject({ status: 0 });
    expect(names('rootfs').filter((name) => name.startsWith('top'))).toEqual([
      'top-dir-1',
      'top-dir-3',
      'top-dir-4',
    ]);
    expect(names('rootfs', 'top-dir-1')).toEqual(['nested-dir', 'nested-file']);
    expect(names('rootfs', 'top-dir-1', 'nested-dir')).toEqual([
      'file-here',
      'file-recreated',
      'file-then-dir',
    ]);
    expect(lstatSync(join(target, 'rootfs/top-dir-1/nested-dir/file-then-dir')).isDirectory()).toBe(true);
    expect(names('rootfs', 'top-dir-3')).toEqual(['nested-dir']);
    expect(names('rootfs', 'top-dir-4')).toEqual([]);
    const { uid, gid } = lstatSync(join(target, 'rootfs/top-dir-4'));
    expect({ uid, gid }).toEqual(asRoot ? { uid: 1000, gid: 1000 } : lstatOwner());
  });

  it('keeps a hard link whose first name an upper layer removed', async () => {
    expect(await get(await removedHardlinksImage())).toMatchObject({ status: 0 });
    expect(names('rootfs', 'hardlink-test')).toEqual(['hardlink-file']);
    expect(lstatSync(join(target, 'rootfs/hardlink-test/hardlink-file')).isFile()).toBe(true);
    expect(text('rootfs', 'hardlink-test', 'hardlink-file')).toBe('FROM test\n');
  });

  it('replaces a symbolic link by a file without changing its target', async () => {
    expect(await get(await symlinksImage())).toMatchObject({ status: 0 });
    expect(text('rootfs', 'a')).toBe('symlinked\n');
    expect(text('rootfs', 'b')).toBe('replaced\n');
    expect(lstatSync(join(target, 'rootfs/b')).isSymbolicLink()).toBe(false);
  });

  it('unpacks zstd layers', async () => {
    expect(await get(await zstdImage())).toMatchObject({ status: 0 });
    expect(text('rootfs', 'etc', 'motd')).toBe('Hello from zstd image!\n'.repeat(100));
  });

  it.each(['none', 'gzip', 'zstd'] as const)(
    'unpacks layers by their content whatever their media type is: %s',
    async (kind) => {
      const layer = await buildLayer([file('a', 'content')], {
        compression: kind,
        mediaType: kind === 'none' ? mediaTypes.ociLayerGzip : mediaTypes.ociLayerTar,
      });
      expect(await get(await buildImage({ layers: [layer] }))).toMatchObject({ status: 0 });
      expect(text('rootfs', 'a')).toBe('content');
    },
  );

  it('does not contain files of an interrupted get', async () => {
    mkdirSync(join(target, 'rootfs', 'stale'), { recursive: true, mode: 0o500 });
    writeFileSync(join(target, 'rootfs', 'half'), 'of a file');
    writeFileSync(join(target, 'digest'), 'sha256:old');
    const image = await staticImage();
    expect(await get(image)).toMatchObject({ status: 0 });
    expect(names('rootfs')).toEqual(['Dockerfile']);
    expect(text('digest')).toBe(image.digest);
  });

  it('removes the root file system of an earlier get for an image without layers', async () => {
    mkdirSync(join(target, 'rootfs'));
    expect(await get(emptyImage())).toMatchObject({ status: 0 });
    expect(existsSync(join(target, 'rootfs'))).toBe(false);
  });

  function lstatOwner() {
    const { uid, gid } = lstatSync(target);
    return { uid, gid };
  }
});

describe('the platform of a get', () => {
  const linux = (architecture: string, more: object = {}) => ({ os: 'linux', architecture, ...more });
  const imageFor = (name: string, platform: { os: string; architecture: string; variant?: string }) =>
    buildImage({ layers: [[file('name', name)]], platform });
  const indexOf = async () =>
    buildIndex([
      await imageFor('attestation', { os: 'unknown', architecture: 'unknown' }),
      await imageFor('armv6', linux('arm', { variant: 'v6' })),
      await imageFor('armv7', linux('arm', { variant: 'v7' })),
      await imageFor('arm64', linux('arm64')),
      // An entry without a platform counts as linux/amd64, and this index is searched for the platform again.
      buildIndex([
        await imageFor('windows', { os: 'windows', architecture: 'amd64' }),
        await imageFor('amd64', linux('amd64')),
      ]),
    ]);

  it.each<[string, { source?: object; params?: object }, string]>([
    ['the platform of the source', { source: { platform: linux('arm64') } }, 'arm64'],
    ['the platform in an index within the index', { source: { platform: linux('amd64') } }, 'amd64'],
    [
      'the platform of the step rather than that of the source',
      { source: { platform: linux('amd64') }, params: { platform: linux('arm64') } },
      'arm64',
    ],
    ['the first variant of a platform without a variant', { source: { platform: linux('arm') } }, 'armv6'],
    ['the variant of the platform', { source: { platform: linux('arm', { variant: 'v7' }) } }, 'armv7'],
    ['the variant after a slash in the architecture', { params: { platform: linux('arm/v7') } }, 'armv7'],
    [
      'an entry without a variant for the default variant',
      { source: { platform: linux('arm64/v8') } },
      'arm64',
    ],
    [
      "the platform of the step as a whole, with the host's value for what it leaves out",
      {
        source: { platform: { os: 'plan9', architecture: 'amd64' } },
        params: { platform: { architecture: 'arm64' } },
      },
      'arm64',
    ],
  ])('fetches the image for %s', async (_name, request, expected) => {
    expect(await get(await indexOf(), request)).toMatchObject({ status: 0 });
    expect(text('rootfs', 'name')).toBe(expected);
  });

  it('writes the digest of the index, not that of the image', async () => {
    const index = await indexOf();
    const { answer } = await get(index, { source: { platform: linux('amd64') } });
    expect(answer.version.digest).toBe(index.digest);
    expect(text('digest')).toBe(index.digest);
  });

  it.each([linux('arm64/v9'), linux('arm/v5'), linux('s390x'), { os: 'darwin', architecture: 'amd64' }])(
    'fails without an image for %j and lists the platforms of the index',
    async (platform) => {
      const result = await get(await indexOf(), { source: { platform } });
      expectFailure(result, `no child with platform ${platform.os}/${platform.architecture} in index`);
      expect(result.stderr).toContain('it has: linux/arm/v6, linux/arm/v7, linux/arm64, linux/amd64');
    },
  );

  it('reads a Docker manifest list, and treats an entry without a platform as linux/amd64', async () => {
    const image = await buildImage({ format: 'docker', layers: [[file('name', 'plain')]] });
    const list = buildIndex([{ ...image, entry: {} }], { format: 'docker' });
    expect(await get(list, { source: { platform: linux('amd64') } })).toMatchObject({ status: 0 });
    expect(text('rootfs', 'name')).toBe('plain');
  });

  it('fetches a single image whatever its platform is', async () => {
    const image = await imageFor('s390x', linux('s390x'));
    expect(await get(image, { source: { platform: linux('amd64') } })).toMatchObject({ status: 0 });
    expect(text('rootfs', 'name')).toBe('s390x');
  });
});

describe('a get from a strict registry', () => {
  const image = emptyImage();
  const path = '/v2/some/fake-image';
  const ping: FakeHandler = { method: 'GET', path: '/v2/', reply: { status: 200 } };
  const manifestOf = (found: Image, at = path): FakeHandler => ({
    method: 'GET',
    path: `${at}/manifests/${found.digest}`,
    reply: { status: 200, body: found.bytes },
  });
  const configOf = (found: Image, at = path): FakeHandler => ({
    method: 'GET',
    path: `${at}/blobs/${found.config.digest}`,
    reply: { status: 200, body: found.config.bytes },
  });
  const limited = (handler: FakeHandler): FakeHandler => ({ ...handler, reply: { status: 429 } });
  const missing = (handler: FakeHandler): FakeHandler => ({ ...handler, reply: { status: 404 } });
  const fetchFrom = (
    name: string,
    source: object = {},
    options: { params?: object; environment?: Record<string, string> } = {},
    found = image,
  ) =>
    runExecutable('in', {
      request: {
        source: { repository: name, ...source },
        ...(options.params ? { params: options.params } : {}),
        version: { tag: '', digest: found.digest },
      },
      directory: target,
      environment: { TEST: 'true', ...options.environment },
    });
  const answerFor = (name: string, fields: readonly object[] = [], found = image) =>
    `${JSON.stringify({
      version: { tag: '', digest: found.digest },
      metadata: [{ name: 'repository', value: name }, { name: 'tag', value: '' }, ...fields],
    })}\n`;

  it('starts over with the ping after each 429', async () => {
    await using server = await startOrderedServer([
      limited(ping),
      limited(ping),
      ping,
      limited(manifestOf(image)),
      ping,
      manifestOf(image),
      limited(configOf(image)),
      ping,
      manifestOf(image),
      configOf(image),
    ]);
    const name = `${server.host}/some/fake-image`;
    const { status, stdout, stderr } = await fetchFrom(name);
    server.assertSatisfied();
    expect({ status, stdout }).toEqual({ status: 0, stdout: answerFor(name) });
    expect(stderr.match(/WARN.*transient error/g)).toHaveLength(4);
  });

  it('accepts a self-signed certificate that is in ca_certs', async () => {
    await using server = await startOrderedServer([ping, manifestOf(image), configOf(image)], {
      tls: serverKeys.selfSigned,
    });
    const name = `${server.host}/some/fake-image`;
    const { stdout } = await fetchFrom(name, { ca_certs: [serverKeys.selfSigned.cert] });
    server.assertSatisfied();
    expect(stdout).toBe(answerFor(name));
  });

  it('refuses a self-signed certificate that is not in ca_certs', async () => {
    await using server = await startOrderedServer([], { tls: serverKeys.selfSigned });
    const result = await fetchFrom(`${server.host}/some/fake-image`);
    server.assertSatisfied();
    expectFailure(result, 'not signed by an authority that is trusted');
  });

  it('does not use the mirror for a repository of another registry', async () => {
    await using mirror = await startOrderedServer([]);
    await using server = await startOrderedServer([ping, manifestOf(image), configOf(image)]);
    const name = `${server.host}/some/fake-image`;
    const { stdout } = await fetchFrom(name, { registry_mirror: { host: mirror.host } });
    server.assertSatisfied();
    mirror.assertSatisfied();
    expect(mirror.connections).toBe(0);
    expect(stdout).toBe(answerFor(name));
  });

  it.each([
    ['explicit', 'some/fake-image', '/v2/some/fake-image'],
    ['implied', 'fake-image', '/v2/library/fake-image'],
    ['explicit registry', 'docker.io/fake-image', '/v2/library/fake-image'],
  ])(
    'uses the mirror for Docker Hub and does not report its name, with an %s namespace',
    async (_kind, name, at) => {
      await using mirror = await startOrderedServer([ping, manifestOf(image, at), configOf(image, at)]);
      const { stdout } = await fetchFrom(name, { registry_mirror: { host: mirror.host } });
      mirror.assertSatisfied();
      expect(stdout).toBe(answerFor(name));
      expect(text('repository')).toBe(name);
    },
  );

  it.each([
    ['explicit', 'some/fake-image', '/v2/some/fake-image'],
    ['implied', 'fake-image', '/v2/library/fake-image'],
  ])('uses Docker Hub if the mirror has no such image, with an %s namespace', async (_kind, name, at) => {
    await using mirror = await startOrderedServer([ping, missing(manifestOf(image, at))]);
    await using hub = await startOrderedServer([ping, manifestOf(image, at), configOf(image, at)], {
      tls: serverKeys.dockerHub,
    });
    await using proxy = await startTunnelProxy(hub.port);
    const { stdout, stderr } = await fetchFrom(
      name,
      {
        registry_mirror: { host: mirror.host, username: 'mirror', password: 'secret' },
        ca_certs: [serverKeys.dockerHub.cert],
      },
      { environment: { HTTPS_PROXY: proxy.url } },
    );
    mirror.assertSatisfied();
    hub.assertSatisfied();
    expect(new Set(proxy.targets)).toEqual(new Set(['index.docker.io:443']));
    expect(stdout).toBe(answerFor(name));
    expect(stderr).toMatch(/WARN.*download from mirror .* failed/);
    expect(hub.journal.requests.some(({ authorized }) => authorized)).toBe(false);
  });

  it.each<[string, object, readonly object[]]>([
    ['without a pattern', {}, []],
    ['of labels that match label_regex', { label_regex: '^org\\.a$' }, [{ name: 'org.a', value: 'first' }]],
    ['with a label_regex that matches nothing', { label_regex: 'nowhere' }, []],
    [
      'of annotations that match annotation_regex',
      { annotation_regex: 'note' },
      [{ name: 'org.note', value: 'annotated' }],
    ],
    ['with an annotation_regex that matches nothing', { annotation_regex: '^note' }, []],
    [
      'of labels, sorted, and then annotations',
      { label_regex: '^org', annotation_regex: '^org' },
      [
        { name: 'org.a', value: 'first' },
        { name: 'org.z', value: 'last' },
        { name: 'org.note', value: 'annotated' },
      ],
    ],
  ])('answers with metadata %s and requests the config once', async (_name, source, fields) => {
    const found = await buildImage({
      run: { Labels: { 'org.z': 'last', 'org.a': 'first', other: 'left out' } },
      annotations: { 'org.note': 'annotated', other: 'left out' },
    });
    await using server = await startOrderedServer([ping, manifestOf(found), configOf(found)]);
    const name = `${server.host}/some/fake-image`;
    const { stdout } = await fetchFrom(name, source, {}, found);
    server.assertSatisfied();
    expect(stdout).toBe(answerFor(name, fields, found));
  });
});

describe('a get from a private registry', () => {
  it('logs in with username and password', async () => {
    await using server = await startRegistry({ auth: { kind: 'basic', user: 'user', password: 'secret' } });
    const image = await staticImage();
    seed(server, 'private', 'latest', image);
    const request = (password: string) => ({
      source: { repository: `${server.host}/private`, username: 'user', password },
      version: { tag: 'latest', digest: image.digest },
    });
    expect(await runExecutable('in', { request: request('secret'), directory: target })).toMatchObject({
      status: 0,
    });
    expect(text('rootfs', 'Dockerfile')).toBe('hello!\n');
    expectFailure(
      await runExecutable('in', { request: request('wrong'), directory: target }),
      'UNAUTHORIZED',
    );
  });
});

describe('a get that fails', () => {
  const unused = `sha256:${'0'.repeat(64)}`;

  function leaveEarlierGet(): void {
    for (const name of ['tag', 'digest', 'repository', 'metadata.json', 'labels.json']) {
      writeFileSync(join(target, name), 'old');
    }
    mkdirSync(join(target, 'rootfs/bin'), { recursive: true });
  }

  it.each<[string, object]>([
    ['a missing version', {}],
    ['a missing digest', { version: { tag: 'latest' } }],
    ['a malformed digest', { version: { tag: 'a', digest: 'sha256:abc' } }],
    ['a digest in upper case', { version: { digest: `sha256:${'A'.repeat(64)}` } }],
  ])('fails for %s before it changes anything', async (_name, request) => {
    leaveEarlierGet();
    const source = { repository: `${registry.host}/${repository}` };
    const result = await runExecutable('in', { request: { source, ...request }, directory: target });
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toContain('version.digest names no image');
    expect(readdirSync(target).sort()).toEqual([
      'digest',
      'labels.json',
      'metadata.json',
      'repository',
      'rootfs',
      'tag',
    ]);
  });

  it('fails for an unknown digest and removes the files of an earlier get', async () => {
    seed(registry, repository, 'latest', await staticImage());
    leaveEarlierGet();
    const source = { repository: `${registry.host}/${repository}` };
    const request = { source, version: { tag: 'latest', digest: unused } };
    expectFailure(await runExecutable('in', { request, directory: target }), 'MANIFEST_UNKNOWN');
  });

  it.each<[string, () => string | undefined, string]>([
    ['not given', () => undefined, 'destination path not specified'],
    ['a file', () => executablePath('in'), 'is not a directory'],
  ])('fails for a directory that is %s', async (_name, directoryOf, reason) => {
    const source = { repository: `${registry.host}/${repository}` };
    const path = directoryOf();
    const before = registry.requests.length;
    const result = await runExecutable('in', {
      request: { source, version: { digest: unused } },
      ...(path === undefined ? {} : { directory: path }),
    });
    expectFailure(result, reason);
    expect(registry.requests).toHaveLength(before);
  });

  it('fails for a Docker schema 1 manifest and says so', async () => {
    const body = Buffer.from('{"schemaVersion":1,"name":"a","tag":"b"}');
    const digest = registry.putManifest(repository, 'old', mediaTypes.dockerManifestSchema1, body);
    const source = { repository: `${registry.host}/${repository}` };
    const request = { source, version: { tag: 'old', digest } };
    expectFailure(await runExecutable('in', { request, directory: target }), 'Docker schema 1 manifest');
  });
});
