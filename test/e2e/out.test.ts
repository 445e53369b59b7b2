// out as Concourse runs it: what the tags point at after a put, and its answer and log.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { serverKeys } from '../support/certificates.ts';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, buildIndex, emptyImage, type Image, type Index } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runExecutable } from '../support/run.ts';
import { type FakeHandler, type FakeReply, inTurn, startRoutedServer } from '../support/strict-server.ts';
import { staticImage } from '../support/test-images.ts';

let folder: string;
let sources: string;
let registry: TestRegistry;
let image: Image;
let index: Index;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'out-'));
  image = await staticImage();
  index = buildIndex(
    await Promise.all(
      ['amd64', 'arm64'].map((architecture) =>
        buildImage({ layers: [[file('name', architecture)]], platform: { os: 'linux', architecture } }),
      ),
    ),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  sources = mkdtempSync(join(folder, 'put-'));
  registry = await startRegistry();
});

afterEach(() => registry.close());

const name = 'concourse/test-image';

async function put(request: { source?: object; params?: object } = {}) {
  const { source, params } = request;
  const repository = `${registry.host}/${name}`;
  const result = await runExecutable('out', {
    request: { source: { repository, ...source }, params: { image: 'image.tar', ...params } },
    directory: sources,
  });
  return { ...result, answer: result.status === 0 ? JSON.parse(result.stdout) : result.stderr };
}

/** What every tag of the repository points at. */
function tags(): Record<string, string | undefined> {
  return Object.fromEntries(registry.tags(name).map((tag) => [tag, registry.manifest(name, tag)?.digest]));
}

async function writeTarball(path = 'image.tar'): Promise<void> {
  writeFileSync(join(sources, path), await dockerArchive(image, { layout: 'compressed' }));
}

describe('a put of a tarball', () => {
  it('pushes the image as it is and answers with one line', async () => {
    await writeTarball();
    const { stdout, stderr } = await put({ source: { tag: 'some-tag' } });
    expect(stdout).toBe(
      `{"version":{"tag":"some-tag","digest":"${image.digest}"},"metadata":[` +
        `{"name":"repository","value":"${registry.host}/${name}"},{"name":"tags","value":"some-tag"}]}\n`,
    );
    expect(tags()).toEqual({ 'some-tag': image.digest });
    expect(registry.manifest(name, 'some-tag')).toMatchObject({
      bytes: image.bytes,
      mediaType: image.mediaType,
    });
    expect(stderr).toContain('INFO\x1b[0m[0000] pushing tag(s) some-tag');
    expect(stderr).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d pushed blob: sha256:/m);
    expect(stderr).toContain(
      ` ${registry.host}/${name}:some-tag: digest: ${image.digest} size: ${image.bytes.length}\n`,
    );
  });

  it('tags the image with aliases too', async () => {
    await writeTarball();
    const { answer } = await put({
      source: { tag: 'edge' },
      params: { version: '1.0.0', bump_aliases: true },
    });
    expect(Object.keys(tags())).toEqual(['1', '1.0', '1.0.0', 'edge', 'latest']);
    expect(answer.metadata[1]).toEqual({ name: 'tags', value: 'edge 1.0.0 latest 1 1.0' });
    expect(answer.version.tag).toBe('edge');
  });

  it('finds the tarball by a glob', async () => {
    mkdirSync(join(sources, 'deep'));
    await writeTarball('deep/image-1.tar');
    expect(await put({ source: { tag: 'a' }, params: { image: '*/image-[0-9].?ar' } })).toMatchObject({
      status: 0,
    });
    expect(tags()).toEqual({ a: image.digest });
  });

  it('tags the image with additional tags, with the prefix before these only, and lists repeated tags', async () => {
    await writeTarball();
    writeFileSync(join(sources, 'tags'), 'one  two\n\tone\u00a0three\n');
    const params = { version: '1.2', additional_tags: 'tags', tag_prefix: 'pre-' };
    const { answer } = await put({ source: { tag: 'latest', variant: 'slim' }, params });
    expect(answer.metadata[1].value).toBe('latest 1.2.0-slim pre-one pre-two pre-one pre-three');
    expect(Object.keys(tags())).toEqual(['1.2.0-slim', 'latest', 'pre-one', 'pre-three', 'pre-two']);
    expect(registry.journal.select({ method: 'PUT', path: /manifests/ })).toHaveLength(5);
  });

  it.each(['classic', 'docker25'] as const)(
    'compresses the layers of a %s tarball to the same bytes each time',
    async (layout) => {
      writeFileSync(join(sources, 'image.tar'), await dockerArchive(image, { layout }));
      const first = await put({ source: { tag: 'a' } });
      const pushed = registry.manifest(name, 'a');
      const manifest = JSON.parse(String(pushed?.bytes));
      expect(manifest.layers.map(({ mediaType }: { mediaType: string }) => mediaType)).toEqual([
        mediaTypes.dockerLayerGzip,
      ]);
      expect(first.answer.version.digest).toBe(pushed?.digest);
      const { length } = registry.requests;
      const second = await put({ source: { tag: 'a' } });
      expect(second.stdout).toBe(first.stdout);
      expect(registry.requests.slice(length).every(({ method }) => ['GET', 'HEAD'].includes(method))).toBe(
        true,
      );
      expect(second.stderr).toContain(`existing manifest: a@${pushed?.digest}\n`);
    },
  );

  it('sends one HEAD if the tag points at the image already', async () => {
    await writeTarball();
    await put({ source: { tag: 'a' } });
    const { length } = registry.requests;
    const { stderr, answer } = await put({ source: { tag: 'a' } });
    expect(registry.journal.lines.slice(length)).toEqual(['GET /v2/', `HEAD /v2/${name}/manifests/a`]);
    expect(stderr).toContain(`existing manifest: a@${image.digest}\n`);
    expect(answer.version.digest).toBe(image.digest);
  });

  it('sends no blob if the image exists under another tag', async () => {
    await writeTarball();
    await put({ source: { tag: 'a' } });
    const { length } = registry.requests;
    const { stderr } = await put({ source: { tag: 'b' } });
    expect(registry.requests.slice(length).map(({ method }) => method)).not.toContain('POST');
    for (const { digest } of [image.config, ...image.layers]) {
      expect(stderr).toContain(` existing blob: ${digest}\n`);
    }
    expect(tags()).toEqual({ a: image.digest, b: image.digest });
  });
});

