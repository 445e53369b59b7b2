// The manifest endpoint: which responses to HEAD are reliable, that digests are verified, and what is retried.
import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { getManifest, headManifest, isMissing, lookUpDigest } from '../../src/registry/manifest-endpoint.ts';
import { RegistryError } from '../../src/transport/registry-error.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { errorReply, type Reply } from '../support/reply.ts';
import { openTestSession, type TestSessionOptions } from '../support/test-session.ts';

const bytes = Buffer.from('{"fake":"manifest"}');
const digest = digestOf(bytes);
const other = digestOf(Buffer.from('other'));

/** A registry with fixed responses to HEAD and GET of any manifest, and a session with it. */
async function registryOf(
  replies: { head?: Reply | (() => Reply); get?: Reply | (() => Reply) },
  options: TestSessionOptions = {},
) {
  const replyOf = (reply: Reply | (() => Reply) | undefined) =>
    (typeof reply === 'function' ? reply() : reply) ?? { status: 500 };
  const server = await startRecordingServer({
    answer: ({ method, path }) => {
      switch (path === '/v2/' ? 'ping' : method) {
        case 'ping':
          return { status: 200 };
        case 'HEAD':
          return replyOf(replies.head);
        default:
          return replyOf(replies.get);
      }
    },
  });
  const session = await openTestSession(`${server.host}/app`, options);
  const requests = () => server.journal.lines.slice(1);
  return { server, session, requests, [Symbol.asyncDispose]: () => server.close() };
}

