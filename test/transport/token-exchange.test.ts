// Token queries go where the challenge says, credentials go nowhere else, and a refused token is renewed once for all.
import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { isMissing } from '../../src/registry/manifest-endpoint.ts';
import { classifyFailure } from '../../src/transport/failure.ts';
import { openTokenExchange, type TokenExchangeOptions } from '../../src/transport/token-exchange.ts';
import type { TransportEvent } from '../../src/transport/transport-event.ts';
import { serverKeys } from '../support/certificates.ts';
import type { ReceivedRequest } from '../support/exchange.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { errorReply, jsonReply, type Reply } from '../support/reply.ts';
import { testClient } from '../support/test-session.ts';

const credentials = { username: 'user', password: 'secret' };
const basic = `Basic ${Buffer.from('user:secret').toString('base64')}`;
const pull = 'repository:app:pull';

/** A token server that numbers its tokens. */
function startTokens(answer?: (request: ReceivedRequest, count: number) => Reply | Promise<Reply>) {
  let count = 0;
  return startRecordingServer({
    answer: async (request) => {
      count += 1;
      return (await answer?.(request, count)) ?? jsonReply(200, { token: `token-${count}` });
    },
  });
}

/** The options of an exchange whose registry is the token server itself. */
function at(server: RecordingServer, more: Partial<TokenExchangeOptions> = {}): TokenExchangeOptions {
  return {
    client: testClient(),
    registry: server.host,
    pingScheme: 'http',
    challenge: { scheme: 'bearer', parameters: { realm: `${server.url}/token`, service: 'test' } },
    credentials: async () => credentials,
    scopes: [pull],
    onEvent: () => {},
    ...more,
  };
}

describe('an identity token', () => {
  const identity = { username: '', password: '', identityToken: 'identity' };

  it('is sent as a refresh token, and replaced by that of the response', async () => {
    await using server = await startTokens((_request, count) =>
      jsonReply(200, { access_token: `token-${count}`, refresh_token: `refresh-${count}` }),
    );
    const tokens = await openTokenExchange(at(server, { credentials: async () => identity }));
    await tokens.renew('token-1', undefined);
    expect(server.journal.requests.map(({ method, authorized }) => [method, authorized])).toEqual([
      ['POST', false],
      ['POST', false],
    ]);
    expect(tokens.current()).toBe('token-2');
  });

  it.each([
    ['without credentials when there is no password', identity, undefined],
    ['with the password when there is one', { ...identity, ...credentials }, basic],
  ])(
    'that the server does not accept by POST is followed by a GET %s',
    async (_case, given, authorization) => {
      await using server = await startTokens((request) =>
        request.method === 'POST' ? errorReply(404, 'NOT_FOUND', 'no form') : jsonReply(200, { token: 't' }),
      );
      await openTokenExchange(at(server, { credentials: async () => given }));
      expect(server.journal.requests.map(({ method }) => method)).toEqual(['POST', 'GET']);
      expect(server.journal.requests[1]?.headers.authorization).toBe(authorization);
    },
  );
});

describe('an identity token alone', () => {
  const alone = async () => ({ username: '', password: '', identityToken: 'identity' });

  it.each([401, 405])('that the server refuses by POST with %i is an error', async (status) => {
    await using server = await startTokens(() => errorReply(status, 'NO', 'no form'));
    const error = await openTokenExchange(at(server, { credentials: alone })).catch(
      (caught: unknown) => caught,
    );
    expect(errorText(error)).toMatch(/POST .*NO: no form/);
    expect(server.journal.requests.map(({ method }) => method)).toEqual(['POST']);
  });
});

