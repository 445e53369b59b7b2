// The in-process registry responds as the distribution specification says.
import { afterEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { authority, serverKeys } from './certificates.ts';
import { buildImage, descriptorOf, seed } from './images.ts';
import { file } from './layers.ts';
import { type PlainRequest, plainRequest } from './plain-client.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from './registry.ts';

const running: TestRegistry[] = [];

async function start(options: RegistryOptions = {}): Promise<TestRegistry> {
  const registry = await startRegistry(options);
  running.push(registry);
  return registry;
}

function send(registry: TestRegistry, line: string, options: PlainRequest = {}) {
  const [method = '', path = ''] = line.split(' ');
  return plainRequest(path.startsWith('/') ? `${registry.url}${path}` : path, { ...options, method });
}

function errorCode(body: Buffer): string {
  return JSON.parse(body.toString()).errors[0].code;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((registry) => registry.close()));
});

describe('the paths and methods of the test registry', () => {
  it.each([
    ['GET /v2/', 200],
    ['GET /v2', 404],
    ['POST /v2/', 405],
    ['GET /v1/', 404],
    ['GET /v2/team/app/tags/list', 200],
    ['GET /v2/team/app/tags/list/', 404],
    ['POST /v2/team/app/tags/list', 405],
    ['GET /v2/Team/app/tags/list', 404],
    ['POST /v2/team/app/blobs/uploads', 404],
    ['GET /v2/team/app/blobs/sha256:0', 404],
    ['PUT /v2/team/app/blobs/sha256:0', 404],
    ['GET /v2/other/tags/list', 404],
    [`GET /v2/team/app/referrers/${digestOf('')}`, 404],
  ])('%s responds %i', async (line, status) => {
    const registry = await start();
    registry.putBlob('team/app', 'content');
    expect((await send(registry, line)).status).toBe(status);
  });

  it('finds a digest whose colon is percent-encoded', async () => {
    const registry = await start();
    const digest = registry.putBlob('team/app', 'content');
    const answer = await send(registry, `GET /v2/team/app/blobs/${encodeURIComponent(digest)}`);
    expect(answer.body.toString()).toBe('content');
  });
});

describe('the blobs of the test registry', () => {
  it.each([
    [undefined, 200, '0123456789', undefined],
    ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
    ['bytes=4-6', 206, '456', 'bytes 4-6/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=10-', 416, undefined, 'bytes */10'],
    ['lines=1-2', 200, '0123456789', undefined],
  ])('responds to the Range %s with %i', async (range, status, body, contentRange) => {
    const registry = await start();
    const digest = registry.putBlob('app', '0123456789');
    const answer = await send(registry, `GET /v2/app/blobs/${digest}`, range ? { headers: { range } } : {});
    expect(answer.status).toBe(status);
    expect(answer.headers['content-range']).toBe(contentRange);
    if (body !== undefined) {
      expect(answer.body.toString()).toBe(body);
      expect(answer.headers['content-length']).toBe(String(body.length));
      expect(answer.headers['docker-content-digest']).toBe(digest);
    }
  });

  it('ignores ranges if they are disabled', async () => {
    const registry = await start({ ranges: false });
    const digest = registry.putBlob('app', '0123456789');
    const answer = await send(registry, `GET /v2/app/blobs/${digest}`, { headers: { range: 'bytes=4-' } });
    expect([answer.status, answer.body.toString()]).toEqual([200, '0123456789']);
  });

  it('responds to HEAD of a blob with its size and without a body', async () => {
    const registry = await start();
    const digest = registry.putBlob('app', '0123456789');
    const answer = await send(registry, `HEAD /v2/app/blobs/${digest}`);
    expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, '10', 0]);
    expect((await send(registry, `HEAD /v2/other/blobs/${digest}`)).status).toBe(404);
  });
});

describe('the tag list of the test registry', () => {
  const tags = ['b', 'a', 'd', 'c', 'e'];

  async function pages(registry: TestRegistry, first: string): Promise<string[][]> {
    const found: string[][] = [];
    for (let next: string | undefined = first; next; ) {
      const answer = await send(registry, `GET ${next}`);
      found.push(JSON.parse(answer.body.toString()).tags);
      next = /^<(.*)>; rel="next"$/.exec(String(answer.headers.link))?.[1];
    }
    return found;
  }

  it.each<[string, RegistryOptions, string, string[][]]>([
    ['all tags on one page', {}, '', [['a', 'b', 'c', 'd', 'e']]],
    ['pages of the requested size', {}, '?n=2', [['a', 'b'], ['c', 'd'], ['e']]],
    ['no empty page after a full last page', {}, '?n=5', [['a', 'b', 'c', 'd', 'e']]],
    [
      'pages that are not larger than its own limit',
      { pageSize: 3 },
      '?n=1000',
      [
        ['a', 'b', 'c'],
        ['d', 'e'],
      ],
    ],
    ['the tags after one that does not exist', {}, '?last=bb', [['c', 'd', 'e']]],
    [
      'tags in the order of their creation',
      { pageSize: 2, tagOrder: 'created' },
      '',
      [['b', 'a'], ['d', 'c'], ['e']],
    ],
    [
      'absolute links to the next page',
      { pageSize: 4, links: 'absolute' },
      '',
      [['a', 'b', 'c', 'd'], ['e']],
    ],
  ])('lists %s', async (_name, options, query, expected) => {
    const registry = await start(options);
    for (const tag of tags) {
      registry.putManifest('app', tag, 'text/plain', 'content');
    }
    expect(await pages(registry, `/v2/app/tags/list${query}`)).toEqual(expected);
  });
});

