// A server that may lack TLS is recognised without certificates, and one that has it is asked over TLS all the same.
import { createServer, type TlsOptions } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HttpRequest } from '../../src/transport/http-client.ts';
import { networkError } from '../../src/transport/network-error.ts';
import { createHttpClient } from '../../src/transport/node-http-client.ts';
import { authority, serverKeys } from '../support/certificates.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { rawServer } from '../support/silent-server.ts';
import { testClient, trusting } from '../support/test-session.ts';

const answer = async () => ({ status: 200, body: 'over TLS' });

function get(host: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url: `https://${host}/`, headers: {}, timeout: 60_000, mayLackTls: true, ...more };
}

const failureCode = async (outcome: Promise<unknown>) =>
  networkError('GET', 'https://registry.example/', await outcome.catch((error: unknown) => error)).code;

/** A server that runs an action on each connection, and a client that must not read its roots. */
async function rawCase(accept: Parameters<typeof rawServer>[0]) {
  const { port, sockets } = await rawServer(accept);
  let read = 0;
  const usual = () => {
    read += 1;
    return [authority];
  };
  const client = testClient({ trustRoots: { ...trusting(), usual } });
  return { host: `127.0.0.1:${port}`, sockets, client, read: () => read };
}

describe('a server without TLS', () => {
  it.each([
    ['that answers as nginx, Go and Node do', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['that greets', '220 mail.example ESMTP\r\n'],
    ['that answers with zeros', '\0\0\0\0'],
  ])('%s is recognised over one connection, without certificates', async (_name, text) => {
    const { host, sockets, client, read } = await rawCase((socket) => {
      socket.once('data', () => socket.end(text));
    });
    expect(await failureCode(client.send(get(host)))).toBe('TLS_MISSING');
    expect([sockets.size, read()]).toEqual([1, 0]);
  });

  it('that waits for the end of a line is not waited for', async () => {
    const { host, client } = await rawCase((socket) => {
      socket.on('data', (bytes) => bytes.includes('\r\n') && socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    expect(await failureCode(client.send(get(host)))).toBe('TLS_MISSING');
  });

  it('that is down is no server without TLS', async () => {
    await using server = await startRecordingServer({ answer });
    await server.close();
    expect(await failureCode(testClient().send(get(server.host)))).toBe('CONNECTION_REFUSED');
  });

  it('that never answers ends with the time limit of a connection, or with its request', async () => {
    const { port } = await rawServer(() => {});
    const client = createHttpClient({
      trustRoots: trusting(),
      proxyFor: () => undefined,
      connectTimeout: 1,
    });
    onTestFinished(() => client.close());
    expect(await failureCode(client.send(get(`127.0.0.1:${port}`)))).toBe('HOST_UNREACHABLE');
    const aborted = new AbortController();
    const silent = await rawCase((socket) =>
      socket.once('data', () => aborted.abort(Object.assign(new Error('enough'), { code: 'ENOUGH' }))),
    );
    const outcome = silent.client.send(get(silent.host, { signal: aborted.signal }));
    await expect(outcome).rejects.toThrow('enough');
    expect(silent.read()).toBe(0);
  });
});

describe('a server with TLS', () => {
  it('is asked over TLS on a second connection', async () => {
    await using server = await startRecordingServer({ tls: serverKeys.trusted, answer });
    const { body, status } = await testClient().send(get(server.host));
    body.resume();
    expect([status, server.connections, server.journal.requests.length]).toEqual([200, 2, 1]);
  });

  it.each<[string, TlsOptions]>([
    ['TLS 1.3 alone', { minVersion: 'TLSv1.3' }],
    ['TLS 1.2 alone', { maxVersion: 'TLSv1.2' }],
    ['no cipher of the first message', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' }],
  ])('is recognised with %s', async (_name, options) => {
    const { key, cert } = serverKeys.trusted;
    const server = createServer({ key, cert, ...options }, (socket) => {
      socket.on('error', () => {}).end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect(await testClient().send(get(`127.0.0.1:${port}`))).toMatchObject({ status: 204 });
  });

  it.each([
    ['closes', 'end'],
    ['resets', 'resetAndDestroy'],
  ] as const)('that %s a connection without a server name is asked over TLS', async (_name, close) => {
    let asked = 0;
    const { host, client, read } = await rawCase((socket) => {
      socket.once('data', () => {
        asked += 1;
        socket[close]();
      });
    });
    expect(await failureCode(client.send(get(host)))).toBe('CONNECTION_BROKEN');
    expect(asked).toBe(2);
    expect(read()).toBe(1);
  });

  it.each<[string, Partial<Parameters<typeof createHttpClient>[0]>, Partial<HttpRequest>]>([
    ['by ca_certs', { trustRoots: { ...trusting(authority), hasOwn: true } }, {}],
    ['by a client certificate', { clientCertificate: serverKeys.trusted }, {}],
    ['by its name', {}, { mayLackTls: false }],
  ])('that is expected to have it %s gets one connection', async (_name, options, request) => {
    await using server = await startRecordingServer({ tls: serverKeys.trusted, answer });
    const client = createHttpClient({
      trustRoots: trusting(authority),
      proxyFor: () => undefined,
      ...options,
    });
    onTestFinished(() => client.close());
    const { body } = await client.send(get(server.host, request));
    body.resume();
    expect(server.connections).toBe(1);
  });
});
