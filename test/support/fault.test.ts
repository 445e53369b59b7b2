// Each fault of the script happens to a real client.
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBlobHost } from './blob-host.ts';
import { serverKeys } from './certificates.ts';
import type { Fault } from './fault.ts';
import { plainRequest } from './plain-client.ts';
import { startRegistry, type TestRegistry } from './registry.ts';

const content = Buffer.alloc(1000, 'content ');
let registry: TestRegistry;
let path: string;

beforeEach(async () => {
  registry = await startRegistry();
  path = `/v2/app/blobs/${registry.putBlob('app', content)}`;
});

afterEach(async () => {
  await registry.close();
});

function get(fault?: Fault) {
  registry.faults.clear();
  if (fault) {
    registry.faults.add({ path, fault });
  }
  return plainRequest(`${registry.url}${path}`);
}

describe('the rules of a fault script', () => {
  it('applies rules in order, to the requests that they match, as often as they say', async () => {
    registry.faults.add(
      { path: /\/blobs\//, times: 1, fault: { kind: 'pass' } },
      { method: 'GET', path: /\/blobs\//, times: 2, fault: { kind: 'status', status: 503 } },
    );
    const statuses: number[] = [];
    for (const method of ['GET', 'HEAD', 'GET', 'GET', 'GET']) {
      statuses.push((await plainRequest(`${registry.url}${path}`, { method })).status);
    }
    expect(statuses).toEqual([200, 200, 503, 503, 200]);
    expect((await plainRequest(`${registry.url}/v2/`)).status).toBe(200);
    expect(registry.faults.exhausted).toBe(true);
  });

  it('lets a function choose the fault, and tries the next rule if there is none', async () => {
    registry.faults.add(
      { path, fault: ({ method }) => (method === 'GET' ? { kind: 'status', status: 500 } : undefined) },
      { path, fault: { kind: 'status', status: 503 } },
    );
    const url = `${registry.url}${path}`;
    expect((await plainRequest(url)).status).toBe(500);
    expect((await plainRequest(url, { method: 'HEAD' })).status).toBe(503);
  });

  it('keeps a rule that distorts the response until there is one below 400', async () => {
    registry.faults.add({ path: /\/blobs\//, times: 1, fault: { kind: 'flip' } });
    expect((await plainRequest(`${registry.url}${path.slice(0, -1)}_`)).status).toBe(404);
    const missing = await plainRequest(`${registry.url}/v2/other/blobs/${path.split('/').at(-1)}`);
    expect(missing.status).toBe(404);
    expect((await plainRequest(`${registry.url}${path}`)).body).not.toEqual(content);
    expect((await plainRequest(`${registry.url}${path}`)).body).toEqual(content);
  });
});

describe('a fault that replaces the response', () => {
  it('responds with a status and a registry’s error document, or with the body of the rule', async () => {
    const plain = await get({ kind: 'status', status: 429, headers: { 'retry-after': '7' } });
    expect([plain.status, plain.headers['retry-after']]).toEqual([429, '7']);
    expect(JSON.parse(plain.body.toString()).errors[0].code).toBe('TOOMANYREQUESTS');
    const own = await get({ kind: 'status', status: 500, body: 'oops' });
    expect([own.status, own.body.toString()]).toEqual([500, 'oops']);
  });

  it('redirects to a blob host, which refuses requests with credentials', async () => {
    await using host = await startBlobHost();
    const location = host.put(content);
    const answer = await get({ kind: 'redirect', to: location, status: 302 });
    expect([answer.status, answer.headers.location]).toEqual([302, location]);
    expect((await plainRequest(location)).body).toEqual(content);
    const withCredentials = await plainRequest(location, { headers: { authorization: 'Bearer x' } });
    expect(withCredentials.status).toBe(400);
    expect(host.journal.requests.map(({ authorized }) => authorized)).toEqual([false, true]);
  });

  it('holds a request and then applies the next fault', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    registry.faults.add({ fault: { kind: 'hold', until: promise, next: { kind: 'status', status: 503 } } });
    const answer = plainRequest(`${registry.url}${path}`);
    await registry.journal.arrived({ path });
    expect(registry.requests[0]?.status).toBeUndefined();
    resolve();
    expect((await answer).status).toBe(503);
  });

  it('responds with a status before the body of the request was read', async () => {
    registry.faults.add({ method: 'POST', fault: { kind: 'status', status: 503, early: true } });
    const answer = await plainRequest(`${registry.url}/v2/app/blobs/uploads/`, { method: 'POST', body: 'x' });
    expect([answer.status, registry.requests[0]?.bodySize]).toEqual([503, 0]);
  });

  it('resets the connection in the middle of an upload', async () => {
    registry.faults.add({ method: 'POST', fault: { kind: 'resetUpload', after: 100_000 } });
    const body = Buffer.alloc(20_000_000);
    const answer = await plainRequest(`${registry.url}/v2/app/blobs/uploads/`, { method: 'POST', body });
    expect(answer.error).toMatch(/ECONNRESET|EPIPE/);
    expect(registry.requests[0]?.bodySize).toBeGreaterThanOrEqual(100_000);
    expect(registry.requests[0]?.bodySize).toBeLessThan(body.length);
  });

  it('stops reading an upload until the client disconnects', async () => {
    registry.faults.add({ method: 'POST', fault: { kind: 'stallUpload', after: 10 } });
    const abort = new AbortController();
    const url = `${registry.url}/v2/app/blobs/uploads/`;
    const answer = plainRequest(url, { method: 'POST', body: Buffer.alloc(100), signal: abort.signal });
    await registry.journal.arrived({ method: 'POST' });
    abort.abort();
    expect((await answer).error).toBe('ABORT_ERR');
  });
});

describe('a fault that distorts the response', () => {
  it.each<[string, Fault, { length: number; error?: string }]>([
    ['truncates the body', { kind: 'truncate', after: 300 }, { length: 300, error: 'ECONNRESET' }],
    [
      'truncates the body before the first byte',
      { kind: 'truncate', after: 0 },
      { length: 0, error: 'ECONNRESET' },
    ],
    [
      'truncates a chunked body',
      { kind: 'truncate', after: 300, chunked: true },
      { length: 300, error: 'ECONNRESET' },
    ],
    ['sends the body without a length', { kind: 'chunked' }, { length: 1000 }],
    ['sends the body in small pieces', { kind: 'drip', chunk: 64 }, { length: 1000 }],
    ['promises too many bytes', { kind: 'contentLength', by: 5 }, { length: 1000, error: 'ECONNRESET' }],
    ['sends more bytes than the content', { kind: 'oversize', extra: 200_000 }, { length: 201_000 }],
    [
      'sends more bytes than the content in a chunked body',
      { kind: 'oversize', extra: 500, chunked: true },
      { length: 1500 },
    ],
  ])('%s', async (_name, fault, expected) => {
    const answer = await get(fault);
    expect({ status: answer.status, length: answer.body.length, error: answer.error }).toEqual({
      status: 200,
      error: undefined,
      ...expected,
    });
    const promised = 'chunked' in fault || fault.kind === 'chunked' ? undefined : expect.any(String);
    expect(answer.headers['content-length']).toEqual(promised);
  });

  it('promises too few bytes', async () => {
    registry.faults.add({ path, fault: { kind: 'contentLength', by: -5 } });
    const socket = connect(registry.port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${registry.host}\r\n\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
    expect(head.toLowerCase()).toContain('content-length: 995\r\n');
    expect(body).toHaveLength(1000);
  });

  it.each(['http', 'https'])(
    'resets the connection over %s before and after the first bytes',
    async (scheme) => {
      await using server = await startRegistry(scheme === 'https' ? { tls: serverKeys.selfSigned } : {});
      server.putBlob('app', content);
      const ca = serverKeys.selfSigned.cert;
      server.faults.add({ times: 1, fault: { kind: 'reset' } }, { fault: { kind: 'reset', after: 500 } });
      const before = await plainRequest(`${server.url}${path}`, { ca });
      expect([before.status, before.error]).toEqual([0, 'ECONNRESET']);
      const after = await plainRequest(`${server.url}${path}`, { ca });
      expect(after.error).toBe('ECONNRESET');
      expect(after.body.length).toBeLessThanOrEqual(500);
    },
  );

  it('flips one bit, by default in the middle', async () => {
    const wrong = (body: Buffer) => [...body.keys()].filter((index) => body[index] !== content[index]);
    expect(wrong((await get({ kind: 'flip' })).body)).toEqual([500]);
    expect(wrong((await get({ kind: 'flip', at: 3 })).body)).toEqual([3]);
    expect((await get()).body).toEqual(content);
  });

  it('sets and removes headers', async () => {
    const headers = { 'Docker-Content-Digest': undefined, 'X-Test': 'set' };
    const answer = await get({ kind: 'headers', headers });
    expect(answer.headers).toMatchObject({ 'x-test': 'set', 'content-length': '1000' });
    expect(answer.headers).not.toHaveProperty('docker-content-digest');
  });

  it('stalls the body until a promise resolves', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    registry.faults.add({ path, fault: { kind: 'stall', after: 10, until: promise } });
    let received = 0;
    const answer = await plainRequest(`${registry.url}${path}`, {
      onData: (chunk) => {
        received += chunk.length;
        if (received === 10) {
          resolve();
        }
      },
    });
    expect([answer.body.length, answer.error]).toEqual([1000, undefined]);
  });

  it('stalls the body until the client disconnects', async () => {
    registry.faults.add({ path, fault: { kind: 'stall', after: 10 } });
    const abort = new AbortController();
    const answer = await plainRequest(`${registry.url}${path}`, {
      signal: abort.signal,
      onData: () => abort.abort(),
    });
    expect([answer.body.length, answer.error]).toEqual([10, 'ABORT_ERR']);
  });

  it('links every page of a tag list to a next page', async () => {
    registry.faults.add({ path: '/v2/app/tags/list', fault: { kind: 'endlessPages' } });
    const links = new Set<string>();
    for (let next = '/v2/app/tags/list'; links.size < 5; ) {
      const { headers } = await plainRequest(`${registry.url}${next}`);
      next = /^<(.*)>/.exec(String(headers.link))?.[1] ?? '';
      expect(links).not.toContain(next);
      links.add(next);
    }
  });
});

describe('the journal of a test server', () => {
  it('counts how many requests were open at once', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    registry.faults.add({ path, fault: { kind: 'hold', until: promise } });
    const answers = [1, 2, 3].map(() => plainRequest(`${registry.url}${path}`));
    await registry.journal.arrived({ path }, 3);
    resolve();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    await plainRequest(`${registry.url}/v2/`);
    expect(registry.journal.maxConcurrent()).toBe(3);
    expect(registry.journal.maxConcurrent({ path: '/v2/' })).toBe(1);
    expect(registry.journal.lines.at(-1)).toBe('GET /v2/');
  });

  it('close ends the open requests of a test server', async () => {
    registry.faults.add({ path, fault: { kind: 'hold', until: new Promise(() => {}) } });
    const answer = plainRequest(`${registry.url}${path}`);
    await registry.journal.arrived({ path });
    await registry.close();
    expect((await answer).error).toBe('ECONNRESET');
  });
});
