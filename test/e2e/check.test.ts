// check as Concourse runs it: with a tag and without, with and without a last version, on every kind of registry.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Version } from '../../src/policy/select-tag.ts';
import { serverKeys } from '../support/certificates.ts';
import type { Fault } from '../support/fault.ts';
import { buildImage, buildIndex, type Image, type Root, seed } from '../support/images.ts';
import type { RecordedRequest } from '../support/journal.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runExecutable } from '../support/run.ts';
import { type FakeHandler, startOrderedServer, startRoutedServer } from '../support/strict-server.ts';
import { startTunnelProxy, type TunnelProxy } from '../support/tunnel-proxy.ts';
import { digestOfTag, tagCases, tagContents } from '../support/version-tags.ts';

const bogus = `sha256:${'0'.repeat(64)}`;
const fakeBytes = '{"fake":"manifest"}';
const fakeDigest = 'sha256:c4c25c2cd70e3071f08cf124c4b5c656c061dd38247d166d97098d58eeea8aa6';
const outdatedDigest = 'sha256:f5361183777fc8973760829d7cd24c37e3fab6d86c8fe6ae42851c305805c01b';

async function check(source: object, version?: Partial<Version>, environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = await runExecutable('check', {
    request: { source, ...(version ? { version } : {}) },
    environment: { TEST: 'true', ...environment },
  });
  return { status, stdout, stderr, versions: status === 0 ? JSON.parse(stdout) : undefined };
}

const ping: FakeHandler = { method: 'GET', path: '/v2/', reply: { status: 200 } };

function head(name: string, reference: string, digest: string | undefined): FakeHandler {
  const headers = { 'content-type': 'text/plain', 'content-length': '19' };
  const reply =
    digest === undefined
      ? { status: 404 }
      : { status: 200, headers: { ...headers, 'docker-content-digest': digest } };
  return { method: 'HEAD', path: `/v2/${name}/manifests/${reference}`, reply };
}

