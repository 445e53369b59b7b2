// check, in and out with a real docker-registry, compared with skopeo and umoci.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { authority } from '../support/certificates.ts';
import { runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { type DockerRegistry, passwordUser, startDockerRegistry } from '../support/docker-registry.ts';
import { fileFacts } from '../support/file-facts.ts';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, buildIndex, type Image } from '../support/images.ts';
import { buildLayer, directory, file, hardLink, opaque, symlink, whiteout } from '../support/layers.ts';
import { type ExecutableName, runExecutable } from '../support/run.ts';
import {
  filePermissionsImage,
  removedHardlinksImage,
  symlinksImage,
  whiteoutImage,
} from '../support/test-images.ts';
import { startTokenServer } from '../support/token-server.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'services-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function answerOf(name: ExecutableName, request: object, directory?: string) {
  const result = await runExecutable(name, { request, ...(directory === undefined ? {} : { directory }) });
  expect(result).toMatchObject({ status: 0 });
  return JSON.parse(result.stdout);
}

/** Runs another tool and expects success. */
async function tool(command: string, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram(command, args);
  expect(`${status} ${stderr}`).toMatch(/^0 /);
  return stdout;
}

function newDirectory(): string {
  return mkdtempSync(join(folder, 'directory-'));
}

describeServices(['docker-registry', 'skopeo'], 'docker-registry', () => {
  const image = async (text: string) =>
    await buildImage({ format: 'docker', layers: [[file('handshake', text)]], run: { Env: ['A=1'] } });

  interface Login {
    readonly source: object;
    readonly skopeo: readonly string[];
  }

  const logins: readonly [string, () => Promise<[DockerRegistry, Login, ...AsyncDisposable[]]>][] = [
    [
      'over HTTP, anonymously',
      async () => [await startDockerRegistry(), { source: {}, skopeo: ['--tls-verify=false'] }],
    ],
    [
      'over TLS, with a password',
      async () => {
        const { user, password } = passwordUser;
        return [
          await startDockerRegistry({ kind: 'password' }),
          {
            source: { username: user, password, ca_certs: [authority] },
            skopeo: ['--tls-verify=false', `--creds=${user}:${password}`],
          },
        ];
      },
    ],
    [
      'with tokens',
      async () => {
        const credentials = { user: 'pusher', password: 'push secret' };
        const tokens = await startTokenServer([
          { credentials, repository: /.*/, actions: ['pull', 'push'] },
          { repository: /team\/.*/, actions: ['pull'] },
        ]);
        const registry = await startDockerRegistry({ kind: 'token', realm: tokens.realm });
        const { user, password } = credentials;
        return [
          registry,
          {
            source: { username: user, password },
            skopeo: ['--tls-verify=false', `--creds=${user}:${password}`],
          },
          tokens,
        ];
      },
    ],
  ];

  it.each(logins)('takes images of out that check, in and skopeo read: %s', async (_name, start) => {
    const [registry, login, ...others] = await start();
    try {
      const repository = `${registry.host}/team/app`;
      const source = { repository, ...login.source };
      const artifacts = newDirectory();
      const child = await image('tarball');
      writeFileSync(join(artifacts, 'image.tar'), await dockerArchive(child, { layout: 'compressed' }));
      const index = buildIndex(
        await Promise.all(
          ['amd64', 'arm64'].map((architecture) =>
            buildImage({
              layers: [[file('handshake', architecture)]],
              platform: { os: 'linux', architecture },
            }),
          ),
        ),
      );
      await writeOciLayout(join(artifacts, 'oci'), index);

      const put = (path: string, version: string) =>
        answerOf('out', { source, params: { image: path, version, bump_aliases: true } }, artifacts);
      const first = await put('image.tar', '1.0.0');
      expect(first.version).toEqual({ tag: '1.0.0', digest: child.digest });
      expect(first.metadata[1].value).toBe('1.0.0 latest 1 1.0');
      const second = await put('oci', '1.1.0');
      expect(second.version).toEqual({ tag: '1.1.0', digest: index.digest });

      expect(await answerOf('check', { source })).toEqual([
        { tag: '1.0.0', digest: child.digest },
        { tag: '1.1.0', digest: index.digest },
      ]);
      const tagged = { ...source, tag: 'latest' };
      const [latest] = await answerOf('check', { source: tagged });
      expect(latest).toEqual({ tag: 'latest', digest: index.digest });

      for (const [version, handshake] of [
        [first.version, 'tarball'],
        [second.version, 'arm64'],
      ]) {
        const target = newDirectory();
        const params = { platform: { os: 'linux', architecture: 'arm64' } };
        const { version: fetched } = await answerOf('in', { source, params, version }, target);
        expect(fetched).toEqual(version);
        expect(readFileSync(join(target, 'rootfs', 'handshake'), 'utf8')).toBe(handshake);
        expect(readFileSync(join(target, 'digest'), 'utf8')).toBe(version.digest);
      }

      const inspected = JSON.parse(
        await tool('skopeo', 'inspect', ...login.skopeo, `docker://${repository}:1.0`),
      );
      expect(inspected).toMatchObject({ Digest: child.digest, Env: ['A=1'] });
      const copied = newDirectory();
      const skopeo = login.skopeo.map((option) => option.replace('--', '--src-'));
      await tool(
        'skopeo',
        'copy',
        '-q',
        '--all',
        ...skopeo,
        `docker://${repository}:1.1`,
        `oci:${copied}:copy`,
      );
      const { manifests } = JSON.parse(readFileSync(join(copied, 'index.json'), 'utf8'));
      expect(manifests.map(({ digest }: { digest: string }) => digest)).toEqual([index.digest]);
    } finally {
      await Promise.all([registry, ...others].map((service) => service[Symbol.asyncDispose]()));
    }
  });

  it.each([
    ['a password', 'password'],
    ['a token', 'token'],
  ] as const)('refuses wrong credentials if it requires %s', async (_name, kind) => {
    await using tokens = await startTokenServer([]);
    await using registry = await startDockerRegistry(
      kind === 'token' ? { kind, realm: tokens.realm } : { kind },
    );
    const source = {
      repository: `${registry.host}/team/app`,
      username: 'nobody',
      password: 'wrong password',
      tag: 'a',
      ca_certs: [authority],
    };
    const artifacts = newDirectory();
    await writeOciLayout(artifacts, await image('a'));
    const version = { tag: 'a', digest: `sha256:${'0'.repeat(64)}` };
    for (const [name, request] of [
      ['check', { source }],
      ['in', { source, version }],
      ['out', { source, params: {} }],
    ] as const) {
      const result = await runExecutable(name, {
        request,
        directory: name === 'in' ? newDirectory() : artifacts,
      });
      expect({ status: result.status, stdout: result.stdout }).toEqual({ status: 1, stdout: '' });
      expect(result.stderr).toMatch(/UNAUTHORIZED|401 Unauthorized/);
      expect(result.stderr).not.toContain('wrong password');
    }
  });

  it('takes a docker save tarball with layers that out compressed, and skopeo reads it', async () => {
    await using registry = await startDockerRegistry();
    const repository = `${registry.host}/saved`;
    const artifacts = newDirectory();
    const found = await image('saved');
    writeFileSync(join(artifacts, 'image.tar'), await dockerArchive(found, { layout: 'classic' }));
    const { version } = await answerOf(
      'out',
      {
        source: { repository, tag: 'a' },
        params: { image: 'image.tar' },
      },
      artifacts,
    );
    const copied = newDirectory();
    await tool(
      'skopeo',
      'copy',
      '-q',
      '--src-tls-verify=false',
      `docker://${repository}@${version.digest}`,
      `dir:${copied}`,
    );
    const manifest = readFileSync(join(copied, 'manifest.json'));
    expect(digestOf(manifest)).toBe(version.digest);
  });
});

