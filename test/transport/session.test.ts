// A session authorizes its requests to the registry only, and renews what is refused.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HttpResponse, RequestBody } from '../../src/transport/http-client.ts';
import type { Session } from '../../src/transport/session.ts';
import { startBlobHost } from '../support/blob-host.ts';
import { authority, serverKeys } from '../support/certificates.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startRegistry } from '../support/registry.ts';
import type { BearerAuth } from '../support/registry-auth.ts';
import { jsonReply, type Reply } from '../support/reply.ts';
import {
  openTestSession,
  recordedLog,
  type TestSessionOptions,
  testClient,
  trusting,
} from '../support/test-session.ts';

const credentials = { username: 'user', password: 'secret' };
const known = { user: 'user', password: 'secret' };
const basic = `Basic ${Buffer.from('user:secret').toString('base64')}`;

async function read(session: Session, target: string): Promise<string> {
  const response = await session.send({ method: 'GET', target });
  return `${response.status} ${await textOf(response)}`;
}

async function textOf(response: HttpResponse): Promise<string> {
  return (await buffer(response.body)).toString();
}

describe('a session with an open registry', () => {
  it('pings once and sends requests without authorization', async () => {
    await using registry = await startRegistry();
    const blob = registry.putBlob('app', 'hello');
    const session = await openTestSession(`${registry.host}/app`);
    expect(session.origin).toBe(`http://${registry.host}`);
    expect(await read(session, `/v2/app/blobs/${blob}`)).toBe('200 hello');
    expect(registry.journal.lines).toEqual(['GET /v2/', `GET /v2/app/blobs/${blob}`]);
    expect(registry.requests.map(({ headers }) => headers['user-agent'])).toEqual([
      'registry-image-resource',
      'registry-image-resource',
    ]);
  });

  it('sends credentials with every request but the ping', async () => {
    await using registry = await startRegistry();
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    await read(session, '/v2/app/tags/list');
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, basic]);
  });
});

describe('a session with Basic authorization', () => {
  it('sends credentials with every request, and returns refusals', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', ...known } });
    const blob = registry.putBlob('app', 'hello');
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    expect(await read(session, `/v2/app/blobs/${blob}`)).toBe('200 hello');
    const wrong = await openTestSession(`${registry.host}/app`, {
      credentials: { ...credentials, password: 'wrong' },
    });
    expect(await read(wrong, `/v2/app/blobs/${blob}`)).toMatch(/^401 /);
    const anonymous = await openTestSession(`${registry.host}/app`);
    expect(await read(anonymous, `/v2/app/blobs/${blob}`)).toMatch(/^401 /);
    expect(registry.journal.select({ path: /blobs/ })).toHaveLength(3);
  });

  it('reads the credentials again when they are refused, once for each request', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', ...known } });
    const given: string[] = [];
    const session = await openTestSession(`${registry.host}/app`, {
      credentials: async () => {
        given.push(given.length === 0 ? 'expired' : credentials.password);
        return { ...credentials, password: given.at(-1) ?? '' };
      },
    });
    expect(await read(session, '/v2/app/tags/list')).toMatch(/^404 /);
    expect(await read(session, '/v2/app/tags/list')).toMatch(/^404 /);
    expect(given).toEqual(['expired', credentials.password]);
    expect(registry.journal.select({ path: /tags/ })).toHaveLength(3);
  });

  it('does not repeat a request with the same credentials', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', ...known } });
    let asked = 0;
    const session = await openTestSession(`${registry.host}/app`, {
      credentials: async () => {
        asked += 1;
        return { ...credentials, password: 'wrong' };
      },
    });
    expect(await read(session, '/v2/app/tags/list')).toMatch(/^401 /);
    expect(asked).toBe(2);
    expect(registry.journal.select({ path: /tags/ })).toHaveLength(1);
  });

  it('sends no credentials to another name of the same machine', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', ...known } });
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    await read(session, `http://${registry.otherHost}/v2/app/tags/list`);
    expect(registry.requests.at(-1)?.authorized).toBe(false);
  });
});

