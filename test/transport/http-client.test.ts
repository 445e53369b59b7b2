// The HTTP client against real servers and proxies: trust, limits, connections, abort.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { hintFor } from '../../src/process/hints.ts';
import { classifyFailure } from '../../src/transport/failure.ts';
import type { HttpClient, HttpRequest } from '../../src/transport/http-client.ts';
import { networkError } from '../../src/transport/network-error.ts';
import { createHttpClient } from '../../src/transport/node-http-client.ts';
import { createTrustRoots } from '../../src/transport/trust-roots.ts';
import { authority, intermediateAuthority, type KeyPair, serverKeys } from '../support/certificates.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startRegistry } from '../support/registry.ts';
import { testClient, trusting } from '../support/test-session.ts';

function get(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url, headers: {}, timeout: 60_000, ...more };
}

async function textOf(client: HttpClient, url: string): Promise<string> {
  const response = await client.send(get(url));
  return (await buffer(response.body)).toString();
}

async function failure(outcome: Promise<unknown>, url = 'https://registry/'): Promise<Error> {
  return await outcome.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => networkError('GET', url, error),
  );
}

describe('send', () => {
  it('sends the URL byte for byte and returns status, headers and body', async () => {
    await using server = await startRecordingServer({
      answer: () => ({ status: 418, headers: { 'x-test': 'yes' }, body: 'short' }),
    });
    const url = `${server.url}/v2//a/../b/%2e%2e/c;d=1?x=%2F&y=+`;
    const response = await testClient().send(get(url, { headers: { accept: 'a,b' } }));
    expect((await buffer(response.body)).toString()).toBe('short');
    expect([response.status, response.url, response.headers['x-test']]).toEqual([418, url, 'yes']);
    expect(server.journal.lines).toEqual(['GET /v2//a/../b/%2e%2e/c;d=1']);
    expect(server.journal.requests[0]?.headers).toMatchObject({
      accept: 'a,b',
      'user-agent': expect.any(String),
    });
  });

  it.each(['PATCH', 'PUT', 'POST'])(
    'sends %s with a Content-Length, with a body or without',
    async (method) => {
      await using server = await startRecordingServer({ answer: () => ({ status: 200 }) });
      const client = testClient();
      const content = Buffer.from('content');
      const bodies = [
        { length: 7, open: async () => content },
        { length: 7, open: async () => Readable.from([content]) },
      ];
      for (const body of [...bodies, undefined]) {
        const response = await client.send(get(server.url, { method, ...(body ? { body } : {}) }));
        await buffer(response.body);
      }
      const lengths = server.journal.requests.map(({ headers }) => headers['content-length']);
      expect(lengths).toEqual(['7', '7', '0']);
      expect(server.journal.requests.map(({ bodySize }) => bodySize)).toEqual([7, 7, 0]);
    },
  );

  it.each([
    ['shorter', 'con'],
    ['longer', 'content and more'],
  ])('fails for a body that is %s than its length', async (_name, content) => {
    await using server = await startRecordingServer({ answer: () => ({ status: 200 }) });
    const body = { length: 7, open: async () => Readable.from([Buffer.from(content)]) };
    await expect(testClient().send(get(server.url, { method: 'PUT', body }))).rejects.toThrow();
    expect(server.journal.requests.filter(({ status }) => status === 200)).toEqual([]);
  });

  it('sends nothing when the body cannot be opened, and fails with that error', async () => {
    await using server = await startRecordingServer({ answer: () => ({ status: 200 }) });
    const open = async () => {
      throw new Error('the file is gone');
    };
    const outcome = testClient().send(get(server.url, { method: 'PUT', body: { length: 7, open } }));
    await expect(outcome).rejects.toThrow('the file is gone');
    expect(server.journal.requests).toHaveLength(0);
  });

  it('fails when the request is aborted', async () => {
    await using server = await startRecordingServer({ answer: () => new Promise<never>(() => {}) });
    const controller = new AbortController();
    const outcome = testClient().send(get(server.url, { signal: controller.signal }));
    await server.journal.arrived({});
    controller.abort();
    await expect(outcome).rejects.toThrow();
  });
});

