import { createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createGunzip, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { classifyFailure } from '../../src/transport/failure.ts';
import { OversizedBodyError, RegistryError } from '../../src/transport/registry-error.ts';
import { testClient } from '../support/test-session.ts';

const refusal = (status: number, retryAfter?: string) =>
  new RegistryError({ method: 'GET', url: 'https://reg/v2/', status, body: '', retryAfter });
const coded = (code: string, others: object = {}) => Object.assign(new Error(code), { code, ...others });
const get = (url: string) => ({ method: 'GET', url, headers: {}, timeout: 60_000 });
const kindOf = (error: unknown) => classifyFailure(error, 0).outcome.kind;

describe('classifyFailure', () => {
  it.each([
    ['ECONNRESET', coded('ECONNRESET', { syscall: 'read' }), 'reset'],
    ['EPIPE', coded('EPIPE', { syscall: 'write' }), 'reset'],
    ['HTTP/2 stream', coded('ERR_HTTP2_STREAM_ERROR'), 'reset'],
    ['premature close', coded('ERR_STREAM_PREMATURE_CLOSE'), 'early-end'],
    ['chunked body cut', coded('HPE_INVALID_EOF_STATE'), 'early-end'],
    ['no chunk where one belongs', coded('HPE_INVALID_CHUNK_SIZE'), 'corrupt'],
    ['no HTTP at all', coded('HPE_INVALID_CONSTANT'), 'permanent'],
    ['headers timeout', coded('HEADERS_TIMEOUT'), 'stall'],
    ['body timeout', coded('BODY_TIMEOUT'), 'stall'],
    ['ETIMEDOUT while reading', coded('ETIMEDOUT', { syscall: 'read' }), 'stall'],
    ['ETIMEDOUT while connecting', coded('ETIMEDOUT', { syscall: 'connect' }), 'unreachable'],
    ['connect timeout', coded('CONNECT_TIMEOUT'), 'unreachable'],
    ['a silent server behind a tunnel', coded('TUNNEL_TIMEOUT'), 'unreachable'],
    ['a server that a proxy cannot reach', coded('PROXY_GATEWAY'), 'unreachable'],
    ['a proxy that refuses', coded('PROXY_REFUSED'), 'permanent'],
    ['ECONNREFUSED', coded('ECONNREFUSED'), 'unreachable'],
    ['ENOTFOUND', coded('ENOTFOUND'), 'unreachable'],
    ['EHOSTUNREACH', coded('EHOSTUNREACH'), 'unreachable'],
    ['EPROTO', coded('EPROTO'), 'permanent'],
    ['unknown authority', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'permanent'],
    ['aborted', new DOMException('This operation was aborted', 'AbortError'), 'permanent'],
    ['anything', new Error('connection reset'), 'permanent'],
    ['no error', 'ECONNRESET', 'permanent'],
    ['nothing', undefined, 'permanent'],
  ])('classifies an error of the runtime, %s', (_name, error, kind) => {
    expect(kindOf(error)).toBe(kind);
    expect(
      kindOf(new UserError('downloading failed', { cause: new TypeError('terminated', { cause: error }) })),
    ).toBe(kind);
  });

  it('takes a reset before the end of the TLS handshake as a registry that cannot be reached', () => {
    const text = 'Client network socket disconnected before secure TLS connection was established';
    expect(kindOf(Object.assign(new Error(text), { code: 'ECONNRESET' }))).toBe('unreachable');
  });

  it('ends for causes that form a cycle', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(kindOf(error)).toBe('permanent');
  });
});

