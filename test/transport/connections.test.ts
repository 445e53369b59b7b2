// Connections while they are opened: what ends them, and what is left of them.
import type { Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { classifyFailure } from '../../src/transport/failure.ts';
import type { HttpRequest } from '../../src/transport/http-client.ts';
import { networkError } from '../../src/transport/network-error.ts';
import { serverKeys } from '../support/certificates.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { rawServer } from '../support/silent-server.ts';
import { testClient, trusting } from '../support/test-session.ts';

function get(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url, headers: {}, timeout: 60_000, ...more };
}

/** A server that answers the first bytes of each connection with these, and says nothing else. */
async function serverSaying(answer: string) {
  const first = Promise.withResolvers<Socket>();
  const { port, sockets } = await rawServer((socket) => {
    socket.resume().once('data', () => {
      socket.write(answer, () => first.resolve(socket));
    });
  });
  return { host: `127.0.0.1:${port}`, sockets, first: first.promise };
}

/** Unlike `once`, does not fail for a connection that is reset. */
const whenClosed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

const established = 'HTTP/1.1 200 Connection established\r\n\r\n';

describe('a connection that is being opened', () => {
  const stages = [
    ['a TLS handshake', 'server', ''],
    ['a tunnel', 'proxy', ''],
    ['a TLS handshake in a tunnel', 'proxy', established],
  ] as const;

  const start = async (
    peer: 'server' | 'proxy',
    answer: string,
    options: { all?: AbortSignal; own?: AbortSignal },
  ) => {
    const server = await serverSaying(answer);
    const client = testClient({
      ...(peer === 'proxy' ? { proxy: `http://${server.host}` } : {}),
      ...(options.all ? { signal: options.all } : {}),
    });
    const url = peer === 'proxy' ? 'https://registry.invalid/' : `https://${server.host}/`;
    const outcome = client.send(get(url, options.own ? { signal: options.own } : {}));
    outcome.catch(() => {});
    const socket = await server.first;
    return { client, outcome, closed: whenClosed(socket) };
  };

  it.each(stages)('by %s ends at once with its request', async (_name, peer, answer) => {
    const own = new AbortController();
    const { outcome, closed } = await start(peer, answer, { own: own.signal });
    const reason = new Error('given up');
    own.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    await closed;
  });

  it.each(stages)('by %s ends at once with all requests', async (_name, peer, answer) => {
    const all = new AbortController();
    const { outcome, closed } = await start(peer, answer, { all: all.signal });
    const reason = new Error('interrupted');
    all.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    await closed;
  });

  it.each(stages)('by %s is closed with the client', async (_name, peer, answer) => {
    const { client, outcome, closed } = await start(peer, answer, {});
    await client.close();
    await expect(outcome).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await closed;
  });
});

it.each([
  [407, 'permanent'],
  [403, 'permanent'],
  [502, 'unreachable'],
  [503, 'unreachable'],
  [504, 'unreachable'],
])('a proxy that responds to CONNECT with %i is %s', async (status, kind) => {
  const proxy = await serverSaying(`HTTP/1.1 ${status} x\r\ncontent-length: 0\r\n\r\n`);
  const client = testClient({ proxy: `http://user:hidden@${proxy.host}` });
  const error: unknown = await client.send(get('https://registry.invalid/')).catch((caught) => caught);
  expect(classifyFailure(error, 0).outcome.kind).toBe(kind);
  expect(errorText(networkError('GET', 'https://registry.invalid/', error))).toMatch(
    new RegExp(`the proxy .*: it responded to CONNECT with ${status}$`),
  );
  await whenClosed(await proxy.first);
});

it('a request that waits for one of 32 connections ends at once, and leaves its place to the next', async () => {
  const all = Promise.withResolvers<void>();
  await using server = await startRecordingServer({
    answer: async () => {
      await all.promise;
      return { status: 200 };
    },
  });
  const client = testClient();
  const read = async (signal?: AbortSignal) =>
    await buffer((await client.send(get(server.url, signal ? { signal } : {}))).body);
  const running = Array.from({ length: 32 }, () => read());
  await server.journal.arrived({}, 32);
  const own = new AbortController();
  const waiting = Array.from({ length: 40 }, () => read(own.signal));
  const next = read();
  const reason = new Error('given up');
  own.abort(reason);
  for (const outcome of waiting) {
    await expect(outcome).rejects.toBe(reason);
  }
  all.resolve();
  await Promise.all([...running, next]);
  expect(server.journal.requests).toHaveLength(33);
});

it.each([
  ['of an unknown authority', serverKeys.trusted, ''],
  ['of another host', serverKeys.wrongHost, serverKeys.wrongHost.cert],
  ['that has expired', serverKeys.expired, serverKeys.expired.cert],
])('a certificate %s is refused although NODE_TLS_REJECT_UNAUTHORIZED=0', async (_name, tls, root) => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  await using server = await startRecordingServer({ tls, answer: () => ({ status: 200 }) });
  const client = testClient({ trustRoots: trusting(...(root ? [root] : [])) });
  await expect(client.send(get(server.url))).rejects.toThrow();
  expect(server.journal.requests).toEqual([]);
});

describe('a connection that was used', () => {
  const response = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

  it.each([
    ['at once', 'another response', true, response('junk')],
    ['later', 'another response', false, response('junk')],
    ['later', 'the start of another response', false, 'HTTP/1.1 200 OK\r\ncontent-'],
    ['later', 'something else', false, 'junk'],
  ])('and on which %s comes %s is not used again', async (_when, _what, atOnce, junk) => {
    const connections: Socket[] = [];
    const { port } = await rawServer((socket) => {
      connections.push(socket);
      socket.on('data', () => socket.write(response('first') + (atOnce ? junk : '')));
    });
    const client = testClient();
    const read = async () => await text((await client.send(get(`http://127.0.0.1:${port}/`))).body);
    expect(await read()).toBe('first');
    if (!atOnce) {
      const closed = whenClosed(connections[0] as Socket);
      connections[0]?.write(junk);
      await closed;
    }
    expect(await read()).toBe('first');
    expect(connections).toHaveLength(2);
  });
});