describe('an aborted client', () => {
  it('ends pending requests with the reason of the signal, and sends no other', async () => {
    await using server = await startRecordingServer({ answer: () => new Promise<never>(() => {}) });
    const all = new AbortController();
    const client = testClient({ signal: all.signal });
    const own = new AbortController();
    const outcomes = [
      client.send(get(server.url)),
      client.send(get(server.url, { signal: own.signal })),
    ] as const;
    await server.journal.arrived({}, 2);
    const reason = new Error('interrupted');
    all.abort(reason);
    for (const outcome of outcomes) {
      await expect(outcome).rejects.toBe(reason);
    }
    await expect(client.send(get(server.url))).rejects.toBe(reason);
    expect(server.journal.requests).toHaveLength(2);
  });

  it('ends a body that is being read', async () => {
    await using registry = await startRegistry();
    const blob = registry.putBlob('app', Buffer.alloc(100_000, 1));
    registry.faults.add({ path: /blobs/, fault: { kind: 'stall', after: 50_000 } });
    const all = new AbortController();
    const client = testClient({ signal: all.signal });
    const response = await client.send(get(`${registry.url}/v2/app/blobs/${blob}`));
    const reason = new Error('interrupted');
    response.body.once('data', () => all.abort(reason));
    await expect(buffer(response.body)).rejects.toBe(reason);
  });
});

describe('a response to HEAD', () => {
  it('has headers and no body, and its connection is reused', async () => {
    await using server = await startRecordingServer({
      answer: () => ({ status: 200, headers: { 'content-length': '12345' } }),
    });
    const client = testClient();
    for (let count = 0; count < 3; count++) {
      const response = await client.send(get(server.url, { method: 'HEAD' }));
      expect(response.headers['content-length']).toBe('12345');
      expect(await buffer(response.body)).toHaveLength(0);
    }
    expect(server.connections).toBe(1);
  });

  it('with a body, against the protocol, does not disturb the next request', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const client = testClient();
    for (const method of ['HEAD', 'HEAD', 'GET', 'HEAD']) {
      const response = await client.send(get(url, { method }));
      expect((await buffer(response.body)).toString()).toBe(method === 'GET' ? 'body' : '');
    }
  });
});

describe('connections', () => {
  it('are reused', async () => {
    await using server = await startRecordingServer({ answer: () => ({ status: 200, body: 'x' }) });
    const client = testClient();
    for (let count = 0; count < 20; count++) {
      await textOf(client, server.url);
    }
    expect(server.connections).toBe(1);
  });

  it('are limited to 32 for each server', async () => {
    const all = Promise.withResolvers<void>();
    await using server = await startRecordingServer({
      answer: async () => {
        await all.promise;
        return { status: 200 };
      },
    });
    const client = testClient();
    const answers = Array.from({ length: 100 }, () => textOf(client, server.url));
    await server.journal.arrived({}, 32);
    all.resolve();
    await Promise.all(answers);
    expect(server.connections).toBe(32);
    expect(server.journal.maxConcurrent()).toBe(32);
  });

  it('are all closed with the client, also those with a pending request', async () => {
    await using server = await startRecordingServer({ answer: () => new Promise<never>(() => {}) });
    const client = createHttpClient({ trustRoots: trusting(), proxyFor: () => undefined });
    const outcome = client.send(get(server.url));
    outcome.catch(() => {});
    await server.journal.arrived({});
    await client.close();
    await expect(outcome).rejects.toThrow();
    await expect(client.send(get(server.url))).rejects.toThrow();
    expect(server.connections).toBe(1);
  });
});