describe('check with a tag', () => {
  const name = 'concourse/test-image';
  const credentials = { user: 'user', password: 'secret' };
  let hub: TestRegistry;
  let proxy: TunnelProxy;
  let current: Image;
  let previous: Image;

  beforeAll(async () => {
    [previous, current] = [
      await buildImage({ run: { Env: ['A=1'] } }),
      await buildImage({ run: { Env: ['A=2'] } }),
    ];
    hub = await startRegistry({
      tls: serverKeys.dockerHub,
      auth: {
        kind: 'bearer',
        credentials,
        anonymousPull: true,
        realm: () => 'https://index.docker.io/token',
      },
    });
    for (const repository of [name, 'library/busybox']) {
      seed(hub, repository, undefined, previous);
      seed(hub, repository, 'latest', current);
    }
    proxy = await startTunnelProxy(hub.port);
  });

  afterAll(async () => {
    await Promise.all([hub.close(), proxy[Symbol.asyncDispose]()]);
  });

  /** `check` on Docker Hub, which a registry of this process replaces. */
  const onHub = (source: object, version?: Partial<Version>) =>
    check({ tag: 'latest', ca_certs: [serverKeys.dockerHub.cert], ...source }, version, {
      HTTPS_PROXY: proxy.url,
    });

  const asked = (all: readonly RecordedRequest[]) =>
    all
      .filter(({ path }) => path.includes('/manifests/'))
      .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);

  type Cursor = [string, () => Partial<Version> | undefined, ('previous' | 'current')[]];
  const cursors: Cursor[] = [
    ['no last version', () => undefined, ['current']],
    ['the current version as the last', () => ({ tag: 'latest', digest: current.digest }), ['current']],
    ['the current version without its tag as the last', () => ({ digest: current.digest }), ['current']],
    [
      'an earlier version as the last',
      () => ({ tag: 'latest', digest: previous.digest }),
      ['previous', 'current'],
    ],
    ['a deleted version as the last', () => ({ tag: 'latest', digest: bogus }), ['current']],
  ];
  const expected = (which: Cursor[2]) =>
    which.map((each) => ({ tag: 'latest', digest: (each === 'current' ? current : previous).digest }));

  describe.each(cursors)('with %s', (_name, version, answer) => {
    it('reports the right versions of a tag on Docker Hub', async () => {
      const { versions } = await onHub({ repository: name }, version());
      expect(versions).toEqual(expected(answer));
    });

    it('reports the right versions of a tag in a private repository', async () => {
      const before = hub.tokens.length;
      const { versions } = await onHub({ repository: name, username: 'user', password: 'secret' }, version());
      expect(versions).toEqual(expected(answer));
      expect(hub.tokens.slice(before).map(({ user }) => user)).toEqual(['user']);
    });

    it('reports the right versions of a tag from a mirror', async () => {
      const cursor = version();
      const handlers = [ping, head(name, 'latest', current.digest)];
      if (cursor && cursor.digest !== current.digest) {
        handlers.push(head(name, cursor.digest ?? '', cursor.digest === bogus ? undefined : cursor.digest));
      }
      await using mirror = await startOrderedServer(handlers);
      const before = proxy.targets.length;
      const { versions } = await onHub({ repository: name, registry_mirror: { host: mirror.host } }, cursor);
      mirror.assertSatisfied();
      expect(versions).toEqual(expected(answer));
      expect(proxy.targets).toHaveLength(before);
    });

    it('reports the right versions of a tag from Docker Hub if the mirror has no such image', async () => {
      await using mirror = await startOrderedServer([ping, head('library/busybox', 'latest', undefined)]);
      const source = {
        repository: 'busybox',
        registry_mirror: { host: mirror.host, username: 'm', password: 'hidden' },
      };
      const { versions, stderr } = await onHub(source, version());
      mirror.assertSatisfied();
      expect(versions).toEqual(expected(answer));
      expect(stderr).toMatch(/WARN.*mirror .* has no version of the image/);
      expect(stderr).not.toContain('hidden');
    });
  });

  it('reports no version for a tag that does not exist', async () => {
    for (const source of [{ tag: 'missing' }, { repository: 'concourse/missing' }]) {
      for (const login of [{}, { username: 'user', password: 'secret' }]) {
        const { stdout } = await onHub({ repository: name, ...login, ...source }, { digest: bogus });
        expect(stdout).toBe('[]\n');
      }
    }
  });

  it('fails with a wrong password and does not log it', async () => {
    const { status, stdout, stderr } = await onHub({ repository: name, username: 'user', password: 'wr0ng' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /ERRO.*checking origin index\.docker\.io\/concourse\/test-image failed: requesting a token/,
    );
    expect(stderr).not.toContain('wr0ng');
  });

  it('sends one HEAD, and a second one for an earlier version', async () => {
    const before = hub.requests.length;
    await onHub({ repository: name }, { digest: previous.digest });
    const since = hub.requests.slice(before);
    expect(asked(since)).toEqual(['HEAD latest', `HEAD ${previous.digest}`]);
    expect(since.map(({ path }) => path).slice(0, 2)).toEqual(['/v2/', '/token']);
  });

  it('reports the digest of the index if the tag points at an index', async () => {
    await using registry = await startRegistry();
    const index = buildIndex([current, previous]);
    seed(registry, 'app', 'latest', index);
    const { versions } = await check({ repository: `${registry.host}/app`, tag: 'latest' });
    expect(versions).toEqual([{ tag: 'latest', digest: index.digest }]);
  });

  it.each([
    [1.5, '1.5'],
    ['1.10', '1.10'],
    [true, 'true'],
    ['A_b-c.9', 'A_b-c.9'],
  ])('requests the tag %j as it is written', async (tag, asText) => {
    await using server = await startRoutedServer([ping, head('app', asText, fakeDigest)]);
    const { versions } = await check({ repository: `${server.host}/app`, tag });
    server.assertSatisfied();
    expect(versions).toEqual([{ tag: asText, digest: fakeDigest }]);
  });

  it('keeps the digits of a tag that is a number', async () => {
    await using server = await startRoutedServer([ping, head('app', '1.10', fakeDigest)]);
    const request = `{"source":{"repository":"${server.host}/app","tag":1.10},"version":null}`;
    const { stdout } = await runExecutable('check', { request });
    expect(stdout).toBe(`[{"tag":"1.10","digest":"${fakeDigest}"}]\n`);
  });

  it('hashes the manifest of a tag if HEAD returns no digest', async () => {
    await using server = await startOrderedServer([
      ping,
      { method: 'HEAD', path: '/v2/app/manifests/latest', reply: { status: 200 } },
      { method: 'GET', path: '/v2/app/manifests/latest', reply: { status: 200, body: fakeBytes } },
    ]);
    const { versions } = await check({ repository: `${server.host}/app`, tag: 'latest' });
    server.assertSatisfied();
    expect(versions).toEqual([{ tag: 'latest', digest: fakeDigest }]);
  });

  it('accepts a self-signed certificate only if ca_certs has it', async () => {
    const handlers = [ping, head('some/fake-image', 'latest', fakeDigest)];
    await using server = await startOrderedServer(handlers, { tls: serverKeys.selfSigned });
    const source = { repository: `${server.host}/some/fake-image`, tag: 'latest' };
    const refused = await check(source);
    expect([refused.status, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('ca_certs');
    expect(server.journal.requests).toHaveLength(0);
    const { versions } = await check({ ...source, ca_certs: [serverKeys.selfSigned.cert] });
    server.assertSatisfied();
    expect(versions).toEqual([{ tag: 'latest', digest: fakeDigest }]);
  });

  it('does not use the mirror for a repository that names another registry', async () => {
    await using server = await startOrderedServer([
      ping,
      head('app', 'latest', fakeDigest),
      head('app', outdatedDigest, outdatedDigest),
    ]);
    await using mirror = await startOrderedServer([]);
    const source = {
      repository: `${server.host}/app`,
      tag: 'latest',
      registry_mirror: { host: mirror.host },
    };
    const { versions } = await check(source, { tag: 'latest', digest: outdatedDigest });
    server.assertSatisfied();
    expect(mirror.connections).toBe(0);
    expect(versions).toEqual([
      { tag: 'latest', digest: outdatedDigest },
      { tag: 'latest', digest: fakeDigest },
    ]);
  });
});

describe('check without a tag', () => {
  /** A registry with a repository that has exactly these tags. */
  function startTags(tags: string, name: string, options: { headless?: boolean } = {}) {
    const contents = tagContents(tags);
    return startRoutedServer([
      ping,
      {
        method: 'GET',
        path: `/v2/${name}/tags/list`,
        reply: { status: 200, body: { name, tags: contents.map(([tag]) => tag) } },
      },
      ...contents.flatMap(([tag, body]): FakeHandler[] => [
        options.headless
          ? { method: 'HEAD', path: `/v2/${name}/manifests/${tag}`, reply: { status: 200 } }
          : head(name, tag, digestOfTag(tags, tag)),
        { method: 'GET', path: `/v2/${name}/manifests/${tag}`, reply: { status: 200, body } },
      ]),
    ]);
  }

  const answerFor = (tags: string, answer: string) =>
    tagContents(answer).map(([tag]) => ({ tag, digest: digestOfTag(tags, tag) }));

  it.each(tagCases)('reports $name', async ({ tags, source, cursor, answer }) => {
    await using server = await startTags(tags, 'test-image');
    const [[tag, content] = []] = cursor === undefined ? [] : tagContents(cursor);
    const version =
      tag === undefined
        ? undefined
        : { tag, digest: content === 'content bogus' ? 'bogus' : digestOfTag(cursor ?? '', tag) };
    const { versions } = await check({ repository: `${server.host}/test-image`, ...source }, version);
    server.assertSatisfied();
    expect(versions).toEqual(answerFor(tags, answer));
    // HEAD is enough: a GET counts as a pull.
    expect(server.journal.select({ method: 'GET', path: /manifests/ })).toEqual([]);
  });

  it('hashes the manifests of tags if HEAD returns no digest', async () => {
    const tags = 'non-semver-tag=1 latest=2';
    await using server = await startTags(tags, 'test-image', { headless: true });
    const { versions } = await check({ repository: `${server.host}/test-image` });
    server.assertSatisfied();
    expect(versions).toEqual(answerFor(tags, 'latest'));
  });

  it('uses the mirror only for Docker Hub, and only the mirror if it succeeds', async () => {
    const tags = '1.0.0=1 2.0.0=2';
    await using server = await startTags(tags, 'test-image');
    const away = { registry_mirror: { host: 'fakeserver.foo:5000' } };
    const { versions } = await check({ repository: `${server.host}/test-image`, ...away });
    expect(versions).toEqual(answerFor(tags, tags));
    await using mirror = await startTags(tags, 'library/test-image');
    const { versions: mirrored } = await check(
      { repository: 'index.docker.io/library/test-image', registry_mirror: { host: mirror.host } },
      undefined,
      { HTTPS_PROXY: 'http://127.0.0.1:1' },
    );
    mirror.assertSatisfied();
    expect(mirrored).toEqual(answerFor(tags, tags));
  });

  it('sorts tags by the creation time of their images for the platform', async () => {
    await using registry = await startRegistry();
    const platforms = ['amd64', 'arm64'] as const;
    const days = { c: [3, 1], a: [1, 2], b: [2, 3], single: [4, 4] } as const;
    const digests = new Map<string, string>();
    for (const [tag, made] of Object.entries(days)) {
      const images = await Promise.all(
        platforms.map((architecture, position) =>
          buildImage({
            platform: { os: 'linux', architecture },
            created: `2024-01-0${made[position]}T00:00:00Z`,
            run: { Env: [tag] },
          }),
        ),
      );
      const root = tag === 'single' && images[0] ? images[0] : buildIndex(images);
      seed(registry, 'app', tag, root);
      digests.set(tag, root.digest);
    }
    const source = { repository: `${registry.host}/app`, tag_regex: '.*', created_at_sort: true };
    for (const [architecture, order] of [
      ['amd64', 'a b c single'],
      ['arm64', 'c a b single'],
    ] as const) {
      const { versions } = await check({ ...source, platform: { os: 'linux', architecture } });
      expect(versions).toEqual(order.split(' ').map((tag) => ({ tag, digest: digests.get(tag) })));
    }
    // No image is for this platform: any other one says when it was built.
    const { versions } = await check({ ...source, platform: { os: 'linux', architecture: 's390x' } });
    expect(versions.map(({ tag }: Version) => tag)).toEqual(['a', 'b', 'c', 'single']);
  });

  it('sorts tags by the images of GET and reports the digests of HEAD', async () => {
    const image = await buildImage({ created: '2024-01-04T04:00:00Z' });
    const tags = 'gem-1=1 gem-2=2';
    await using server = await startRoutedServer([
      ping,
      {
        method: 'GET',
        path: '/v2/app/tags/list',
        reply: { status: 200, body: { name: 'app', tags: ['gem-1', 'gem-2'] } },
      },
      ...['gem-1', 'gem-2'].flatMap((tag): FakeHandler[] => [
        head('app', tag, digestOfTag(tags, tag)),
        {
          method: 'GET',
          path: `/v2/app/manifests/${tag}`,
          reply: {
            status: 200,
            // Upstream's tests state the digest of HEAD for other bytes.
            headers: { 'docker-content-digest': digestOfTag(tags, tag) },
            body: image.bytes,
          },
        },
      ]),
      {
        method: 'GET',
        path: `/v2/app/blobs/${image.config.digest}`,
        reply: { status: 200, body: image.config.bytes },
      },
    ]);
    const { versions } = await check({
      repository: `${server.host}/app`,
      tag_regex: 'gem',
      created_at_sort: true,
    });
    server.assertSatisfied();
    expect(versions).toEqual(answerFor(tags, tags));
  });
});

describe('check by age of tags of which one is odd', () => {
  it.each<[string, () => Promise<Root> | Root, Fault | undefined, string]>([
    ['an empty index', () => buildIndex([]), undefined, 'odd old new'],
    ['a lost config', () => buildImage(), { kind: 'status', status: 404 }, 'odd old new'],
    [
      'an image for another platform',
      async () =>
        buildIndex([
          await buildImage({
            created: '2024-01-01T12:00:00Z',
            platform: { os: 'linux', architecture: 's390x' },
          }),
        ]),
      undefined,
      'old odd new',
    ],
    [
      'an image whose Cmd is a string',
      () => buildImage({ created: '2024-01-01T12:00:00Z', run: { Cmd: 'a', Entrypoint: '/bin/x' } }),
      undefined,
      'old odd new',
    ],
  ])('reports all of them with %s', async (_name, build, blobFault, expected) => {
    await using registry = await startRegistry();
    seed(registry, 'app', 'new', await buildImage({ created: '2024-01-02T00:00:00Z' }));
    seed(registry, 'app', 'old', await buildImage({ created: '2024-01-01T00:00:00Z' }));
    const odd = await build();
    seed(registry, 'app', 'odd', odd);
    if (blobFault && 'config' in odd) {
      registry.faults.add({ path: `/v2/app/blobs/${odd.config.digest}`, fault: blobFault });
    }
    const source = { repository: `${registry.host}/app`, tag_regex: '.*', created_at_sort: true };
    const { versions, stderr } = await check(source);
    expect(versions?.map(({ tag }: Version) => tag).join(' '), stderr).toBe(expected);
    expect(stderr.match(/WARN/g) ?? []).toHaveLength(expected.startsWith('odd') ? 1 : 0);
  });
});

describe('a request that check refuses', () => {
  it.each<[string, object, string]>([
    ['an invalid semver_constraint', { semver_constraint: '>=' }, 'parse semver constraint'],
    ['an invalid tag_regex', { tag_regex: '(?=x)' }, 'tag_regex'],
    [
      'a mirror with a scheme',
      { repository: 'busybox', registry_mirror: { host: 'https://mirror' } },
      'registry_mirror.host',
    ],
    ['an invalid certificate', { ca_certs: ['not PEM'] }, 'ca_certs[0]'],
    ['an invalid repository', { repository: 'Upper/Case' }, 'could not resolve repository'],
    ['an empty repository', { repository: '' }, 'a repository name must be specified'],
  ])('fails for %s before any request', async (_name, source, message) => {
    await using server = await startRoutedServer([]);
    const { status, stdout, stderr } = await check({ repository: `${server.host}/app`, ...source });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr.match(/ERRO/g)).toHaveLength(1);
    expect(stderr).toContain(message);
    expect(server.connections).toBe(0);
  });
});

describe('check with a previous version that the registry refuses to look up', () => {
  it.each([400, 401, 403, 500])('reports the current version after %i, with a warning', async (code) => {
    await using registry = await startRegistry({
      faults: [{ path: `/v2/app/manifests/${outdatedDigest}`, fault: { kind: 'status', status: code } }],
    });
    seed(registry, 'app', '1.0', await buildImage());
    const source = { repository: `${registry.host}/app`, tag: '1.0' };
    const { versions, stderr } = await check(source, { tag: '1.0', digest: outdatedDigest });
    expect(versions).toEqual([{ tag: '1.0', digest: registry.manifest('app', '1.0')?.digest }]);
    expect(stderr).toContain('left out the previous version');
    expect(stderr).not.toContain('retrying');
  });
});

describe('check of a registry whose HEAD has no digest', () => {
  it.each<[string, object, string]>([
    ['is empty', { body: '' }, 'the response has no body'],
    [
      'has not the digest in its header',
      { body: fakeBytes, headers: { 'docker-content-digest': outdatedDigest } },
      `manifest digest: ${fakeDigest} does not match the Docker-Content-Digest of the response: ${outdatedDigest}`,
    ],
  ])('fails if the response to GET %s', async (_name, reply, reason) => {
    await using registry = await startRoutedServer([
      ping,
      { method: 'HEAD', path: '/v2/app/manifests/latest', reply: { status: 200 } },
      { method: 'GET', path: '/v2/app/manifests/latest', reply: { status: 200, ...reply } },
    ]);
    const { status, stdout, stderr } = await check({ repository: `${registry.host}/app`, tag: 'latest' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).toContain(
      'hint: the registry, or a proxy in front of it, serves other bytes than were pushed',
    );
  });
});

describe('check of a registry that fails', () => {
  it('retries a request that fails, and reports the last failure', async () => {
    await using registry = await startRegistry();
    const image = await buildImage();
    seed(registry, 'app', 'latest', image);
    const source = { repository: `${registry.host}/app`, tag: 'latest' };
    registry.faults.add(
      { path: '/v2/', times: 1, fault: { kind: 'status', status: 429, headers: { 'retry-after': '3600' } } },
      { method: 'HEAD', times: 1, fault: { kind: 'status', status: 503 } },
      { method: 'HEAD', times: 1, fault: { kind: 'reset' } },
    );
    const { versions, stderr } = await check(source);
    expect(versions).toEqual([{ tag: 'latest', digest: image.digest }]);
    expect(stderr.match(/WARN.*transient error/g)).toHaveLength(3);
    registry.faults.add({ method: 'HEAD', fault: { kind: 'status', status: 503 } });
    const failed = await check(source);
    expect([failed.status, failed.stdout]).toEqual([1, '']);
    expect(failed.stderr).toContain('503 Service Unavailable');
    expect(registry.journal.select({ method: 'GET', path: /manifests/ })).toEqual([]);
  });

  it('ends as soon as one tag fails, while requests for others are open', async () => {
    await using registry = await startRegistry();
    seed(registry, 'app', '1.0.0', await buildImage());
    seed(registry, 'app', '2.0.0', await buildImage({ run: { Env: ['A=1'] } }));
    registry.faults.add(
      { method: 'HEAD', path: /1\.0\.0/, fault: { kind: 'status', status: 403 } },
      { method: 'GET', path: /1\.0\.0/, fault: { kind: 'status', status: 403 } },
      { path: /2\.0\.0/, fault: { kind: 'hold', until: new Promise(() => {}) } },
    );
    const { status, stderr } = await check({ repository: `${registry.host}/app` });
    expect(status).toBe(1);
    expect(stderr).toContain('DENIED');
  });
});
