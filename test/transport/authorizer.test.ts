// How a session logs in when registries ask for it in unusual ways, and what it does when a log-in expires.
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReceivedRequest } from '../support/exchange.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { errorReply, jsonReply, type Reply } from '../support/reply.ts';
import { openTestSession, type TestSessionOptions } from '../support/test-session.ts';

const credentials = { username: 'user', password: 'secret' };
const basic = `Basic ${btoa('user:secret')}`;
const scope = 'repository:app:pull';

/** A registry whose requests but for pings and token queries are answered by `answer`, numbered from 1. */
async function registryOf(
  answer: (request: ReceivedRequest, count: number) => Reply,
  {
    ping = { status: 200 } as Reply | ((realm: string) => Reply),
    token = (count: number): Reply => jsonReply(200, { token: `t${count}` }),
  } = {},
): Promise<RecordingServer> {
  let count = 0;
  let tokens = 0;
  const server: RecordingServer = await startRecordingServer({
    answer: (request) => {
      switch (request.path) {
        case '/v2/':
          return typeof ping === 'function' ? ping(`${server.url}/token`) : ping;
        case '/token':
          tokens += 1;
          return token(tokens);
        default:
          count += 1;
          return answer(request, count);
      }
    },
  });
  onTestFinished(() => server.close());
  return server;
}

function challenged(...lines: readonly string[]): Reply {
  return {
    status: 401,
    headers: { 'www-authenticate': lines.length === 1 ? (lines[0] ?? '') : [...lines] },
    body: 'no',
  };
}

const bearerAt = (realm: string) => `Bearer realm="${realm}",service="reg",scope="${scope}"`;
const expiredTag = errorReply(
  403,
  'DENIED',
  'Your authorization token has expired. Reauthenticate and try again.',
);

/** Sends a GET, or the request of another method, and returns status and body. */
async function sender(server: RecordingServer, options: TestSessionOptions = {}) {
  const session = await openTestSession(`${server.host}/app`, { credentials, ...options });
  return async (method = 'GET', body = 'content') => {
    const content = Buffer.from(body);
    const response = await session.send({
      method,
      target: '/v2/app/tags/list',
      ...(method === 'GET' || method === 'HEAD'
        ? {}
        : { body: { length: content.length, open: async () => content } }),
    });
    return `${response.status} ${(await buffer(response.body)).toString()}`.trim();
  };
}

/** The requests but for the ping, each with its authorization. */
function sent(server: RecordingServer): string[] {
  return server.journal.requests
    .filter(({ path }) => path !== '/v2/')
    .map(
      ({ method, path, headers }) =>
        `${path === '/token' ? 'token' : method} ${headers.authorization ?? '-'}`,
    );
}

describe('a registry that is open to pings and challenges a request', () => {
  it('gets a token for the realm and scope of that challenge, and later requests use it at once', async () => {
    const server = await registryOf(({ headers }) =>
      headers.authorization?.startsWith('Bearer')
        ? { status: 200, body: 'ok' }
        : challenged(bearerAt(`http://${headers.host}/token`)),
    );
    const send = await sender(server);
    expect([await send(), await send()]).toEqual(['200 ok', '200 ok']);
    expect(sent(server)).toEqual([`GET ${basic}`, `token ${basic}`, 'GET Bearer t1', 'GET Bearer t1']);
    const [query] = server.journal.select({ path: '/token' });
    expect([query?.query.getAll('scope'), query?.query.get('service')]).toEqual([[scope], 'reg']);
  });

  it('gets an anonymous token without credentials', async () => {
    const server = await registryOf(({ headers }) =>
      headers.authorization
        ? { status: 200, body: 'ok' }
        : challenged(bearerAt(`http://${headers.host}/token`)),
    );
    const session = await openTestSession(`${server.host}/app`);
    const response = await session.send({ method: 'GET', target: '/v2/app/tags/list' });
    expect(response.status).toBe(200);
    expect(sent(server)).toEqual(['GET -', 'token -', 'GET Bearer t1']);
  });

  it('gets a token for writing only when only writing is challenged', async () => {
    const server = await registryOf(({ method, headers }) =>
      method === 'GET' || headers.authorization?.startsWith('Bearer')
        ? { status: 200, body: 'ok' }
        : challenged(bearerAt(`http://${headers.host}/token`)),
    );
    const send = await sender(server);
    expect([await send(), await send('POST')]).toEqual(['200 ok', '200 ok']);
    expect(sent(server)).toEqual([`GET ${basic}`, `POST ${basic}`, `token ${basic}`, 'POST Bearer t1']);
  });

  it('gets one token for all requests that were challenged together', async () => {
    const server = await registryOf(({ headers }) =>
      headers.authorization?.startsWith('Bearer')
        ? { status: 200, body: 'ok' }
        : challenged(bearerAt(`http://${headers.host}/token`)),
    );
    const send = await sender(server);
    await Promise.all(Array.from({ length: 10 }, () => send()));
    expect(server.journal.select({ path: '/token' })).toHaveLength(1);
  });
});