describe('a response', () => {
  const withHeaders = async (headers: Record<string, string>) => {
    const server = await startRecordingServer({ answer: () => ({ status: 200, headers }) });
    onTestFinished(() => server.close());
    return testClient().send(get(server.url));
  };

  it('with a header of 64 KiB is read', async () => {
    const { headers } = await withHeaders({ 'x-large': 'x'.repeat(65_536) });
    expect(headers['x-large']).toHaveLength(65_536);
  });

  it.each([
    [
      'a header of one byte more',
      { 'x-large': 'x'.repeat(65_537) },
      'the header x-large of the response is longer than 65536 bytes',
    ],
    [
      'headers of 132 kB together',
      { 'x-a': 'x'.repeat(44_000), 'x-b': 'x'.repeat(44_000), 'x-c': 'x'.repeat(44_000) },
      'the headers of the response are too long',
    ],
    [
      'a header of two megabytes',
      { 'x-large': 'x'.repeat(2 << 20) },
      'the headers of the response are too long',
    ],
  ])('with %s is refused', async (_name, headers, message) => {
    const error = await failure(withHeaders(headers));
    expect(errorText(error)).toContain(message);
    expect(classifyFailure(error, 0).outcome.kind).toBe('permanent');
  });

  it('that does not begin in time fails', async () => {
    await using server = await startRecordingServer({ answer: () => new Promise<never>(() => {}) });
    const error = await failure(testClient().send(get(server.url, { timeout: 20 })));
    expect(classifyFailure(error, 0).outcome.kind).toBe('stall');
    expect(error.message).toContain('the server did not answer in time');
  });

  it('that stops in the middle fails in time', async () => {
    await using registry = await startRegistry();
    const blob = registry.putBlob('app', Buffer.alloc(100_000, 1));
    registry.faults.add({ path: /blobs/, fault: { kind: 'stall', after: 50_000 } });
    const response = await testClient().send(get(`${registry.url}/v2/app/blobs/${blob}`, { timeout: 20 }));
    const error = await failure(buffer(response.body));
    expect(classifyFailure(error, 0).outcome.kind).toBe('stall');
  });

  it('to an upload that does not begin in time fails', async () => {
    await using server = await startRecordingServer({ answer: () => ({ status: 200 }) });
    server.faults.add({ fault: { kind: 'stallUpload', after: 100 } });
    const content = Buffer.alloc(30_000_000);
    const body = { length: content.length, open: async () => Readable.from([content]) };
    const error = await failure(testClient().send(get(server.url, { method: 'PATCH', body, timeout: 20 })));
    expect(classifyFailure(error, 0).outcome.kind).toBe('stall');
  });

  it.each([
    ['a body that is cut off', { kind: 'truncate', after: 10 }, 'early-end|reset'],
    ['a chunked body that is cut off', { kind: 'truncate', after: 10, chunked: true }, 'early-end|reset'],
    ['a connection that breaks', { kind: 'reset', after: 10 }, 'reset'],
    ['a connection that breaks before the answer', { kind: 'reset' }, 'reset'],
  ] as const)('%s may be asked for again', async (_name, fault, kind) => {
    await using registry = await startRegistry();
    const blob = registry.putBlob('app', Buffer.alloc(1000, 1));
    registry.faults.add({ path: /blobs/, fault });
    const error = await failure(textOf(testClient(), `${registry.url}/v2/app/blobs/${blob}`));
    expect(classifyFailure(error, 0).outcome.kind).toMatch(new RegExp(`^(${kind})$`));
  });
});