describe('the uploads of the test registry', () => {
  const content = 'content of a blob';
  const digest = digestOf(content);

  async function startUpload(registry: TestRegistry, query = ''): Promise<string> {
    const answer = await send(registry, `POST /v2/app/blobs/uploads/${query}`);
    expect(answer.status).toBe(202);
    return answer.headers.location ?? '';
  }

  it.each(['relative', 'absolute'] as const)(
    'stores a blob that is sent in chunks to %s locations',
    async (links) => {
      const registry = await start({ links });
      let location = await startUpload(registry);
      expect(location.startsWith('/')).toBe(links === 'relative');
      for (const [range, body] of [
        ['0-9', content.slice(0, 10)],
        [`10-${content.length - 1}`, content.slice(10)],
      ] as const) {
        const answer = await send(registry, `PATCH ${location}`, {
          headers: { 'content-range': range },
          body,
        });
        expect(answer.status).toBe(202);
        location = answer.headers.location ?? '';
        expect(answer.headers.range).toBe(`0-${range.split('-')[1]}`);
      }
      expect((await send(registry, `PUT ${location}&digest=${digest}`)).status).toBe(201);
      expect(registry.blob('app', digest)?.toString()).toBe(content);
      expect(registry.openUploads).toBe(0);
    },
  );

  it('stores a whole blob that is sent with PUT, or with POST', async () => {
    const registry = await start();
    const put = await send(registry, `PUT ${await startUpload(registry)}&digest=${digest}`, {
      body: content,
    });
    const post = await send(registry, `POST /v2/two/blobs/uploads/?digest=${digest}`, { body: content });
    expect([put.status, post.status]).toEqual([201, 201]);
    expect(registry.blob('two', digest)).toEqual(registry.blob('app', digest));
  });

  it('refuses a blob with another digest than stated', async () => {
    const registry = await start();
    const answer = await send(registry, `PUT ${await startUpload(registry)}&digest=${digest}`, {
      body: 'other',
    });
    expect([answer.status, errorCode(answer.body)]).toEqual([400, 'DIGEST_INVALID']);
    expect(registry.blob('app', digest)).toBeUndefined();
  });

  it('refuses an upload location that is not the newest', async () => {
    const registry = await start();
    const first = await startUpload(registry);
    await send(registry, `PATCH ${first}`, { body: content });
    const answer = await send(registry, `PUT ${first}&digest=${digest}`);
    expect([answer.status, errorCode(answer.body)]).toEqual([400, 'BLOB_UPLOAD_INVALID']);
  });

  it('refuses a chunk that is out of order', async () => {
    const registry = await start();
    const answer = await send(registry, `PATCH ${await startUpload(registry)}`, {
      headers: { 'content-range': '5-9' },
      body: '56789',
    });
    expect(answer.status).toBe(416);
  });

  it('reports the progress of an upload, and cancels it on DELETE', async () => {
    const registry = await start();
    const first = await startUpload(registry);
    const location = (await send(registry, `PATCH ${first}`, { body: content })).headers.location ?? '';
    const progress = await send(registry, `GET ${location}`);
    expect([progress.status, progress.headers.range]).toEqual([204, `0-${content.length - 1}`]);
    expect(registry.openUploads).toBe(1);
    expect((await send(registry, `DELETE ${location}`)).status).toBe(204);
    const gone = await send(registry, `PUT ${location}&digest=${digest}`);
    expect([gone.status, errorCode(gone.body)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    expect(registry.openUploads).toBe(0);
  });

  it('mounts a blob from another repository, or starts an upload when it is missing there', async () => {
    const registry = await start();
    registry.putBlob('source', content);
    const mounted = await send(registry, `POST /v2/app/blobs/uploads/?mount=${digest}&from=source`);
    expect([mounted.status, mounted.headers['docker-content-digest']]).toEqual([201, digest]);
    expect(registry.blob('app', digest)?.toString()).toBe(content);
    await startUpload(registry, `?mount=${digest}&from=nothing-there`);
  });
});

describe('the manifests of the test registry', () => {
  it('serves a manifest with its bytes and media type, by tag and by digest', async () => {
    const registry = await start();
    const image = await buildImage({ format: 'docker', layers: [[file('a')]] });
    seed(registry, 'app', undefined, { ...image });
    const put = await send(registry, 'PUT /v2/app/manifests/v1', {
      headers: { 'content-type': image.mediaType },
      body: image.bytes,
    });
    expect([put.status, put.headers['docker-content-digest']]).toEqual([201, image.digest]);
    for (const reference of ['v1', image.digest]) {
      const answer = await send(registry, `GET /v2/app/manifests/${reference}`);
      expect([answer.headers['content-type'], answer.body]).toEqual([image.mediaType, image.bytes]);
    }
    expect((await send(registry, `DELETE /v2/app/manifests/${image.digest}`)).status).toBe(202);
    expect(registry.tags('app')).toEqual([]);
  });

  it.each([
    ['of an unknown type', 'text/plain', '{}', 'MANIFEST_INVALID'],
    ['that is not JSON', 'application/vnd.oci.image.index.v1+json', 'nothing', 'MANIFEST_INVALID'],
    [
      'whose media type is not its Content-Type',
      'application/vnd.oci.image.index.v1+json',
      '{"mediaType":"application/vnd.oci.image.manifest.v1+json"}',
      'MANIFEST_INVALID',
    ],
    [
      'whose children are missing',
      'application/vnd.oci.image.index.v1+json',
      JSON.stringify({ manifests: [{ digest: digestOf('') }] }),
      'MANIFEST_BLOB_UNKNOWN',
    ],
  ])('refuses a manifest %s', async (_name, type, body, code) => {
    const registry = await start();
    const answer = await send(registry, 'PUT /v2/app/manifests/v1', {
      headers: { 'content-type': type },
      body,
    });
    expect([answer.status, errorCode(answer.body)]).toEqual([400, code]);
    expect(registry.tags('app')).toEqual([]);
  });

  it('refuses a manifest under another digest, and under an invalid tag', async () => {
    const registry = await start();
    const { bytes, mediaType, config } = await buildImage();
    registry.putBlob('app', config.bytes);
    for (const [reference, code] of [
      [digestOf('other'), 'DIGEST_INVALID'],
      ['-tag', 'TAG_INVALID'],
    ] as const) {
      const answer = await send(registry, `PUT /v2/app/manifests/${reference}`, {
        headers: { 'content-type': mediaType },
        body: bytes,
      });
      expect([answer.status, errorCode(answer.body)]).toEqual([400, code]);
    }
  });

  it('refuses a manifest until its config and layers exist', async () => {
    const registry = await start();
    const image = await buildImage({ layers: [[file('a')]] });
    registry.putBlob('app', image.config.bytes);
    const put = () =>
      send(registry, 'PUT /v2/app/manifests/v1', {
        headers: { 'content-type': image.mediaType },
        body: image.bytes,
      });
    const refused = await put();
    expect([refused.status, errorCode(refused.body)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    registry.putBlob('app', image.layers[0]?.bytes ?? '');
    expect((await put()).status).toBe(201);
  });

  it('responds 404 to a client that does not accept the type of a manifest', async () => {
    const registry = await start();
    const image = await buildImage();
    seed(registry, 'app', 'v1', image);
    const answer = await send(registry, 'GET /v2/app/manifests/v1', { headers: { accept: 'text/plain' } });
    expect(answer.status).toBe(404);
  });

  it('lists the referrers of a manifest if referrers are enabled', async () => {
    const registry = await start({ referrers: true });
    const image = await buildImage();
    const signature = await buildImage({
      manifest: { subject: descriptorOf(image), artifactType: 'application/test' },
    });
    seed(registry, 'app', 'v1', image);
    seed(registry, 'app', undefined, signature);
    const answer = await send(registry, `GET /v2/app/referrers/${image.digest}`);
    const digests = JSON.parse(answer.body.toString()).manifests.map(
      (entry: { digest: string }) => entry.digest,
    );
    expect(digests).toEqual([signature.digest]);
    const other = await send(registry, `GET /v2/app/referrers/${image.digest}?artifactType=other`);
    expect(JSON.parse(other.body.toString()).manifests).toEqual([]);
  });
});

describe('the TLS of the test registry', () => {
  it.each([
    ['trusted', undefined],
    ['selfSigned', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE|DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['wrongHost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const)('shows a client that trusts the authority the certificate %s', async (name, error) => {
    const registry = await start({ tls: serverKeys[name] });
    const answer = await send(registry, 'GET /v2/', { ca: authority });
    if (error === undefined) {
      expect(answer.status).toBe(200);
    } else {
      expect(answer.error).toMatch(new RegExp(`^(${error})$`));
      expect(registry.requests).toEqual([]);
    }
  });

  it('has a self-signed certificate that clients can trust', async () => {
    const registry = await start({ tls: serverKeys.selfSigned });
    expect((await send(registry, 'GET /v2/', { ca: serverKeys.selfSigned.cert })).status).toBe(200);
  });
});
