// The errors and hints that users read, by situation.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverKeys } from '../support/certificates.ts';
import { runProgram } from '../support/child-process.ts';
import type { FaultRule } from '../support/fault.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, buildIndex, type Image, type Index, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from '../support/registry.ts';
import { type ExecutableName, executablePath, runExecutable } from '../support/run.ts';
import { staticImage } from '../support/test-images.ts';
import { startTunnelProxy, type TunnelProxy } from '../support/tunnel-proxy.ts';

const repository = 'team/app';
const account = { user: 'robot', password: 's3cr3t' };
const wrongLogin = { username: 'robot', password: 'wr0ng' };
const gone = `sha256:${'0'.repeat(64)}`;

/** Fails every request but the ping. */
const refusing = (status: number): FaultRule[] => [
  { path: /manifests|tags|blobs/, fault: { kind: 'status', status } },
];

const setups = {
  open: {},
  basic: { auth: { kind: 'basic', ...account } },
  bearer: { auth: { kind: 'bearer', credentials: account } },
  forbidding: { faults: refusing(403) },
  limiting: { faults: refusing(429) },
  broken: { faults: refusing(500) },
  tampering: { faults: [{ path: /manifests/, fault: { kind: 'flip' } }] },
  damaging: { faults: [{ path: /blobs/, fault: { kind: 'flip' } }] },
  untrusted: { tls: serverKeys.selfSigned },
  expired: { tls: serverKeys.expired },
} as const satisfies Record<string, RegistryOptions>;

type Setup = keyof typeof setups;

const registries = new Map<string, TestRegistry>();
let image: Image;
let large: Image;
let index: Index;
let folder: string;
let artifacts: string;
let toPlainHttp: TunnelProxy;

beforeAll(async () => {
  image = await staticImage();
  const entropy = Array.from({ length: 400_000 }, (_, position) => `${(position * 2_654_435_761) % 2 ** 32}`);
  large = await buildImage({ layers: [[file('large', entropy.join(''))]] });
  index = buildIndex([
    await buildImage({ platform: { os: 'linux', architecture: 's390x' } }),
    await buildImage({ platform: { os: 'linux', architecture: 'arm', variant: 'v6' } }),
  ]);
  for (const [name, options] of Object.entries(setups)) {
    const registry = await startRegistry(options);
    seed(registry, repository, 'latest', image);
    seed(registry, 'team/large', 'latest', large);
    seed(registry, 'team/multi', 'latest', index);
    registries.set(name, registry);
  }
  folder = mkdtempSync(join(tmpdir(), 'messages-'));
  artifacts = mkdtempSync(join(folder, 'put-'));
  writeFileSync(join(artifacts, 'image.tar'), await dockerArchive(image));
  writeFileSync(join(artifacts, 'notes.txt'), 'no image');
  toPlainHttp = await startTunnelProxy(at('open').port);
});

afterAll(async () => {
  await toPlainHttp?.[Symbol.asyncDispose]();
  await Promise.all([...registries.values()].map((registry) => registry.close()));
  rmSync(folder, { recursive: true, force: true });
});

function at(setup: Setup): TestRegistry {
  const registry = registries.get(setup);
  if (!registry) {
    throw new Error(`no registry is set up as ${setup}`);
  }
  return registry;
}

/** What a request is about; by default the image `team/app` on the registry of a setup. */
interface Situation {
  readonly setup?: Setup;
  /** Replaces the whole name of the repository. */
  readonly named?: string;
  /** The repository on the registry; by default `team/app`. */
  readonly path?: string;
  readonly source?: object;
  readonly params?: object;
  readonly digest?: () => string;
  readonly environment?: () => Record<string, string>;
}

async function run(name: ExecutableName, situation: Situation) {
  const { setup = 'open', named, path = repository, source, params, digest, environment } = situation;
  const repositoryName = named ?? `${at(setup).host}/${path}`;
  const directory = name === 'out' ? artifacts : mkdtempSync(join(folder, 'get-'));
  return await runExecutable(name, {
    request: {
      source: { repository: repositoryName, ...source },
      ...(params ? { params } : {}),
      ...(name === 'in' ? { version: { tag: 'latest', digest: (digest ?? (() => image.digest))() } } : {}),
    },
    ...(name === 'check' ? {} : { directory }),
    environment: { TEST: 'true', ...environment?.() },
  });
}