describe('trust: the client', () => {
  const ownCertificate = serverKeys.belowIntermediate.cert.replace(intermediateAuthority, '');
  const withoutChain = { ...serverKeys.belowIntermediate, cert: ownCertificate };
  const answer = () => ({ status: 200, body: 'trusted' });

  it('connects to a server whose authority is known', async () => {
    await using server = await startRecordingServer({ tls: serverKeys.trusted, answer });
    expect(await textOf(testClient(), server.url)).toBe('trusted');
    expect(await textOf(testClient(), server.url.replace('127.0.0.1', 'localhost'))).toBe('trusted');
  });

  it.each([
    ['a self-signed certificate of its own', serverKeys.selfSigned, serverKeys.selfSigned.cert],
    ['its own certificate, of an unknown authority', serverKeys.trusted, serverKeys.trusted.cert],
    ['its own certificate, below an intermediate one', serverKeys.belowIntermediate, ownCertificate],
    ['its intermediate authority, of an unknown root', serverKeys.belowIntermediate, intermediateAuthority],
    ['an intermediate authority that it does not send', withoutChain, intermediateAuthority],
  ])('connects to a server if ca_certs contain only %s', async (_name, tls, caCert) => {
    await using server = await startRecordingServer({ tls, answer });
    const files = { read: () => undefined, list: () => [] };
    const trustRoots = createTrustRoots({ environment: {}, caCerts: [caCert], files });
    expect(await textOf(testClient({ trustRoots }), server.url)).toBe('trusted');
  });

  it.each([
    [
      'a certificate of an unknown authority',
      serverKeys.trusted,
      [],
      'is not signed by an authority',
      'ca_certs',
    ],
    ['a self-signed certificate', serverKeys.selfSigned, [authority], 'is not signed by', 'ca_certs'],
    [
      'an expired certificate',
      serverKeys.expired,
      [authority],
      'is not valid at this time',
      'must be renewed',
    ],
    ['the certificate of another host', serverKeys.wrongHost, [authority], 'is for another host', 'name'],
    [
      'the certificate of another host that is in ca_certs itself',
      serverKeys.wrongHost,
      [serverKeys.wrongHost.cert],
      'is for another host',
      'name',
    ],
    [
      'an expired certificate that is in ca_certs itself',
      serverKeys.expired,
      [serverKeys.expired.cert],
      'is not valid at this time',
      'must be renewed',
    ],
    [
      'a certificate of an intermediate authority that is not in ca_certs',
      serverKeys.belowIntermediate,
      [authority, serverKeys.trusted.cert],
      'is not signed by an authority',
      'ca_certs',
    ],
  ])('does not connect to a server with %s, and has a hint', async (_name, tls, roots, message, hint) => {
    await using server = await startRecordingServer({ tls, answer });
    const error = await failure(testClient({ trustRoots: trusting(...roots) }).send(get(server.url)));
    expect(error.message).toContain(message);
    expect(hintFor(error)).toContain(hint);
    expect(server.journal.requests).toHaveLength(0);
  });

  it('reads all roots only for a server that the usual ones do not verify', async () => {
    const read: string[] = [];
    const trustRoots = {
      hasOwn: false,
      usual: () => {
        read.push('usual');
        return [serverKeys.selfSigned.cert];
      },
      all: () => {
        read.push('all');
        return [serverKeys.selfSigned.cert, authority];
      },
    };
    await using known = await startRecordingServer({ tls: serverKeys.selfSigned, answer });
    await using unknown = await startRecordingServer({ tls: serverKeys.trusted, answer });
    const client = testClient({ trustRoots });
    expect(await textOf(client, known.url)).toBe('trusted');
    expect(read).toEqual(['usual']);
    expect(await textOf(client, unknown.url)).toBe('trusted');
    expect(read).toEqual(['usual', 'all']);
    expect(unknown.failedHandshakes).toBe(1);
  });

  it('retries with all roots when several requests fail together', async () => {
    await using server = await startRecordingServer({ tls: serverKeys.trusted, answer });
    const client = testClient({ trustRoots: { hasOwn: false, usual: () => [], all: () => [authority] } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => textOf(client, server.url)));
    expect(new Set(answers)).toEqual(new Set(['trusted']));
  });
});