describe('a session with tokens', () => {
  const bearer: BearerAuth = { kind: 'bearer', credentials: known, anonymousPull: true };

  it.each([
    ['pull', 'user'],
    ['push,pull', 'user'],
    ['pull', undefined],
  ] as const)('requests a token to %s as %s', async (actions, user) => {
    await using registry = await startRegistry({ auth: bearer });
    const blob = registry.putBlob('team/app', 'hello');
    const session = await openTestSession(`${registry.host}/team/app`, {
      actions,
      ...(user ? { credentials } : {}),
    });
    expect(await read(session, `/v2/team/app/blobs/${blob}`)).toBe('200 hello');
    expect(registry.tokens.map((token) => token.user)).toEqual([user]);
    expect(registry.requests[1]?.query.get('scope')).toBe(`repository:team/app:${actions}`);
  });

  it('renews a refused token and repeats the request', async () => {
    await using registry = await startRegistry({ auth: { ...bearer, usesPerToken: 2 } });
    const blob = registry.putBlob('app', 'hello');
    const session = await openTestSession(`${registry.host}/app`);
    for (let count = 0; count < 5; count++) {
      expect(await read(session, `/v2/app/blobs/${blob}`)).toBe('200 hello');
    }
    expect(registry.tokens).toHaveLength(3);
    expect(registry.journal.select({ path: /blobs/ })).toHaveLength(7);
  });

  it('returns the refusal when the renewed token is refused too', async () => {
    await using registry = await startRegistry({ auth: { ...bearer, usesPerToken: 0 } });
    const session = await openTestSession(`${registry.host}/app`);
    expect(await read(session, '/v2/app/tags/list')).toMatch(/^401 /);
    expect(registry.tokens).toHaveLength(2);
    expect(registry.journal.select({ path: /tags/ })).toHaveLength(2);
  });

  // 32 are all connections that a client opens to a registry, which is the token server, too.
  it.each([8, 32])('renews a token once for all requests that were refused (%d)', async (count) => {
    await using registry = await startRegistry({ auth: bearer });
    const blob = registry.putBlob('app', 'hello');
    const session = await openTestSession(`${registry.host}/app`);
    const together = Promise.withResolvers<void>();
    const refuse = {
      kind: 'status',
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="x"' },
    } as const;
    registry.faults.add({
      path: /blobs/,
      times: count,
      fault: { kind: 'hold', until: together.promise, next: refuse },
    });
    const answers = Array.from({ length: count }, () => read(session, `/v2/app/blobs/${blob}`));
    await registry.journal.arrived({ path: /blobs/ }, count);
    together.resolve();
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['200 hello']));
    expect(registry.tokens).toHaveLength(2);
  });

  it('keeps no connection for a request that was refused when no token is issued any more', async () => {
    await using registry = await startRegistry({ auth: { ...bearer, usesPerToken: 1 } });
    const blob = registry.putBlob('app', 'hello');
    const session = await openTestSession(`${registry.host}/app`);
    expect(await read(session, `/v2/app/blobs/${blob}`)).toBe('200 hello');
    registry.faults.add({ path: '/token', times: 40, fault: { kind: 'status', status: 403 } });
    for (let count = 0; count < 40; count++) {
      await expect(read(session, `/v2/app/blobs/${blob}`)).rejects.toThrow('requesting a token');
    }
    expect(await read(session, `/v2/app/blobs/${blob}`)).toBe('200 hello');
  });

  it('puts the scope of a challenge first in the token query', async () => {
    await using registry = await startRegistry({ auth: bearer });
    const blob = registry.putBlob('other', 'hello');
    const session = await openTestSession(`${registry.host}/app`);
    expect(await read(session, `/v2/other/blobs/${blob}`)).toBe('200 hello');
    expect(registry.journal.select({ path: '/token' }).map(({ query }) => query.getAll('scope'))).toEqual([
      ['repository:app:pull'],
      ['repository:other:pull', 'repository:app:pull'],
    ]);
  });

  it('sends the body of an upload again after a renewal', async () => {
    await using registry = await startRegistry({ auth: { kind: 'bearer', usesPerToken: 2 } });
    const session = await openTestSession(`${registry.host}/app`, { actions: 'push,pull' });
    const post = async () =>
      (await session.send({ method: 'POST', target: '/v2/app/blobs/uploads/' })).headers.location;
    await post();
    const location = await post();
    let opened = 0;
    const content = Buffer.alloc(300_000, 'content');
    const body: RequestBody = {
      length: content.length,
      open: async () => {
        opened += 1;
        return Readable.from([content.subarray(0, 100_000), content.subarray(100_000)]);
      },
    };
    const response = await session.send({ method: 'PATCH', target: String(location), body });
    await textOf(response);
    expect([response.status, opened]).toEqual([202, 2]);
    expect(response.headers.range).toBe(`0-${content.length - 1}`);
  });

  it('retries the token query when the token server is unavailable', async () => {
    await using registry = await startRegistry({ auth: bearer });
    registry.faults.add({ path: '/token', times: 2, fault: { kind: 'status', status: 503 } });
    const clock = createFakeClock();
    await openTestSession(`${registry.host}/app`, { clock });
    expect(registry.journal.select({ path: '/token' })).toHaveLength(3);
    expect(registry.journal.select({ path: '/v2/' })).toHaveLength(1);
  });
});