/** The headers of a response to HEAD; there is always a length. */
function headers(values: Record<string, string | undefined>): Record<string, string> {
  const all = {
    'content-type': 'text/plain',
    'content-length': '19',
    'docker-content-digest': digest,
    ...values,
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

describe('HEAD of a manifest', () => {
  it.each<[string, string, Record<string, string | undefined>, 'found' | 'unclear']>([
    ['a complete response by tag', 'latest', {}, 'found'],
    ['a complete response by digest', digest, {}, 'found'],
    ['by tag, without digest', 'latest', { 'docker-content-digest': undefined }, 'unclear'],
    ['by digest, without digest', digest, { 'docker-content-digest': undefined }, 'unclear'],
    ['by tag, malformed digest', 'latest', { 'docker-content-digest': 'sha256:1234' }, 'unclear'],
    ['by tag, digest in capitals', 'latest', { 'docker-content-digest': digest.toUpperCase() }, 'unclear'],
    [
      'by tag, digest of another kind',
      'latest',
      { 'docker-content-digest': `sha512:${'a'.repeat(128)}` },
      'unclear',
    ],
    ['by tag, empty digest', 'latest', { 'docker-content-digest': '' }, 'unclear'],
    ['by digest, another digest', digest, { 'docker-content-digest': other }, 'unclear'],
    ['by tag, without type', 'latest', { 'content-type': undefined }, 'unclear'],
    ['by digest, without type', digest, { 'content-type': undefined }, 'unclear'],
  ])('%s makes the tag state %s', async (_name, reference, values, state) => {
    await using registry = await registryOf({ head: { status: 200, headers: headers(values) } });
    expect(await headManifest(registry.session, reference)).toEqual(
      state === 'found' ? { state, digest } : { state, error: undefined },
    );
    expect(registry.server.journal.requests[1]?.headers.accept).toContain(mediaTypes.ociIndex);
  });

  it('leaves the tag unclear without a Content-Length', async () => {
    await using registry = await registryOf({ head: { status: 200, headers: headers({}) } });
    registry.server.faults.add({ method: 'HEAD', fault: { kind: 'chunked' } });
    expect(await headManifest(registry.session, 'latest')).toMatchObject({ state: 'unclear' });
  });

  it.each([400, 401, 403, 405, 410, 501, 505])(
    'leaves the tag unclear after status %i, without a retry',
    async (status) => {
      await using registry = await registryOf({ head: { status } });
      const head = await headManifest(registry.session, 'latest');
      expect(head).toMatchObject({ state: 'unclear', error: { status } });
      expect(registry.requests()).toHaveLength(1);
    },
  );

  it.each([408, 429, 500, 502, 503, 504, 520])('is retried after status %i', async (status) => {
    const replies: Reply[] = [{ status }, { status }, { status: 200, headers: headers({}) }];
    const clock = createFakeClock();
    await using registry = await registryOf({ head: () => replies.shift() ?? { status: 500 } }, { clock });
    expect(await headManifest(registry.session, 'latest')).toEqual({ state: 'found', digest });
    expect(registry.requests()).toHaveLength(3);
    expect(clock.waits.length).toBeGreaterThanOrEqual(2);
  });

  it('finds that a tag is missing by status 404', async () => {
    await using registry = await registryOf({ head: { status: 404 } });
    expect(await headManifest(registry.session, 'latest')).toEqual({ state: 'missing' });
  });
});

describe('GET of a manifest', () => {
  it.each<[string, string, string | undefined]>([
    ['by tag', 'latest', digest],
    ['by tag, without digest in the header', 'latest', undefined],
    ['by tag, a malformed digest in the header', 'latest', 'sha256:1234'],
    ['by digest', digest, digest],
    ['by digest, without digest in the header', digest, undefined],
    ['by digest, another digest in the header', digest, other],
  ])('%s returns the bytes, their digest and their media type', async (_name, reference, header) => {
    const type = 'application/vnd.oci.image.manifest.v1+json; charset=utf-8';
    const reply = {
      status: 200,
      headers: headers({ 'docker-content-digest': header, 'content-type': type }),
      body: bytes,
    };
    await using registry = await registryOf({ get: reply });
    const served = await getManifest(registry.session, reference);
    expect({ ...served, bytes: Buffer.from(served.bytes).toString() }).toEqual({
      bytes: bytes.toString(),
      digest,
      mediaType: mediaTypes.ociManifest,
    });
  });

  it('refuses other bytes than the requested digest, whatever the header says', async () => {
    const reply = { status: 200, headers: headers({ 'docker-content-digest': other }), body: bytes };
    await using registry = await registryOf({ get: reply });
    const outcome = getManifest(registry.session, other);
    await expect(outcome).rejects.toThrow(
      `manifest digest: ${digest} does not match requested digest: ${other}`,
    );
  });

  it.each([
    ['has another digest in its header', bytes, 'does not match the Docker-Content-Digest of the response'],
    ['is empty', Buffer.alloc(0), 'the response has no body'],
  ])('refuses a response for a tag that %s', async (_name, body, reason) => {
    const values = { 'docker-content-digest': other, 'content-length': undefined };
    await using registry = await registryOf({ get: { status: 200, headers: headers(values), body } });
    const outcome = getManifest(registry.session, 'latest');
    await expect(outcome).rejects.toThrow(reason);
    await expect(outcome).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' });
  });

  it.each([
    ['tag', 'latest'],
    ['digest', digest],
  ])('refuses a web page for a %s, such as that of a proxy that asks for a log-in', async (_, reference) => {
    const html = { 'content-type': 'text/html; charset=utf-8', 'content-length': undefined };
    const reply = { status: 200, headers: headers(html), body: '<html>log in' };
    await using registry = await registryOf({ head: { status: 405 }, get: reply });
    const outcome = lookUpDigest(registry.session, reference);
    await expect(outcome).rejects.toThrow(
      `/v2/app/manifests/${reference}: the response is a web page (text/html), not a manifest`,
    );
    await expect(outcome).rejects.toMatchObject({ code: 'WEB_PAGE' });
  });

  it('accepts a manifest that is served with the type of a web page', async () => {
    const reply = { status: 200, headers: { 'content-type': 'text/html' }, body: bytes };
    await using registry = await registryOf({ get: reply });
    expect((await getManifest(registry.session, digest)).digest).toBe(digest);
  });

  it('takes the digest of a signed schema 1 manifest from the header, because it is that of the payload', async () => {
    const type = { 'content-type': mediaTypes.dockerManifestSchema1Signed };
    const reply = { status: 200, headers: headers({ 'docker-content-digest': other, ...type }), body: bytes };
    await using registry = await registryOf({ get: reply });
    expect((await getManifest(registry.session, 'latest')).digest).toBe(other);
  });

  it('shows no secret of the redirected URL that served other bytes', async () => {
    await using registry = await registryOf({ get: { status: 200, body: bytes } });
    const to = `http://${registry.server.otherHost}/manifest?signature=hidden`;
    registry.server.faults.add({ path: /manifests/, times: 1, fault: { kind: 'redirect', to } });
    const error = await getManifest(registry.session, other).catch((caught: unknown) => caught);
    expect(errorText(error)).toContain('does not match');
    expect(errorText(error)).not.toContain('hidden');
  });

  it.each(['application/json', 'application/octet-stream', undefined])(
    'returns the media type in a manifest that is served as %s',
    async (stated) => {
      const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] });
      const reply = { status: 200, headers: stated === undefined ? {} : { 'content-type': stated }, body };
      await using registry = await registryOf({ get: reply });
      expect((await getManifest(registry.session, 'latest')).mediaType).toBe(mediaTypes.ociIndex);
    },
  );

  it('returns an empty media type when the response has none and the document states none', async () => {
    await using registry = await registryOf({ get: { status: 200, body: bytes } });
    expect((await getManifest(registry.session, 'latest')).mediaType).toBe('');
  });

  it('accepts only the media type that is known', async () => {
    await using registry = await registryOf({ get: { status: 200, body: bytes } });
    await getManifest(registry.session, digest, mediaTypes.ociManifest);
    expect(registry.server.journal.requests[1]?.headers.accept).toBe(mediaTypes.ociManifest);
  });

  it('escapes a strange tag in the request path and keeps its dot segments', async () => {
    await using registry = await registryOf({ get: { status: 200, body: bytes } });
    await getManifest(registry.session, '../a b%2f');
    expect(registry.requests()).toEqual(['GET /v2/app/manifests/../a%20b%252f']);
  });

  it('refuses a manifest longer than 8 MiB, with its name and the limit', async () => {
    await using registry = await registryOf({ get: { status: 200, body: bytes } });
    registry.server.faults.add({
      path: /manifests/,
      fault: { kind: 'oversize', extra: 9 << 20, chunked: true },
    });
    expect(errorText(await getManifest(registry.session, 'latest').catch((error: unknown) => error))).toMatch(
      /^manifest latest of .* is too large: body exceeds 8388608 byte limit$/,
    );
  });

  it.each([
    ['ends early', { kind: 'truncate', after: 5 }],
    ['is reset', { kind: 'reset', after: 5 }],
    ['has status 503', { kind: 'status', status: 503 }],
  ] as const)('is retried when the response %s', async (_name, fault) => {
    await using registry = await registryOf({ get: { status: 200, body: bytes } }, { policy: 'in' });
    registry.server.faults.add({ path: /manifests/, times: 2, fault });
    expect((await getManifest(registry.session, digest)).digest).toBe(digest);
    expect(registry.requests()).toHaveLength(3);
  });

  it('reports a manifest as missing after a 404, but not after a 403', async () => {
    await using registry = await registryOf({ get: errorReply(404, 'MANIFEST_UNKNOWN', 'unknown') });
    const error = await getManifest(registry.session, 'latest').catch((caught: unknown) => caught);
    expect(isMissing(error)).toBe(true);
    expect(errorText(error)).toContain('MANIFEST_UNKNOWN: unknown');
    expect(isMissing(new RegistryError({ method: 'GET', url: 'https://r/', status: 403, body: '' }))).toBe(
      false,
    );
  });
});