describe('a put of an OCI layout', () => {
  it.each<[string, () => Promise<void>, () => { digest: string; mediaType: string }]>([
    ['an index', () => writeOciLayout(join(sources, 'oci'), index), () => index],
    [
      'an index that the layout lists',
      () => writeOciLayout(join(sources, 'oci'), index, { nested: true }),
      () => index,
    ],
    [
      'the image in single-image-digest',
      () => writeOciLayout(join(sources, 'oci'), image, { singleImageDigest: true }),
      () => image,
    ],
  ])('pushes %s with everything below it', async (_name, write, expected) => {
    await write();
    const { answer } = await put({ source: { tag: 'a' }, params: { image: 'oci' } });
    const { digest, mediaType } = expected();
    expect(answer.version).toEqual({ tag: 'a', digest });
    expect(registry.manifest(name, 'a')).toMatchObject({ digest, mediaType });
  });

  it('pushes the index of a layout that lists a single image', async () => {
    await writeOciLayout(join(sources, 'oci'), image);
    const { answer } = await put({ source: { tag: 'a' }, params: { image: 'oci' } });
    const pushed = registry.manifest(name, 'a');
    expect(pushed?.mediaType).toBe(mediaTypes.ociIndex);
    expect(answer.version.digest).toBe(pushed?.digest);
    expect(registry.manifest(name, image.digest)?.bytes).toEqual(image.bytes);
  });

  it('pushes a Docker manifest list with its media type', async () => {
    const child = await buildImage({ format: 'docker', layers: [[file('a')]] });
    const list = buildIndex([child], { format: 'docker' });
    await writeOciLayout(join(sources, 'oci'), list);
    await put({ source: { tag: 'a' }, params: { image: 'oci' } });
    expect(registry.manifest(name, 'a')).toMatchObject({
      digest: list.digest,
      mediaType: mediaTypes.dockerManifestList,
    });
  });

  it('tags the index with aliases too', async () => {
    await writeOciLayout(join(sources, 'oci'), index);
    await put({ params: { image: 'oci', version: '2.1.0', bump_aliases: true } });
    expect(tags()).toEqual({
      '2': index.digest,
      '2.1': index.digest,
      '2.1.0': index.digest,
      latest: index.digest,
    });
  });
});

describe('a request that out refuses', () => {
  it.each<[string, object, string]>([
    [
      'several matches of the glob',
      { source: { tag: 'a' }, params: { image: '*.tar' } },
      'too many files/directories match glob',
    ],
    ['no match of the glob', { source: { tag: 'a' }, params: { image: 'none' } }, 'no files match glob'],
    [
      'tag_prefix without additional_tags',
      { source: { tag: 'a' }, params: { tag_prefix: 'x' } },
      'tag_prefix can only be used when additional_tags are specified',
    ],
    ['no tag', {}, 'no tag specified'],
    [
      'an invalid version',
      { params: { version: 'hoogily-boogily' } },
      'invalid semantic version: "hoogily-boogily"',
    ],
  ])('fails for %s before any request', async (_name, request, reason) => {
    await writeTarball('one.tar');
    await writeTarball('image.tar');
    const { status, stdout, stderr } = await put(request);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('this is a bug');
    expect(registry.requests).toEqual([]);
  });

  it('fails without a directory before any request', async () => {
    const request = { source: { repository: `${registry.host}/${name}`, tag: 'a' }, params: {} };
    const { status, stdout, stderr } = await runExecutable('out', { request });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('destination path not specified');
    expect(registry.requests).toEqual([]);
  });
});