describe('classifyFailure for a refusal', () => {
  it('returns status, codes and Retry-After, however deep the refusal is in the causes', () => {
    const error = new UserError('list repository tags', { cause: refusal(503, '7') });
    expect(classifyFailure(error, 0)).toEqual({
      outcome: { kind: 'status', status: 503, temporary: true },
      retryAfter: 7_000,
    });
  });

  it('is not temporary when a repetition cannot succeed', () => {
    const body = '{"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"x"}]}';
    const error = new RegistryError({
      method: 'PUT',
      url: 'https://reg/v2/app/manifests/1',
      status: 400,
      body,
    });
    expect(classifyFailure(error, 0).outcome).toEqual({ kind: 'status', status: 400, temporary: false });
  });

  it('computes the wait of a Retry-After date from the given time', () => {
    const at = Date.UTC(2026, 0, 1);
    expect(classifyFailure(refusal(429, 'Thu, 01 Jan 2026 00:00:09 GMT'), at).retryAfter).toBe(9_000);
  });

  it.each<[string, string, number, string]>([
    ['PUT', '/v2/app/manifests/1.0', 400, 'unsettled'],
    ['PUT', '/v2/app/manifests/1.0', 404, 'unsettled'],
    ['PUT', '/v2/app/manifests/1.0', 403, 'status'],
    ['PUT', '/v2/app/blobs/uploads/1', 404, 'status'],
    ['GET', '/v2/app/manifests/1.0', 404, 'status'],
  ])('takes unknown blobs in the response to %s %s with %i as %s', (method, path, status, kind) => {
    const body = '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}';
    expect(kindOf(new RegistryError({ method, url: `https://reg${path}`, status, body }))).toBe(kind);
  });

  it('takes a refusal with too long a body as permanent', () => {
    expect(kindOf(new OversizedBodyError('GET', 'https://reg/', 65_536))).toBe('permanent');
  });
});

test.each([
  ['two refused connections', [coded('ECONNREFUSED'), coded('ECONNREFUSED')], 'unreachable'],
  ['a 403 and one that was refused', [coded('ECONNREFUSED'), refusal(403)], 403],
  ['one that broke', [coded('ECONNREFUSED'), coded('ECONNRESET')], 'reset'],
  [
    'one that broke after the TLS handshake',
    [coded('EPROTO'), new UserError('x', { cause: coded('EPIPE') })],
    'reset',
  ],
  ['a 429', [coded('ECONNRESET'), refusal(429)], 429],
  ['a 503 and one that broke', [refusal(503), coded('ECONNRESET')], 'reset'],
  ['a 503', [coded('EPROTO'), refusal(503)], 503],
  ['a 403 before a 429', [refusal(403), refusal(429)], 403],
  [
    'a certificate that is not trusted',
    [new UserError('x', { code: 'CERTIFICATE_UNTRUSTED' }), coded('ECONNRESET')],
    'permanent',
  ],
  ['none', [], 'permanent'],
])('of several failures, %s, the decisive one counts', (_name, parts, expected) => {
  const { outcome } = classifyFailure(new UserError('no answer', { cause: new AggregateError(parts) }), 0);
  expect(outcome.kind === 'status' ? outcome.status : outcome.kind).toBe(expected);
});

async function listen(onRequest: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => onRequest(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
}

async function failureOf(action: () => Promise<unknown>): Promise<unknown> {
  return await action().then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('classifyFailure for a real connection', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc';
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';

  it.each<[string, (socket: Socket) => void]>([
    ['cut before the answer', (socket) => socket.resetAndDestroy()],
    ['closed before the answer', (socket) => socket.end()],
    ['closed within the body', (socket) => socket.end(head)],
    ['closed within a chunked body', (socket) => socket.end(chunked)],
    ['cut within the body', (socket) => socket.write(head, () => socket.resetAndDestroy())],
  ])('that is %s allows a retry', async (_name, onRequest) => {
    const url = await listen(onRequest);
    const failure = await failureOf(async () => buffer((await testClient().send(get(url))).body));
    expect(['reset', 'early-end']).toContain(kindOf(failure));
  });

  it('takes a refused connection as unreachable', async () => {
    const url = await listen(() => {});
    const [port] = /\d+(?=\/$)/.exec(url) ?? [];
    const unused = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
      });
    });
    expect(String(unused)).not.toBe(port);
    expect(kindOf(await failureOf(() => testClient().send(get(`http://127.0.0.1:${unused}/`))))).toBe(
      'unreachable',
    );
  });
});

test('a gzip stream that ends in the middle is an early end', async () => {
  const gunzip = createGunzip();
  gunzip.end(gzipSync(Buffer.alloc(100_000, 1)).subarray(0, 60));
  expect(kindOf(await failureOf(async () => await gunzip.toArray()))).toBe('early-end');
});