/** A proxy of the kind that companies run: `CONNECT` for https, whole URLs for http. Tells what it was asked. */
async function startProxy(options: { user?: string; tls?: KeyPair } = {}) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const refuses = ({ headers }: IncomingMessage) =>
    options.user !== undefined &&
    headers['proxy-authorization'] !== `Basic ${Buffer.from(options.user).toString('base64')}`;
  const respond = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.method} ${request.url}`);
    if (refuses(request)) {
      response.writeHead(407).end('who are you?');
      return;
    }
    response.end(`proxied ${request.headers.host}`);
  };
  const server: Server = options.tls ? createTlsServer(options.tls, respond) : createServer(respond);
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    asked.push(`${request.method} ${request.url}`);
    if (refuses(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const port = Number(new URL(`http://${request.url}`).port);
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('a proxy', () => {
  it('tunnels https, and the certificate of the server is verified as usual', async () => {
    const proxy = await startProxy();
    await using server = await startRecordingServer({
      tls: serverKeys.trusted,
      answer: () => ({ status: 200, body: 'tunnelled' }),
    });
    const client = testClient({ proxy: `http://${proxy.host}` });
    expect(await textOf(client, server.url)).toBe('tunnelled');
    expect(await textOf(client, server.url)).toBe('tunnelled');
    expect(proxy.asked).toEqual([`CONNECT ${server.host}`]);
    expect(server.journal.requests[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  it('cannot impersonate the server', async () => {
    const proxy = await startProxy();
    await using server = await startRecordingServer({
      tls: serverKeys.wrongHost,
      answer: () => ({ status: 200 }),
    });
    const error = await failure(testClient({ proxy: `http://${proxy.host}` }).send(get(server.url)));
    expect(error.message).toContain('is for another host');
    expect(server.journal.requests).toHaveLength(0);
  });

  it('receives the whole URL of an http request', async () => {
    const proxy = await startProxy();
    const client = testClient({ proxy: `http://${proxy.host}` });
    expect(await textOf(client, 'http://registry.invalid/v2/?n=1')).toBe('proxied registry.invalid');
    expect(proxy.asked).toEqual(['GET http://registry.invalid/v2/?n=1']);
  });

  it.each(['127.0.0.1', 'localhost'])('is reached over https by its address or name: %s', async (name) => {
    const proxy = await startProxy({ tls: serverKeys.trusted });
    await using server = await startRecordingServer({
      tls: serverKeys.trusted,
      answer: () => ({ status: 200, body: 'tunnelled' }),
    });
    const client = testClient({ proxy: `https://${proxy.host.replace('127.0.0.1', name)}` });
    expect(await textOf(client, server.url)).toBe('tunnelled');
    expect(await textOf(client, 'http://registry.invalid/')).toBe('proxied registry.invalid');
    expect(proxy.asked).toEqual([`CONNECT ${server.host}`, 'GET http://registry.invalid/']);
  });

  it('is not used when its certificate is for another host than its address', async () => {
    const proxy = await startProxy({ tls: serverKeys.wrongHost });
    for (const url of ['https://127.0.0.1:1/', 'http://registry.invalid/']) {
      const error = await failure(testClient({ proxy: `https://${proxy.host}` }).send(get(url)), url);
      expect(error.message).toContain('is for another host');
    }
    expect(proxy.asked).toEqual([]);
  });

  it.each([
    ['user:pass word', 'user:pass%20word'],
    ['user:', 'user'],
  ])('receives the user and password of its URL: %j', async (user, userInfo) => {
    const proxy = await startProxy({ user });
    await using server = await startRecordingServer({
      tls: serverKeys.trusted,
      answer: () => ({ status: 200, body: 'tunnelled' }),
    });
    const client = testClient({ proxy: `http://${userInfo}@${proxy.host}` });
    expect(await textOf(client, server.url)).toBe('tunnelled');
    expect(await textOf(client, 'http://registry.invalid/')).toBe('proxied registry.invalid');
  });

  it.each(['https', 'http'])('that refuses %s is an error without its password', async (scheme) => {
    const proxy = await startProxy({ user: 'user:right' });
    const client = testClient({ proxy: `http://user:hidden@${proxy.host}` });
    const url = `${scheme}://registry.invalid/`;
    const error = await failure(client.send(get(url)), url);
    expect(errorText(error)).toContain('407');
    expect(errorText(error)).not.toContain('hidden');
    expect(hintFor(error)).toContain('proxy');
  });

  it('is not what refuses when a server behind its tunnel responds with 407', async () => {
    const proxy = await startProxy();
    await using server = await startRecordingServer({
      tls: serverKeys.trusted,
      answer: () => ({ status: 407, body: 'of the server' }),
    });
    expect(await textOf(testClient({ proxy: `http://${proxy.host}` }), server.url)).toBe('of the server');
  });

  it('that does not run is an error', async () => {
    const error = await failure(
      testClient({ proxy: 'http://user:hidden@127.0.0.1:1' }).send(get('https://r.invalid/')),
    );
    expect(errorText(error)).toContain('ECONNREFUSED');
    expect(errorText(error)).not.toContain('hidden');
  });

  it.each(['ftp://user:hidden@proxy.invalid', 'http://user:hidden%zz@proxy.invalid'])(
    'with an unusable URL (%s) is an error without its password',
    async (proxy) => {
      const error = await failure(testClient({ proxy }).send(get('https://r.invalid/')));
      expect(errorText(error)).toMatch(/proxy/i);
      expect(errorText(error)).not.toContain('hidden');
    },
  );
});

it.each(['https://registry.test/v2/', 'http://registry.test/v2/'])(
  'names a proxy that is down, without its password, for %s',
  async (url) => {
    const client = testClient({ proxy: 'http://user:s3cr3t@127.0.0.1:1' });
    const error = await client
      .send({ method: 'GET', url, headers: {}, timeout: 1_000 })
      .catch((caught: unknown) => caught);
    expect(errorText(error)).toMatch(
      new RegExp(`^GET ${url}: the proxy http://127.0.0.1:1 cannot be reached: .*ECONNREFUSED`),
    );
    expect(error).toMatchObject({ code: 'PROXY_UNREACHABLE' });
  },
);