describe('the first token', () => {
  it('is requested with service, scope and credentials', async () => {
    await using server = await startTokens();
    const tokens = await openTokenExchange(at(server));
    expect(tokens.current()).toBe('token-1');
    const [request] = server.journal.requests;
    expect(request?.method).toBe('GET');
    expect(request?.query.getAll('scope')).toEqual([pull]);
    expect(request?.query.get('service')).toBe('test');
    expect(request?.headers.authorization).toBe(basic);
  });

  it('is requested anonymously without credentials', async () => {
    await using server = await startTokens();
    await openTokenExchange(at(server, { credentials: async () => undefined }));
    expect(server.journal.requests[0]?.authorized).toBe(false);
  });

  it('that is refused names the token server, and reports that no credentials were sent', async () => {
    await using server = await startTokens(() => errorReply(401, 'UNAUTHORIZED', 'who are you?'));
    const events: TransportEvent[] = [];
    const onEvent = (event: TransportEvent) => void events.push(event);
    const outcome = openTokenExchange(at(server, { credentials: async () => undefined, onEvent }));
    const error = await outcome.catch((caught: unknown) => caught);
    expect(errorText(error)).toMatch(
      /^requesting a token for 127\.0\.0\.1:\d+ failed: GET .*UNAUTHORIZED: who are you\?/,
    );
    await expect(openTokenExchange(at(server, { onEvent }))).rejects.toThrow();
    expect(events).toEqual([{ kind: 'anonymous-token-refused', registry: server.host }]);
  });

  it('with a 404 does not look like a missing image', async () => {
    await using server = await startTokens(() => errorReply(404, 'NOT_FOUND', 'nothing here'));
    const error = await openTokenExchange(at(server)).catch((caught: unknown) => caught);
    expect(isMissing(error)).toBe(false);
  });

  it('with a 503 may be retried', async () => {
    await using server = await startTokens(() => errorReply(503, 'UNAVAILABLE', 'later'));
    const error = await openTokenExchange(at(server)).catch((caught: unknown) => caught);
    expect(classifyFailure(error, 0).outcome).toMatchObject({ kind: 'status', status: 503 });
  });

  it.each<[string, Reply, string]>([
    ['too long', { status: 200, body: 'x'.repeat(65 * 1024) }, 'body exceeds 65536 byte limit'],
    ['not JSON', { status: 200, body: '<html>' }, 'it is not JSON'],
    ['without a token', { status: 200, body: '{"secret":"hidden"}' }, 'it has no "token"'],
  ])('in a response that is %s is an error without its content', async (_name, reply, message) => {
    await using server = await startTokens(() => reply);
    const error = await openTokenExchange(at(server)).catch((caught: unknown) => caught);
    expect(errorText(error)).toContain(message);
    expect(errorText(error)).not.toContain('hidden');
  });
});

describe('a realm', () => {
  it.each([
    ['of the network that the resource runs in', 'http://169.254.169.254/token'],
    ['on another port of this machine', 'http://127.0.0.1:1/token'],
    ['that is no URL', '/token'],
    ['that is missing', undefined],
  ])('%s receives no request', async (_name, realm) => {
    await using server = await startTokens();
    const parameters: Record<string, string> = realm === undefined ? {} : { realm };
    const options = at(server, { challenge: { scheme: 'bearer', parameters } });
    await expect(openTokenExchange(options)).rejects.toThrow('requesting a token');
    expect(server.journal.requests).toHaveLength(0);
  });
});