/** An image with all types of files that ordinary layers contain. */
async function manyFilesImage(): Promise<Image> {
  const long = `long/${'directory-'.repeat(12)}`;
  return await buildImage({
    layers: [
      [
        directory('bin', { mode: 0o755 }),
        file('bin/su', 'root', { mode: 0o4755 }),
        file('bin/wall', 'tty', { mode: 0o2755, gid: 5 }),
        directory('tmp', { mode: 0o1777 }),
        directory('empty', { mode: 0o700, uid: 7, gid: 8 }),
        directory('sealed', { mode: 0o555 }),
        file('sealed/inside', 'x', { mode: 0o400, uid: 1000, gid: 1000 }),
        // Every directory has an entry: without one its time is that of the unpacking, in both trees.
        directory('long'),
        directory(long),
        file(`${long}/${'name-'.repeat(30)}end`, 'long'),
        directory('ünï'),
        file('ünï/cödé', 'utf-8'),
        symlink('link', 'bin/su'),
        symlink('dangling', '/nowhere/at/all'),
        symlink('usr', './bin'),
        file('linked', 'linked'),
        hardLink('linked-too', 'linked'),
        hardLink('bin/linked-three', 'linked'),
        file('times', '', { pax: { mtime: '1234567890.123456' } }),
        file('old', '', { mtime: new Date(0) }),
        directory('dated', { pax: { mtime: '1000000000.5' } }),
        file('dated/child', 'younger'),
      ],
      await buildLayer(
        [
          file('usr/through-the-link', 'in bin'),
          file('sealed/later', 'y'),
          whiteout('old'),
          directory('dated'),
          opaque('dated'),
          file('dated/only', 'new'),
          file('linked', 'a file of its own now'),
        ],
        { compression: 'none' },
      ),
    ],
  });
}

describeServices(['umoci', 'skopeo'], 'in compared with umoci', () => {
  it.each<[string, () => Promise<Image>]>([
    ['whiteouts', whiteoutImage],
    ['hard links', removedHardlinksImage],
    ['symbolic links', symlinksImage],
    ['permissions, owners and times', filePermissionsImage],
    ['many kinds of files', manyFilesImage],
  ])('unpacks the same tree of an image with %s', async (_name, build) => {
    await using registry = await startDockerRegistry();
    const artifacts = newDirectory();
    await writeOciLayout(artifacts, await build(), { singleImageDigest: true });
    const repository = `${registry.host}/tree`;
    const { version } = await answerOf('out', { source: { repository, tag: 'a' }, params: {} }, artifacts);
    const target = newDirectory();
    await answerOf('in', { source: { repository }, version }, target);

    const layout = newDirectory();
    await tool(
      'skopeo',
      'copy',
      '-q',
      '--src-tls-verify=false',
      `docker://${repository}@${version.digest}`,
      `oci:${layout}:a`,
    );
    const bundle = join(newDirectory(), 'bundle');
    const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
    await tool('umoci', 'unpack', ...rootless, '--image', `${layout}:a`, bundle);
    const { '.': ours, ...tree } = fileFacts(join(target, 'rootfs'));
    const { '.': theirs, ...expected } = fileFacts(join(bundle, 'rootfs'));
    expect(tree).toEqual(expected);
    expect(Object.keys(tree).length).toBeGreaterThan(3);
  });
});