describe('a put to a strict registry', () => {
  const path = '/v2/fake/image';
  const empty = emptyImage();
  const limit: FakeReply = { status: 429 };
  const route = (method: string, at: string | RegExp, reply: FakeReply): FakeHandler => ({
    method,
    path: at,
    reply,
  });

  /** The routes of a push; `wrap` changes each reply, `share` those of the HEAD requests. */
  function pushRoutes(
    pushed: Image,
    wrap: (reply: FakeReply) => FakeReply,
    share: (...replies: [FakeReply, FakeReply, FakeReply]) => [FakeReply, FakeReply, FakeReply],
  ): FakeHandler[] {
    const layer = pushed.layers[0];
    const [config, blob, manifest] = share({ status: 200 }, { status: 404 }, { status: 404 });
    return [
      route('GET', '/v2/', wrap({ status: 200 })),
      route('HEAD', `${path}/blobs/${pushed.config.digest}`, config),
      ...(layer ? [route('HEAD', `${path}/blobs/${layer.digest}`, blob)] : []),
      route(
        'POST',
        `${path}/blobs/uploads/`,
        wrap({ status: 202, headers: { location: '/upload/some-blob' } }),
      ),
      route('PATCH', '/upload/some-blob', wrap({ status: 202, headers: { location: '/commit/some-blob' } })),
      route('PUT', '/commit/some-blob', wrap({ status: 201 })),
      route('HEAD', /^\/v2\/fake\/image\/manifests\/[^/]+$/, manifest),
    ];
  }
  const unlimited = (reply: FakeReply) => reply;

  it('retries every request of a push that responds 429', async () => {
    let budget = 1;
    const routes = pushRoutes(
      image,
      (reply) => inTurn(limit, reply),
      (...replies) => {
        const limited = (reply: FakeReply) => () => (budget-- > 0 ? limit : reply);
        return [limited(replies[0]), limited(replies[1]), limited(replies[2])];
      },
    );
    await using server = await startRoutedServer([
      ...routes,
      route('PUT', `${path}/manifests/some-tag`, inTurn(limit, { status: 200 })),
    ]);
    await writeTarball();
    const repository = `${server.host}/fake/image`;
    const { status, stdout, stderr } = await runExecutable('out', {
      request: { source: { repository, tag: 'some-tag' }, params: { image: 'image.tar' } },
      directory: sources,
    });
    server.assertSatisfied();
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
    expect(JSON.parse(stdout).version).toEqual({ tag: 'some-tag', digest: image.digest });
    const manifest = server.journal.select({ method: 'PUT', path: `${path}/manifests/some-tag` });
    expect(manifest.map((request) => request.status)).toEqual([429, 200]);
  });

  it.each([true, false])(
    'pushes over TLS with a self-signed certificate only if it is trusted: %s',
    async (trusted) => {
      const routes = pushRoutes(image, unlimited, (...replies) => replies);
      await using server = await startRoutedServer(
        [...routes, route('PUT', `${path}/manifests/some-tag`, { status: 200 })],
        { tls: serverKeys.selfSigned },
      );
      await writeTarball();
      const repository = `${server.host}/fake/image`;
      const { status, stdout } = await runExecutable('out', {
        request: {
          source: {
            repository,
            tag: 'some-tag',
            ...(trusted ? { ca_certs: [serverKeys.selfSigned.cert] } : {}),
          },
          params: { image: 'image.tar' },
        },
        directory: sources,
      });
      server.assertSatisfied();
      expect(status).toBe(trusted ? 0 : 1);
      expect(stdout === '').toBe(!trusted);
      expect(server.journal.requests.length > 0).toBe(trusted);
    },
  );

  const nameUnknown = { status: 404, body: { errors: [{ code: 'NAME_UNKNOWN' }], other: 'key' } } as const;
  const notFound = { status: 404, body: { errors: [{ code: 'NOT_FOUND', message: 'a' }] } } as const;
  const listed = (...listedTags: string[]) =>
    ({ status: 200, body: { name: 'fake/image', tags: listedTags } }) as const;
  const all = ['1.2.3', '1.2', '1', 'latest'];
  const helloAll = ['1.2.3-hello', '1.2-hello', '1-hello', 'hello'];

  interface Row {
    readonly variant?: string;
    readonly version?: string;
    readonly list?: FakeReply;
    readonly pushed: readonly string[];
  }

  it.each<[string, Row]>([
    ['the version', { pushed: ['1.2.3'] }],
    ['the version with the variant', { variant: 'ubuntu', pushed: ['1.2.3-ubuntu'] }],
    ['all aliases if the repository does not exist', { list: nameUnknown, pushed: all }],
    [
      'all aliases if the repository does not exist, with an error of Harbor',
      { list: notFound, pushed: all },
    ],
    ['all aliases if the tag list is 404 without a body', { list: { status: 404 }, pushed: all }],
    [
      'all aliases if the tag list is 404 with an HTML page',
      { list: { status: 404, body: '<h1>Not Found</h1>' }, pushed: all },
    ],
    ['all aliases if there are no tags', { list: listed(), pushed: all }],
    [
      'no aliases for a prerelease',
      { version: '1.2.3-alpha.1', list: { status: 500 }, pushed: ['1.2.3-alpha.1'] },
    ],
    ['all aliases after an older version', { list: listed('1.2.2'), pushed: all }],
    ['no aliases after a newer patch version', { list: listed('1.2.4'), pushed: ['1.2.3'] }],
    ['the minor alias after a newer minor version', { list: listed('1.3.0'), pushed: ['1.2.3', '1.2'] }],
    [
      'the minor and major aliases after a newer major version',
      { list: listed('2.0.0'), pushed: ['1.2.3', '1.2', '1'] },
    ],
    [
      'all aliases of a variant after a newer minor version without a variant',
      { variant: 'lts', list: listed('1.3.0'), pushed: ['1.2.3-lts', '1.2-lts', '1-lts', 'lts'] },
    ],
    ['all aliases after a newer prerelease', { list: listed('2.0.0-rc.1'), pushed: all }],
    [
      'all aliases of a variant after a newer version of another variant',
      { variant: 'hello', list: listed('2.0.0-goodbye'), pushed: helloAll },
    ],
    [
      'all aliases of a variant if the repository does not exist',
      { variant: 'hello', list: notFound, pushed: helloAll },
    ],
    ['all aliases of a variant if there are no tags', { variant: 'hello', list: listed(), pushed: helloAll }],
    [
      'the minor and major aliases of a variant after its newer major version',
      { variant: 'hello', list: listed('2.0.0-hello'), pushed: helloAll.slice(0, 3) },
    ],
    [
      'all aliases of a variant after its older version',
      { variant: 'hello', list: listed('1.2.2-hello'), pushed: helloAll },
    ],
    [
      'no aliases of a variant after its newer patch version',
      { variant: 'hello', list: listed('1.2.4-hello'), pushed: ['1.2.3-hello'] },
    ],
    [
      'the minor alias of a variant after its newer minor version',
      { variant: 'hello', list: listed('1.3.0-hello'), pushed: ['1.2.3-hello', '1.2-hello'] },
    ],
  ])('pushes %s', async (_name, { variant, version = '1.2.3', list, pushed }) => {
    const found: string[] = [];
    const digests = new Set<string>();
    const routes = pushRoutes(image, unlimited, (...replies) => replies);
    await using server = await startRoutedServer([
      ...routes,
      ...(list && version === '1.2.3' ? [route('GET', `${path}/tags/list`, list)] : []),
      route('PUT', /^\/v2\/fake\/image\/manifests\/[^/]+$/, (request) => {
        found.push(request.path.slice(`${path}/manifests/`.length));
        digests.add(digestOf(request.body));
        return { status: 201 };
      }),
    ]);
    await writeTarball();
    const { status, stdout, stderr } = await runExecutable('out', {
      request: {
        source: { repository: `${server.host}/fake/image`, ...(variant ? { variant } : {}) },
        params: { image: 'image.tar', version, ...(list ? { bump_aliases: true } : {}) },
      },
      directory: sources,
    });
    server.assertSatisfied();
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
    expect(found.sort()).toEqual([...pushed].sort());
    expect([...digests]).toEqual([image.digest]);
    expect(JSON.parse(stdout).version).toEqual({ tag: pushed[0], digest: image.digest });
  });

  it('pushes the same bytes as upstream for an image without layers', async () => {
    const bodies: string[] = [];
    await using server = await startRoutedServer([
      ...pushRoutes(empty, unlimited, (...replies) => replies),
      route('PUT', `${path}/manifests/some-tag`, (request) => {
        bodies.push(digestOf(request.body));
        return { status: 202 };
      }),
    ]);
    writeFileSync(join(sources, 'image.tar'), await dockerArchive(empty));
    const { status } = await runExecutable('out', {
      request: {
        source: { repository: `${server.host}/fake/image`, tag: 'some-tag' },
        params: { image: 'image.tar' },
      },
      directory: sources,
    });
    server.assertSatisfied();
    expect(status).toBe(0);
    expect(bodies).toEqual([empty.digest]);
  });
});