describe('redirects of a token query', () => {
  it('on the same host carry the credentials', async () => {
    await using server = await startTokens(({ path }) =>
      path === '/token'
        ? { status: 302, headers: { location: '/elsewhere' } }
        : jsonReply(200, { access_token: 'moved' }),
    );
    expect((await openTokenExchange(at(server))).current()).toBe('moved');
    expect(server.journal.requests.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
  });

  it('to another host are refused when there are credentials', async () => {
    await using other = await startTokens();
    const location = `http://${other.otherHost}/token`;
    await using server = await startTokens(() => ({ status: 307, headers: { location } }));
    const error = await openTokenExchange(at(server)).catch((caught: unknown) => caught);
    expect(errorText(error)).toMatch(/GET http:\S+: refused to send credentials on to http:\/\/localhost/);
    expect(other.journal.requests).toHaveLength(0);
  });

  it('to another host are followed without credentials', async () => {
    await using other = await startTokens();
    const location = `http://${other.otherHost}/token`;
    await using server = await startTokens(() => ({ status: 307, headers: { location } }));
    const tokens = await openTokenExchange(at(server, { credentials: async () => undefined }));
    expect(tokens.current()).toBe('token-1');
    expect(other.journal.requests.map(({ authorized }) => authorized)).toEqual([false]);
  });

  it.each([307, 303])('by %i to another host never get a refresh token', async (status) => {
    await using other = await startTokens();
    const location = `http://${other.otherHost}/token`;
    await using server = await startTokens(({ method }, count) =>
      method === 'POST'
        ? { status, headers: { location } }
        : jsonReply(200, { token: `token-${count}`, refresh_token: 'refresh' }),
    );
    const tokens = await openTokenExchange(at(server));
    await tokens.renew(tokens.current(), undefined);
    expect(other.journal.requests).toHaveLength(0);
    expect(server.journal.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
  });

  it.each([
    ['to a private address', 'http://10.0.0.1/token', 'private'],
    ['to a port of this machine', 'http://127.0.0.1:1/token', 'private'],
    ['in a circle', '/token', 'stopped after 10 redirects'],
  ])('%s are refused', async (_name, location, message) => {
    await using server = await startTokens(() => ({ status: 302, headers: { location } }));
    const error = await openTokenExchange(at(server)).catch((caught: unknown) => caught);
    expect(errorText(error)).toContain(message);
    expect(server.journal.requests.length).toBeLessThanOrEqual(11);
  });

  it('from https to http are refused', async () => {
    await using server = await startRecordingServer({
      tls: serverKeys.trusted,
      answer: ({ headers }) => ({ status: 302, headers: { location: `http://localhost:1/${headers.host}` } }),
    });
    const error = await openTokenExchange(at(server, { pingScheme: 'https' })).catch(
      (caught: unknown) => caught,
    );
    expect(errorText(error)).toContain('must not send elsewhere over http');
    expect(server.journal.requests).toHaveLength(1);
  });
});

describe('a refresh token', () => {
  const refreshing = (post: () => Reply) =>
    startTokens(({ method }, count) =>
      method === 'POST' ? post() : jsonReply(200, { token: `token-${count}`, refresh_token: 'refresh' }),
    );

  it('is sent by POST in the next query, without the password', async () => {
    await using server = await refreshing(() => jsonReply(200, { access_token: 'renewed' }));
    const tokens = await openTokenExchange(at(server));
    await tokens.renew('token-1', undefined);
    expect(tokens.current()).toBe('renewed');
    const [, post] = server.journal.requests;
    expect([post?.method, post?.authorized]).toEqual(['POST', false]);
    expect(post?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(post?.bodySize).toBe(Number(post?.headers['content-length']));
  });

  it('that the server does not accept by POST (404) is followed by a GET', async () => {
    await using server = await refreshing(() => ({ status: 404, body: 'no such page' }));
    const tokens = await openTokenExchange(at(server));
    await tokens.renew('token-1', undefined);
    expect(tokens.current()).toBe('token-3');
    expect(server.journal.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
    expect(server.journal.requests[2]?.headers.authorization).toBe(basic);
  });

  it.each<[string, Reply]>([
    ['401', errorReply(401, 'UNAUTHORIZED', 'no')],
    ['403', { status: 403 }],
    ['400', { status: 400 }],
    ['405', { status: 405 }],
    ['501', { status: 501 }],
    ['200 without a token', jsonReply(200, {})],
    ['200 that is not JSON', { status: 200, body: '<html>' }],
  ])(
    'that the server refuses by POST (%s) is followed by a GET, and is not sent again',
    async (_name, reply) => {
      await using server = await refreshing(() => reply);
      const tokens = await openTokenExchange(at(server));
      await tokens.renew('token-1', undefined);
      await tokens.renew('token-3', undefined);
      expect(tokens.current()).toBe('token-4');
      expect(server.journal.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'GET']);
      expect(server.journal.requests.at(-1)?.headers.authorization).toBe(basic);
    },
  );

  it('is sent again by POST after the network failed', async () => {
    await using server = await refreshing(() => jsonReply(200, { access_token: 'renewed' }));
    server.faults.add({ method: 'POST', times: 1, fault: { kind: 'reset' } });
    const tokens = await openTokenExchange(at(server));
    await expect(tokens.renew('token-1', undefined)).rejects.toThrow('requesting a token');
    await tokens.renew('token-1', undefined);
    expect(server.journal.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST']);
  });

  it('is sent again after a 307 and not after a 303', async () => {
    for (const [status, method] of [
      [307, 'POST'],
      [303, 'GET'],
    ] as const) {
      await using server = await startTokens((request) =>
        request.method === 'POST' && request.path === '/token'
          ? { status, headers: { location: '/elsewhere' } }
          : jsonReply(200, { token: request.body.toString() || 'without body', refresh_token: 'refresh' }),
      );
      const tokens = await openTokenExchange(at(server));
      await tokens.renew(tokens.current(), undefined);
      const last = server.journal.requests.at(-1);
      expect([last?.method, last?.path]).toEqual([method, '/elsewhere']);
      expect(tokens.current()).toContain(status === 307 ? 'refresh_token=refresh' : 'without body');
    }
  });
});

describe('a renewal', () => {
  it('reads the credentials again', async () => {
    await using server = await startTokens();
    let password = 'first';
    const tokens = await openTokenExchange(
      at(server, { credentials: async () => ({ username: 'user', password }) }),
    );
    password = 'second';
    await tokens.renew('token-1', undefined);
    expect(server.journal.requests.map(({ headers }) => headers.authorization)).toEqual(
      ['user:first', 'user:second'].map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
    );
  });

  it('puts the scope of the challenge first, once', async () => {
    await using server = await startTokens();
    const tokens = await openTokenExchange(at(server));
    await tokens.renew('token-1', 'repository:other:pull');
    await tokens.renew('token-2', 'repository:other:pull');
    expect(server.journal.requests.map(({ query }) => query.getAll('scope'))).toEqual([
      [pull],
      ['repository:other:pull', pull],
      ['repository:other:pull', pull],
    ]);
  });

  it.each([400, 401, 403])(
    'asks for the scope of the challenge alone when all together get %i',
    async (status) => {
      const other = 'repository:org/app:pull';
      await using server = await startTokens(({ query }, count) =>
        query.getAll('scope').length > 1 ? { status } : jsonReply(200, { token: `token-${count}` }),
      );
      const tokens = await openTokenExchange(at(server));
      await tokens.renew('token-1', other);
      expect(tokens.current()).toBe('token-3');
      expect(server.journal.requests.map(({ query }) => query.getAll('scope'))).toEqual([
        [pull],
        [other, pull],
        [other],
      ]);
    },
  );

  it('reads cached credentials afresh when they are refused, and only once they had been accepted', async () => {
    const asked: (boolean | undefined)[] = [];
    const credentials = async (fresh?: boolean) => {
      asked.push(fresh);
      return { username: 'user', password: asked.includes(true) ? 'new' : 'expired' };
    };
    let expired = false;
    await using server = await startTokens(({ headers }, count) =>
      expired && headers.authorization === `Basic ${btoa('user:expired')}`
        ? { status: 401 }
        : jsonReply(200, { token: `token-${count}` }),
    );
    const tokens = await openTokenExchange(at(server, { credentials }));
    expired = true;
    await tokens.renew('token-1', undefined);
    expect(tokens.current()).toBe('token-3');
    expect(asked).toEqual([undefined, undefined, true]);
    await expect(
      openTokenExchange(at(server, { credentials: async () => ({ username: 'user', password: 'expired' }) })),
    ).rejects.toThrow();
    expect(server.journal.requests).toHaveLength(4);
  });

  it('is shared by all requests with the same refused token', async () => {
    await using server = await startTokens();
    const tokens = await openTokenExchange(at(server));
    await Promise.all(Array.from({ length: 10 }, () => tokens.renew('token-1', pull)));
    await tokens.renew('token-1', pull);
    expect(tokens.current()).toBe('token-2');
    expect(server.journal.requests).toHaveLength(2);
  });

  it('in progress for fewer scopes is not shared by a request that needs more', async () => {
    const held = Promise.withResolvers<void>();
    await using server = await startTokens(async (_request, count) => {
      if (count === 2) {
        await held.promise;
      }
      return jsonReply(200, { token: `token-${count}` });
    });
    const tokens = await openTokenExchange(at(server));
    const first = tokens.renew('token-1', undefined);
    await server.journal.arrived({}, 2);
    const wider = tokens.renew('token-1', 'repository:other:pull');
    held.resolve();
    await Promise.all([first, wider]);
    expect(tokens.current()).toBe('token-3');
    expect(server.journal.requests[2]?.query.getAll('scope')).toEqual(['repository:other:pull', pull]);
  });

  it('can be repeated after it failed', async () => {
    await using server = await startTokens((_request, count) =>
      count === 2 ? { status: 503 } : jsonReply(200, { token: `token-${count}` }),
    );
    const tokens = await openTokenExchange(at(server));
    await expect(tokens.renew('token-1', undefined)).rejects.toThrow('requesting a token');
    await tokens.renew('token-1', undefined);
    expect(tokens.current()).toBe('token-3');
  });
});