const plain = (text: string) => text.replaceAll(/\x1b\[\d+m/g, '');
const tagged = { tag: 'latest' };
const put = { image: 'image.tar' };
const put401 = { source: { ...tagged }, params: put };

describe('an error message', () => {
  it.each<[string, ExecutableName, Situation, string, string]>([
    [
      '401 without credentials',
      'check',
      { setup: 'basic', source: tagged },
      'UNAUTHORIZED',
      'check username and password (both must be set)',
    ],
    [
      '401 with wrong credentials',
      'check',
      { setup: 'basic', source: wrongLogin },
      'list repository tags',
      'check username and password',
    ],
    [
      '401 in a get',
      'in',
      { setup: 'basic', source: wrongLogin },
      'download failed',
      'check username and password',
    ],
    [
      '401 in a put',
      'out',
      { setup: 'basic', ...put401 },
      'pushing image failed',
      'check username and password',
    ],
    [
      '401 of a token server',
      'check',
      { setup: 'bearer', source: wrongLogin },
      'requesting a token for',
      'the account may use this repository',
    ],
    [
      '401 of a token server in a put',
      'out',
      { setup: 'bearer', ...put401 },
      'requesting a token for',
      'check username and password',
    ],
    ['403', 'check', { setup: 'forbidding', source: tagged }, 'DENIED', 'it needs the right to pull'],
    ['403 in a get', 'in', { setup: 'forbidding' }, 'DENIED', 'it needs the right to pull'],
    ['403 in a put', 'out', { setup: 'forbidding', ...put401 }, 'DENIED', 'for a put to push'],
    [
      'an unknown repository',
      'check',
      { path: 'no/such' },
      'NAME_UNKNOWN',
      'check the name of the repository',
    ],
    [
      'an unknown repository in a get',
      'in',
      { path: 'no/such' },
      'MANIFEST_UNKNOWN',
      'a private repository looks like this',
    ],
    [
      'a deleted digest',
      'in',
      { digest: () => gone },
      `manifests/${gone}: MANIFEST_UNKNOWN`,
      'the digest was deleted from the repository',
    ],
    [
      '429',
      'check',
      { setup: 'limiting', source: tagged },
      '429 Too Many Requests',
      'set username and password, or a registry_mirror',
    ],
    [
      '429 in a get',
      'in',
      { setup: 'limiting' },
      'TOOMANYREQUESTS',
      'set username and password, or a registry_mirror',
    ],
    ['500', 'check', { setup: 'broken' }, 'answered with 500', 'try again later'],
    [
      'an unknown CA',
      'check',
      { setup: 'untrusted' },
      'not signed by an authority that is trusted here',
      'to ca_certs',
    ],
    ['an unknown CA in a get', 'in', { setup: 'untrusted' }, 'not signed by an authority', 'to ca_certs'],
    [
      'an unknown CA in a put',
      'out',
      { setup: 'untrusted', ...put401 },
      'not signed by an authority',
      'to ca_certs',
    ],
    [
      'an expired certificate',
      'check',
      { setup: 'expired', source: { ca_certs: [serverKeys.expired.cert] } },
      'certificate of the server',
      'must be renewed',
    ],
    [
      'a registry that speaks http only',
      'check',
      { named: 'reg.example.com/team/app', environment: () => ({ HTTPS_PROXY: toPlainHttp.url }) },
      'does not speak TLS',
      'set "insecure: true"',
    ],
    [
      'a refused connection',
      'check',
      { named: '127.0.0.1:1/team/app' },
      'nothing accepts connections there',
      'check host and port',
    ],
    [
      'a host without an address',
      'check',
      { named: 'registry.invalid/team/app' },
      'cannot be resolved',
      'check the spelling',
    ],
    [
      'an upper-case name',
      'check',
      { named: 'ghcr.io/Team/App' },
      'could not resolve repository: repository can only contain',
      'ghcr.io/team/app',
    ],
    [
      'an upper-case name in a put',
      'out',
      { named: 'Team/App', params: put },
      'could not resolve repository',
      'lower-case: team/app',
    ],
    [
      'a tag in the name',
      'in',
      { named: 'team/app:1.2' },
      'could not resolve repository',
      'put the tag into source.tag',
    ],
    ['a URL as the name', 'check', { named: 'https://ghcr.io/team/app' }, 'is a URL', 'leave out the scheme'],
    [
      'white space in the name',
      'check',
      { named: 'team/app ' },
      'could not resolve repository',
      'white space too',
    ],
    ['no name', 'check', { named: '' }, 'a repository name must be specified', 'set source.repository'],
    [
      'a name that is too short',
      'check',
      { named: 'gcr.io/x' },
      'between 2 and 255 characters',
      'write the whole name',
    ],
    [
      'no matching platform',
      'in',
      {
        path: 'team/multi',
        digest: () => index.digest,
        params: { platform: { os: 'linux', architecture: 'arm64/v8' } },
      },
      'no child with platform linux/arm64/v8',
      'set platform',
    ],
    [
      'no matching variant of a platform',
      'in',
      {
        path: 'team/multi',
        digest: () => index.digest,
        source: { platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
      },
      'it has: linux/s390x, linux/arm/v6',
      'set platform',
    ],
    [
      'two different variants',
      'check',
      { source: { platform: { architecture: 'arm/v6', variant: 'v7' } } },
      'name different variants',
      'in one place only',
    ],
    [
      'an empty digest',
      'in',
      { digest: () => '' },
      'version.digest names no image',
      'from an answer of check',
    ],
    [
      'a malformed digest',
      'in',
      { digest: () => 'sha256:abc' },
      'got "sha256:abc"',
      'from an answer of check',
    ],
    [
      'a manifest with another digest',
      'in',
      { setup: 'tampering' },
      'does not match requested digest',
      'serves other bytes',
    ],
    [
      'an unknown format',
      'in',
      { params: { format: 'oci-layuot' } },
      "must be one of 'rootfs', 'oci', 'oci-layout': \"oci-layuot\"",
      'did you mean oci-layout?',
    ],
    [
      'an invalid label_regex',
      'in',
      { source: { label_regex: '(' } },
      'invalid regex pattern in source.label_regex',
      'RE2',
    ],
    [
      'an invalid tag_regex',
      'check',
      { source: { tag_regex: '(' } },
      'invalid regex pattern in source.tag_regex',
      'RE2',
    ],
    [
      'an invalid semver_constraint',
      'check',
      { source: { semver_constraint: 'newest' } },
      'parse semver constraint',
      'looks like',
    ],
    [
      'an unknown key',
      'check',
      { source: { repositry: 'x' } },
      'invalid payload: unknown field "source.repositry"',
      'did you mean repository?',
    ],
    [
      'a value of the wrong type',
      'out',
      { params: { image: 'image.tar', version: 1.2 } },
      'invalid payload: cannot unmarshal number',
      'in quotes',
    ],
    [
      'ca_certs without a certificate',
      'check',
      { source: { ca_certs: ['x'] } },
      'ca_certs[0] holds no certificate',
      'give it in PEM',
    ],
    [
      'a mirror with a scheme',
      'in',
      { named: 'busybox', source: { registry_mirror: { host: 'https://m.test' } } },
      'registry_mirror.host',
      'leave out the scheme',
    ],
    [
      'a glob without match',
      'out',
      { source: tagged, params: { image: 'out/*.tar' } },
      "no files match glob 'out/*.tar'",
      'there is: image.tar, notes.txt',
    ],
    [
      'a glob with two matches',
      'out',
      { source: tagged, params: { image: '*' } },
      "too many files/directories match glob '*'",
      'match exactly one',
    ],
    [
      'a file that is no image',
      'out',
      { source: tagged, params: { image: 'notes.txt' } },
      'could not load image from path',
      '',
    ],
    [
      'no tag',
      'out',
      { params: put },
      'no tag specified',
      "need either 'version:' in params or 'tag:' in source",
    ],
    [
      'an invalid version',
      'out',
      { params: { ...put, version: 'newest' } },
      'invalid semantic version: "newest"',
      'looks like 1.2.3',
    ],
    [
      'tag_prefix without additional_tags',
      'out',
      { source: tagged, params: { ...put, tag_prefix: 'x-' } },
      'tag_prefix can only be used when additional_tags are specified',
      'params.additional_tags',
    ],
    [
      'a missing file of additional tags',
      'out',
      { source: tagged, params: { ...put, additional_tags: 'tags' } },
      'additional tags',
      'params.additional_tags is the path',
    ],
  ])('explains %s (%s)', async (_name, executable, situation, message, hint) => {
    const { status, stdout, stderr } = await run(executable, situation);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    const lines = plain(stderr).split('\n');
    const errors = lines.filter((line) => line.startsWith('ERRO'));
    expect(errors).toEqual([expect.stringMatching(/^ERRO\[\d{4}\] .+ $/)]);
    expect(errors[0]).toContain(message);
    expect(lines.find((line) => line.startsWith('hint: ')) ?? '').toContain(hint);
    expect(stderr).not.toMatch(/wr0ng|s3cr3t|this is a bug/);
  });

  it.each<[ExecutableName, string]>([
    ['in', 'destination path not specified'],
    ['out', 'destination path not specified'],
  ])('explains a missing directory argument of %s', async (name, message) => {
    const result = await runExecutable(name, { request: {} });
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toContain(message);
  });
});

/** Whether this machine allows the test to mount a small file system. */
const mayMount =
  process.platform === 'linux' &&
  (await runProgram('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /mnt'])
    .then(({ status }) => status === 0)
    .catch(() => false));

describe.runIf(mayMount)('a full disk', () => {
  const onSmallDisk = (name: ExecutableName, directory: string, disk: string, request: object) =>
    runProgram(
      'unshare',
      [
        '-rm',
        'sh',
        '-c',
        'mount -t tmpfs -o size=64k none "$1" && exec "$0" "$2"',
        executablePath(name),
        disk,
        directory,
      ],
      { input: JSON.stringify(request), environment: { TEST: 'true', PATH: '/usr/bin:/bin', TMPDIR: disk } },
    );

  it('a get explains a full disk with a hint', async () => {
    const disk = mkdtempSync(join(folder, 'disk-'));
    const { status, stdout, stderr } = await onSmallDisk('in', disk, disk, {
      source: { repository: `${at('open').host}/team/large` },
      version: { tag: 'latest', digest: large.digest },
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/ERRO.*download failed: .*ENOSPC/);
    expect(stderr).toContain('hint: the disk is full');
  });

  it('a put explains a full disk with a hint', async () => {
    const disk = mkdtempSync(join(folder, 'disk-'));
    const directory = mkdtempSync(join(folder, 'put-'));
    writeFileSync(join(directory, 'image.tar'), await dockerArchive(large));
    const { status, stdout, stderr } = await onSmallDisk('out', directory, disk, {
      source: { repository: `${at('open').host}/team/pushed`, tag: 'x' },
      params: put,
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/ERRO.*could not compress layer .*ENOSPC/);
    expect(stderr).toMatch(/hint: the disk is full.*TMPDIR/);
  });
});

describe('a setting without effect', () => {
  const version = () => `[{"tag":"latest","digest":"${image.digest}"}]\n`;

  it.each<[string, object, string]>([
    [
      'tag together with semver keys',
      { semver_constraint: '>=1', pre_releases: true },
      'source.tag is set, so check goes by it alone and ignores semver_constraint, pre_releases',
    ],
    ['a username without a password', { username: 'robot' }, 'source has a username but no password'],
    ['a password without a username', { password: 's3cr3t' }, 'source has a password but no username'],
    ['an expired certificate', { ca_certs: [serverKeys.expired.cert] }, 'ca_certs[0] expired on 2001-01-01'],
  ])('warns about %s and continues the check', async (_name, source, warning) => {
    const { status, stdout, stderr } = await run('check', { source: { ...tagged, ...source } });
    expect({ status, stdout }).toEqual({ status: 0, stdout: version() });
    expect(plain(stderr).trimEnd().split('\n')).toEqual([expect.stringContaining(warning)]);
    expect(plain(stderr)).toMatch(/^WARN\[\d{4}\] /);
    expect(stderr).not.toContain('s3cr3t');
  });

  it('logs one line for a tag that does not exist, and reports no version', async () => {
    const { status, stdout, stderr } = await run('check', { source: { tag: 'newest' } });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '[]\n' });
    expect(plain(stderr).trimEnd().split('\n')).toEqual([
      expect.stringContaining(`${at('open').host}/${repository}:newest does not exist`),
    ]);
  });
});