describe('several challenges', () => {
  it.each<[string, (realm: string) => string[]]>([
    ['Basic and Bearer in one line', (realm) => [`Basic realm="registry", ${bearerAt(realm)}`]],
    ['Negotiate and Bearer in one line', (realm) => [`Negotiate, ${bearerAt(realm)}`]],
    ['NTLM with a string and Bearer in one line', (realm) => [`NTLM TlRM==, ${bearerAt(realm)}`]],
    ['Basic and Bearer in two lines', (realm) => ['Basic realm="registry"', bearerAt(realm)]],
    ['Bearer and Basic in one line', (realm) => [`${bearerAt(realm)}, Basic realm="registry"`]],
  ])('%s are answered by a token', async (_name, lines) => {
    const server = await registryOf(
      ({ headers }) =>
        headers.authorization === 'Bearer t1' ? { status: 200, body: 'ok' } : { status: 401 },
      { ping: (realm: string) => challenged(...lines(realm)) },
    );
    const send = await sender(server);
    expect(await send()).toBe('200 ok');
  });

  it.each(['ping', 'request'])(
    'of a %s are answered by the password when there is no token',
    async (where) => {
      const both = (realm: string) => challenged(`${bearerAt(realm)}, Basic realm="registry"`);
      const server = await registryOf(
        ({ headers }) =>
          headers.authorization === basic
            ? { status: 200, body: 'ok' }
            : both(`http://${headers.host}/token`),
        { token: () => ({ status: 403 }), ...(where === 'ping' ? { ping: both } : {}) },
      );
      const send = await sender(server);
      expect([await send(), await send()]).toEqual(['200 ok', '200 ok']);
    },
  );
});

describe('a registry with tokens that challenges some requests with Basic', () => {
  it('gets the password after a new token was refused, and for that method from then on', async () => {
    const server = await registryOf(
      ({ method, headers }) =>
        method === 'GET' || headers.authorization === basic
          ? { status: 200, body: 'ok' }
          : challenged('Basic realm="harbor"'),
      { ping: (realm: string) => challenged(bearerAt(realm)) },
    );
    const send = await sender(server);
    expect([await send('PATCH'), await send('PATCH'), await send()]).toEqual(['200 ok', '200 ok', '200 ok']);
    expect(sent(server)).toEqual([
      `token ${basic}`,
      'PATCH Bearer t1',
      `token ${basic}`,
      'PATCH Bearer t2',
      `PATCH ${basic}`,
      `PATCH ${basic}`,
      'GET Bearer t2',
    ]);
  });

  it('is refused for good without a password', async () => {
    const server = await registryOf(() => challenged('Basic realm="harbor"'), {
      ping: (realm: string) => challenged(bearerAt(realm)),
    });
    const session = await openTestSession(`${server.host}/app`);
    const response = await session.send({ method: 'GET', target: '/v2/app/tags/list' });
    expect(response.status).toBe(401);
    expect(sent(server)).toEqual(['token -', 'GET Bearer t1', 'token -', 'GET Bearer t2']);
  });
});

it('a 403 with a challenge for another scope is answered by a token for it', async () => {
  const other = 'repository:org/app:pull';
  const server = await registryOf(
    ({ headers }) =>
      headers.authorization === 'Bearer t2'
        ? { status: 200, body: 'ok' }
        : {
            status: 403,
            headers: { 'www-authenticate': `Bearer realm="x",scope="${other}",error="insufficient_scope"` },
          },
    { ping: (realm: string) => challenged(bearerAt(realm)) },
  );
  const send = await sender(server);
  expect(await send()).toBe('200 ok');
  expect(server.journal.select({ path: '/token' })[1]?.query.getAll('scope')).toEqual([other, scope]);
});