describe('redirects of a session', () => {
  it('to another host carry no credentials and no token', async () => {
    await using blobs = await startBlobHost();
    const location = blobs.put('hello');
    for (const auth of [
      { kind: 'basic', ...known },
      { kind: 'bearer', credentials: known },
    ] as const) {
      await using registry = await startRegistry({ auth });
      registry.faults.add({ path: /blobs/, fault: { kind: 'redirect', to: location } });
      const session = await openTestSession(`${registry.host}/app`, { credentials });
      expect(await read(session, '/v2/app/blobs/x')).toBe('200 hello');
    }
    expect(blobs.journal.requests.map(({ authorized }) => authorized)).toEqual([false, false]);
  });

  it('on the registry itself carry credentials', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', ...known } });
    const blob = registry.putBlob('app', 'hello');
    registry.faults.add({
      path: '/v2/app/blobs/x',
      fault: { kind: 'redirect', to: `/v2/app/blobs/${blob}` },
    });
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    expect(await read(session, '/v2/app/blobs/x')).toBe('200 hello');
  });

  describe('from https to http on another host', () => {
    const digest = `sha256:${'0'.repeat(64)}`;

    async function redirected(path: string, options: TestSessionOptions = {}) {
      const plain = await startRecordingServer({ answer: () => ({ status: 200, body: 'plain' }) });
      onTestFinished(() => plain.close());
      const registry = await startRegistry({ tls: serverKeys.trusted });
      onTestFinished(() => registry.close());
      const to = `http://${plain.otherHost}/there`;
      registry.faults.add({ path, fault: { kind: 'redirect', to, status: 307 } });
      const log = recordedLog();
      return {
        plain,
        log,
        session: await openTestSession(`${registry.host}/app`, { credentials, log, ...options }),
      };
    }

    it('are refused for what is not verified', async () => {
      const { plain, session } = await redirected('/v2/app/tags/list');
      await expect(read(session, '/v2/app/tags/list')).rejects.toThrow('refused to continue over http');
      expect(plain.journal.requests).toHaveLength(0);
    });

    it('are refused for a request with a body', async () => {
      const { plain, session } = await redirected('/v2/app/blobs/uploads/');
      const body = { length: 7, open: async () => Buffer.from('content') };
      const outcome = session.send({ method: 'POST', target: '/v2/app/blobs/uploads/', body });
      await expect(outcome).rejects.toThrow('refused to continue over http');
      expect(plain.journal.requests).toHaveLength(0);
    });

    it.each(['blobs', 'manifests'])(
      'are followed for %s by digest, without credentials and with a warning',
      async (kind) => {
        const path = `/v2/app/${kind}/${digest}`;
        const { plain, log, session } = await redirected(path);
        expect(await read(session, path)).toBe('200 plain');
        expect(plain.journal.requests.map(({ authorized }) => authorized)).toEqual([false]);
        expect(log.text).toContain('redirects downloads to http://localhost');
      },
    );

    it('are followed without a warning when the user allows http', async () => {
      const { log, session } = await redirected('/v2/app/tags/list', { insecure: true });
      expect(await read(session, '/v2/app/tags/list')).toBe('200 plain');
      expect(log.text).not.toContain('WARN');
    });
  });

  it('on the registry itself keep https, whatever scheme they name', async () => {
    await using registry = await startRegistry({ tls: serverKeys.trusted });
    const to = `http://${registry.host}/v2/app/there`;
    registry.faults.add(
      { path: '/v2/app/here', fault: { kind: 'redirect', to } },
      { path: '/v2/app/there', fault: { kind: 'status', status: 200, body: 'there' } },
    );
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    expect(await read(session, '/v2/app/here')).toBe('200 there');
    expect(registry.requests.at(-1)?.headers.authorization).toBe(basic);
  });

  it('without a URL in their Location are an error that quotes it', async () => {
    await using registry = await startRegistry();
    registry.faults.add({ path: '/v2/app/x', fault: { kind: 'redirect', to: 'http://two words/' } });
    const session = await openTestSession(`${registry.host}/app`);
    await expect(read(session, '/v2/app/x')).rejects.toThrow(
      /GET http:.*\/v2\/app\/x: the Location of the response is not an http or https URL: "http:\/\/two words\/"/,
    );
  });

  it('to private addresses are refused', async () => {
    await using registry = await startRegistry();
    const to = 'http://169.254.169.254/latest/meta-data';
    registry.faults.add({ path: '/v2/app/x', fault: { kind: 'redirect', to } });
    const session = await openTestSession(`${registry.host}/app`);
    await expect(read(session, '/v2/app/x')).rejects.toThrow('private address 169.254.169.254');
  });

  it('end after ten', async () => {
    await using registry = await startRegistry();
    registry.faults.add({ path: /loop/, fault: { kind: 'redirect', to: '/v2/loop' } });
    const session = await openTestSession(`${registry.host}/app`);
    await expect(read(session, '/v2/loop')).rejects.toThrow('stopped after 10 redirects');
    expect(registry.journal.select({ path: /loop/ })).toHaveLength(11);
  });

  it.each([
    [307, 'PATCH', 7],
    [308, 'PUT', 7],
    [302, 'GET', 0],
    [303, 'GET', 0],
  ] as const)('by %i become %s with %i bytes', async (status, method, size) => {
    const first = method === 'PUT' ? 'PUT' : 'PATCH';
    await using server = await startRecordingServer({
      answer: ({ path }): Reply =>
        path === '/up' ? { status, headers: { location: '/there' } } : { status: 200 },
    });
    const session = await openTestSession(`${server.host}/app`);
    const body = { length: 7, open: async () => Buffer.from('content') };
    await textOf(await session.send({ method: first, target: '/up', body }));
    const last = server.journal.requests.at(-1);
    expect([last?.path, last?.method, last?.bodySize]).toEqual(['/there', method, size]);
  });
});