describe('lookUpDigest', () => {
  const good = { status: 200, headers: headers({}) };
  const body = { status: 200, body: bytes };

  it.each<[string, Reply, Reply | undefined, string | undefined, string[]]>([
    ['a complete response to HEAD', good, undefined, digest, ['HEAD']],
    ['a 404 for HEAD', { status: 404 }, body, undefined, ['HEAD']],
    ['a response to HEAD without a digest', { status: 200 }, body, digest, ['HEAD', 'GET']],
    ['a 405 for HEAD', { status: 405 }, body, digest, ['HEAD', 'GET']],
    ['a 403 for HEAD and a 404 for GET', { status: 403 }, { status: 404 }, undefined, ['HEAD', 'GET']],
  ])('needs only the necessary requests after %s', async (_name, head, get, expected, methods) => {
    await using registry = await registryOf({ head, ...(get ? { get } : {}) });
    expect(await lookUpDigest(registry.session, 'latest')).toBe(expected);
    expect(registry.requests()).toEqual(methods.map((method) => `${method} /v2/app/manifests/latest`));
  });

  it('fails with the error of the GET when HEAD and GET are refused', async () => {
    await using registry = await registryOf({
      head: { status: 403 },
      get: errorReply(403, 'DENIED', 'not you'),
    });
    await expect(lookUpDigest(registry.session, 'latest')).rejects.toThrow('DENIED: not you');
  });

  it('sends no GET, which counts as a pull, when the registry limits the rate', async () => {
    await using registry = await registryOf({ head: { status: 429 }, get: body });
    await expect(lookUpDigest(registry.session, 'latest')).rejects.toThrow('429');
    expect(registry.server.journal.select({ method: 'GET', path: /manifests/ })).toEqual([]);
  });
});
