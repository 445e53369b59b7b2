// skopeo pushes to the in-process registry and pulls from it, with every kind of authentication.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serverKeys } from './certificates.ts';
import { runProgram } from './child-process.ts';
import { describeServices } from './describe-services.ts';
import { contentOf, writeOciLayout } from './image-files.ts';
import { attestationOf, buildImage, buildIndex, type Index } from './images.ts';
import { file } from './layers.ts';
import { type RegistryOptions, startRegistry } from './registry.ts';

const credentials = { user: 'tester', password: 'secret' };

async function platforms(): Promise<Index> {
  const images = await Promise.all(
    ['amd64', 'arm64'].map((architecture) =>
      buildImage({ layers: [[file('name', architecture)]], platform: { os: 'linux', architecture } }),
    ),
  );
  return buildIndex([...images, await attestationOf(images[0] ?? (await buildImage()))]);
}

describeServices(['skopeo'], 'skopeo and the in-process registry', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skopeo-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it.each<[string, RegistryOptions, boolean]>([
    ['over HTTP', {}, false],
    ['over TLS', { tls: serverKeys.selfSigned }, false],
    ['with a password', { auth: { kind: 'basic', ...credentials } }, true],
    ['with a token', { auth: { kind: 'bearer', credentials } }, true],
    [
      'with a token from another host name and absolute locations',
      {
        links: 'absolute',
        auth: { kind: 'bearer', credentials, realm: ({ port }) => `http://localhost:${port}/token` },
      },
      true,
    ],
  ])('skopeo pushes and pulls an index %s', async (_name, options, identified) => {
    await using registry = await startRegistry(options);
    const index = await platforms();
    await writeOciLayout(join(folder, 'layout'), index, { nested: true, tag: 'v1' });
    const remote = `docker://${registry.host}/team/app:v1`;
    const copy = async (from: string, to: string, side: 'src' | 'dest') => {
      const login = identified ? [`--${side}-creds`, `${credentials.user}:${credentials.password}`] : [];
      const { status, stderr } = await runProgram('skopeo', [
        'copy',
        '-q',
        '--all',
        `--${side}-tls-verify=false`,
        ...login,
        from,
        to,
      ]);
      expect(`${status} ${stderr}`).toBe('0 ');
    };
    await copy(`oci:${folder}/layout:v1`, remote, 'dest');
    expect(registry.manifest('team/app', 'v1')).toMatchObject({
      digest: index.digest,
      mediaType: index.mediaType,
    });
    for (const { digest, bytes } of index.children.flatMap(contentOf)) {
      expect(registry.blob('team/app', digest) ?? registry.manifest('team/app', digest)?.bytes).toEqual(
        bytes,
      );
    }
    await copy(remote, `dir:${folder}/copy`, 'src');
    expect(await readFile(join(folder, 'copy', 'manifest.json'))).toEqual(index.bytes);
  });

  it('skopeo lists tags over several pages', async () => {
    await using registry = await startRegistry({ pageSize: 2 });
    const tags = ['1.0.0', '1.1.0', '2.0.0', 'latest', 'next'];
    for (const tag of tags) {
      registry.putManifest('app', tag, 'text/plain', tag);
    }
    const { stdout } = await runProgram('skopeo', [
      'list-tags',
      '--tls-verify=false',
      `docker://${registry.host}/app`,
    ]);
    expect(JSON.parse(stdout).Tags).toEqual(tags);
    expect(registry.journal.select({ path: '/v2/app/tags/list' })).toHaveLength(3);
  });

  it('skopeo refuses a layer with a flipped bit', async () => {
    const image = await buildImage({ layers: [[file('a')]] });
    await using registry = await startRegistry({
      faults: [{ method: 'GET', path: `/v2/app/blobs/${image.layers[0]?.digest}`, fault: { kind: 'flip' } }],
    });
    for (const { bytes } of [image.config, ...image.layers]) {
      registry.putBlob('app', bytes);
    }
    registry.putManifest('app', 'v1', image.mediaType, image.bytes);
    const { status, stderr } = await runProgram('skopeo', [
      'copy',
      '--src-tls-verify=false',
      `docker://${registry.host}/app:v1`,
      `dir:${folder}/copy`,
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain('igest');
  });
});