describe('a redirect to a host that requires a token', () => {
  /** A host with a token server of its own that requires a token for everything else. */
  function startForeign(token: () => Reply) {
    return startRecordingServer({
      answer: (request): Reply => {
        if (request.path === '/token') {
          return token();
        }
        if (request.headers.authorization === 'Bearer foreign') {
          return { status: 200, body: 'foreign content' };
        }
        const realm = `http://${request.headers.host}/token`;
        const challenge = `Bearer realm="${realm}",service="foreign",scope="repository:there:pull"`;
        return { status: 401, headers: { 'www-authenticate': challenge }, body: 'no token' };
      },
    });
  }

  it('is followed with an anonymous token for this request only', async () => {
    await using foreign = await startForeign(() => jsonReply(200, { token: 'foreign' }));
    await using registry = await startRegistry({ auth: { kind: 'bearer', credentials: known } });
    registry.faults.add({
      path: /blobs/,
      fault: { kind: 'redirect', to: `http://${foreign.otherHost}/blob` },
    });
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    for (let count = 0; count < 2; count++) {
      expect(await read(session, '/v2/app/blobs/x')).toBe('200 foreign content');
    }
    expect(foreign.journal.requests.map((request) => [request.path, request.headers.authorization])).toEqual([
      ['/blob', undefined],
      ['/token', undefined],
      ['/blob', 'Bearer foreign'],
      ['/blob', undefined],
      ['/token', undefined],
      ['/blob', 'Bearer foreign'],
    ]);
    const [asked] = foreign.journal.select({ path: '/token' });
    expect(asked?.query.getAll('scope')).toEqual(['repository:there:pull']);
    expect(registry.tokens).toHaveLength(1);
  });

  it('is followed once more without a token when none is issued', async () => {
    await using foreign = await startForeign(() => ({ status: 403 }));
    await using registry = await startRegistry();
    registry.faults.add({
      path: /blobs/,
      fault: { kind: 'redirect', to: `http://${foreign.otherHost}/blob` },
    });
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    expect(await read(session, '/v2/app/blobs/x')).toBe('401 no token');
    expect(foreign.journal.requests.map(({ authorized }) => authorized)).toEqual([false, false, false]);
  });
});

describe('a failure of the network', () => {
  it('names method and URL, without secrets', async () => {
    await using registry = await startRegistry();
    const session = await openTestSession(`${registry.host}/app`, { credentials });
    registry.faults.add({ path: /blobs/, fault: { kind: 'reset' } });
    const outcome = session.send({ method: 'GET', target: '/v2/app/blobs/x?token=hidden' });
    const error = await outcome.catch((caught: unknown) => caught);
    expect(String(error)).toMatch(
      /GET http:\/\/127.*\/v2\/app\/blobs\/x\?token=REDACTED: the connection broke/,
    );
  });

  it('during the ping is retried', async () => {
    await using registry = await startRegistry({ tls: serverKeys.trusted });
    registry.faults.add({ path: '/v2/', times: 2, fault: { kind: 'reset' } });
    const clock = createFakeClock();
    const client = testClient({ trustRoots: trusting(authority) });
    await openTestSession(`${registry.otherHost}/app`, { clock, client });
    expect(registry.journal.select({ path: '/v2/' })).toHaveLength(3);
  });
});