describe('a log-in that expires', () => {
  const good =
    (header: string) =>
    ({ headers }: ReceivedRequest): boolean =>
      headers.authorization === header;

  it.each<[string, Reply]>([
    ['403', expiredTag],
    ['400', { ...expiredTag, status: 400 }],
    ['401 without a challenge', { status: 401 }],
    ['400 without a body', { status: 400 }],
  ])('with status %s is renewed by a new token, once', async (_name, refusal) => {
    let limit = 2;
    const server = await registryOf(
      ({ headers }, count) =>
        count <= limit || headers.authorization === 'Bearer t2' ? { status: 200, body: 'ok' } : refusal,
      { ping: (realm: string) => challenged(bearerAt(realm)) },
    );
    const send = await sender(server);
    expect([await send(), await send(), await send()]).toEqual(['200 ok', '200 ok', '200 ok']);
    expect(server.journal.select({ path: '/token' })).toHaveLength(2);
    limit = 0;
    expect(await send()).toBe('200 ok');
  });

  it('is renewed by other credentials, read again without a cache', async () => {
    const server = await registryOf((request, count) =>
      count <= 4 || good(`Basic ${btoa('user:s2')}`)(request) ? { status: 200, body: 'ok' } : expiredTag,
    );
    const asked: (boolean | undefined)[] = [];
    const send = await sender(server, {
      credentials: async (fresh?: boolean) => {
        asked.push(fresh);
        return { username: 'user', password: fresh ? 's2' : 's1' };
      },
    });
    for (let count = 0; count < 8; count++) {
      expect(await send(count % 2 ? 'POST' : 'GET')).toBe('200 ok');
    }
    expect(asked).toEqual([false, true]);
    expect(sent(server)).toHaveLength(9);
  });

  it('is renewed once for all requests that were refused together', async () => {
    const server = await registryOf(
      ({ headers }, count) =>
        count === 1 || headers.authorization === 'Bearer t2' ? { status: 200, body: 'ok' } : expiredTag,
      { ping: (realm: string) => challenged(bearerAt(realm)) },
    );
    const send = await sender(server);
    await send();
    expect(new Set(await Promise.all(Array.from({ length: 10 }, () => send())))).toEqual(new Set(['200 ok']));
    expect(server.journal.select({ path: '/token' })).toHaveLength(2);
  });

  it('is not assumed for what was refused from the start', async () => {
    const server = await registryOf(() => expiredTag, {
      ping: (realm: string) => challenged(bearerAt(realm)),
    });
    const send = await sender(server);
    expect(await send()).toMatch(/^403 .*DENIED/);
    expect(sent(server)).toEqual([`token ${basic}`, 'GET Bearer t1']);
  });

  it('is not assumed again for a minute after a renewal that changed nothing', async () => {
    const clock = createFakeClock();
    const server = await registryOf(
      ({ method }) => (method === 'GET' ? { status: 200, body: 'ok' } : expiredTag),
      {
        ping: (realm: string) => challenged(bearerAt(realm)),
      },
    );
    const send = await sender(server, { clock });
    const denied = async () => expect(await send('PUT')).toMatch(/^403 /);
    await send();
    await denied();
    await send();
    await denied();
    expect(server.journal.select({ path: '/token' })).toHaveLength(2);
    clock.advance(61_000);
    await send();
    await denied();
    expect(server.journal.select({ path: '/token' })).toHaveLength(3);
  });

  it('is refused as the registry said when it cannot be renewed', async () => {
    const server = await registryOf(
      ({ method }) => (method === 'GET' ? { status: 200, body: 'ok' } : expiredTag),
      {
        ping: (realm: string) => challenged(bearerAt(realm)),
        token: (count) => (count === 1 ? jsonReply(200, { token: 't1' }) : { status: 500 }),
      },
    );
    const send = await sender(server);
    await send();
    expect(await send('PUT')).toMatch(/^403 .*has expired/);
  });

  it('is not assumed for a 400 with another error code, whose body is returned', async () => {
    const server = await registryOf(
      ({ method }) =>
        method === 'GET' ? { status: 200, body: 'ok' } : errorReply(400, 'MANIFEST_INVALID', 'no'),
      { ping: (realm: string) => challenged(bearerAt(realm)) },
    );
    const send = await sender(server);
    await send();
    expect(await send('PUT')).toMatch(/^400 .*MANIFEST_INVALID/);
    expect(server.journal.select({ path: '/token' })).toHaveLength(1);
  });

  it('is not renewed by the same username and password', async () => {
    const server = await registryOf((_request, count) =>
      count === 1 ? { status: 200, body: 'ok' } : expiredTag,
    );
    const send = await sender(server);
    await send();
    expect(await send()).toMatch(/^403 /);
    expect(sent(server)).toHaveLength(2);
  });
});
