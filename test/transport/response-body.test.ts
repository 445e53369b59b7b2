// Bodies are read within a limit, and errors keep what the registry said.

import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { maximumErrorBody, maximumUncollected } from '../../src/limits.ts';
import type { HttpResponse } from '../../src/transport/http-client.ts';
import { OversizedBodyError, RegistryError } from '../../src/transport/registry-error.ts';
import {
  discardBody,
  expectStatus,
  headerLines,
  headerText,
  readBody,
  registryError,
} from '../../src/transport/response-body.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { testClient } from '../support/test-session.ts';

function answer(
  status: number,
  body: Readable | string = '',
  headers: Record<string, string | string[]> = {},
): HttpResponse {
  const stream = typeof body === 'string' ? Readable.from(body === '' ? [] : [Buffer.from(body)]) : body;
  return { url: 'https://registry/v2/', status, headers, body: stream };
}

/** A body that never ends; reports how much of it was taken. */
function endless(): { body: Readable; taken: () => number } {
  let taken = 0;
  const body = Readable.from(
    (function* () {
      for (;;) {
        taken += 1024;
        yield Buffer.alloc(1024);
      }
    })(),
    { objectMode: false },
  );
  return { body, taken: () => taken };
}

function broken(code: string): Readable {
  return Readable.from(
    // biome-ignore lint/correctness/useYield: it fails before the first piece
    (function* (): Generator<Buffer> {
      throw Object.assign(new Error('broken'), { code });
    })(),
  );
}

describe('readBody', () => {
  it('returns a body up to the limit', async () => {
    expect((await readBody('GET', answer(200, 'hello'), 5)).toString()).toBe('hello');
  });

  it('stops after the limit and closes the connection', async () => {
    const { body, taken } = endless();
    await expect(readBody('GET', answer(200, body), 10_000)).rejects.toThrow(OversizedBodyError);
    expect(taken()).toBeLessThan(200_000);
    expect(body.destroyed).toBe(true);
  });

  it.each(['10001', '999999999999999'])('takes nothing of a body that states %s bytes', async (length) => {
    const { body, taken } = endless();
    const response = answer(200, body, { 'content-length': length });
    await expect(readBody('GET', response, 10_000)).rejects.toThrow('body exceeds 10000 byte limit');
    expect(taken()).toBe(0);
    expect(body.destroyed).toBe(true);
  });

  it.each([undefined, '0', '1', '300000', '-1', 'x', '300000, 300000'])(
    'returns every byte of many pieces with the Content-Length %s',
    async (length) => {
      const pieces = Array.from({ length: 300 }, (_, number) => Buffer.alloc(1000, number));
      const headers = length === undefined ? {} : { 'content-length': length };
      const bytes = await readBody('GET', answer(200, Readable.from(pieces), headers), 300_000);
      expect(bytes.equals(Buffer.concat(pieces))).toBe(true);
    },
  );

  it.each([
    { size: 2 * maximumUncollected, stated: true, collections: 1 },
    { size: 2 * maximumUncollected, stated: false, collections: 1 },
    { size: maximumUncollected, stated: true, collections: 0 },
  ])('collects garbage $collections times before $size bytes, stated: $stated', async (body) => {
    const gc = vi.fn<(synchronously: boolean) => void>();
    vi.stubGlobal('Bun', { gc });
    const headers = body.stated ? { 'content-length': `${body.size}` } : {};
    await readBody('GET', answer(200, Readable.from([Buffer.alloc(body.size)]), headers), 2 * body.size);
    vi.unstubAllGlobals();
    expect(gc).toHaveBeenCalledTimes(body.collections);
  });

  it('fails when the body ends early', async () => {
    await expect(readBody('GET', answer(200, broken('ECONNRESET')), 10)).rejects.toThrow(
      'GET https://registry/v2/: the connection broke',
    );
  });
});

describe('readBody of a coded body', () => {
  const text = '{"name":"app"}'.repeat(100);

  async function coded(body: Buffer, coding: string) {
    await using server = await startRecordingServer({
      answer: () => ({ status: 200, headers: { 'content-encoding': coding }, body }),
    });
    const response = await testClient().send({ method: 'GET', url: server.url, headers: {}, timeout: 1_000 });
    return (await readBody('GET', response, 10_000)).toString();
  }

  it.each([
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('decodes %s', async (coding, encode) => {
    expect(await coded(encode(text), coding)).toBe(text);
  });

  it.each(['gzip', 'identity', 'unknown', 'gzip, gzip'])(
    'returns a plain body that claims to be %s',
    async (coding) => {
      expect(await coded(Buffer.from(text), coding)).toBe(text);
    },
  );

  it('fails when the decoded body is longer than the limit', async () => {
    await expect(coded(gzipSync(Buffer.alloc(10_000_000)), 'gzip')).rejects.toThrow(
      'body exceeds 10000 byte limit',
    );
  });
});

describe('discardBody', () => {
  it('aborts a long body', async () => {
    const { body, taken } = endless();
    await discardBody(answer(200, body));
    expect(taken()).toBeLessThan(2 * maximumErrorBody + 200_000);
    expect(body.destroyed).toBe(true);
  });

  it('ignores a body that ends early', async () => {
    await expect(discardBody(answer(200, broken('ECONNRESET')))).resolves.toBeUndefined();
  });
});

describe('the error of an unexpected status', () => {
  it('has the message of the registry', async () => {
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'no' }] });
    const error = await registryError('GET', answer(403, body, { 'retry-after': '7' }));
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ status: 403, codes: ['DENIED'], retryAfter: '7' });
    expect(error.message).toBe('GET https://registry/v2/: DENIED: no');
  });

  it('has no body for a HEAD', async () => {
    const error = await registryError('HEAD', answer(500));
    expect(error.message).toBe('HEAD https://registry/v2/: unexpected status code 500 Internal Server Error');
  });

  it.each([
    [maximumErrorBody, RegistryError],
    [maximumErrorBody + 1, OversizedBodyError],
  ])('with a body of %i bytes has the right class', async (length, kind) => {
    expect(await registryError('GET', answer(429, 'x'.repeat(length)))).toBeInstanceOf(kind);
  });

  it('is the network error when its body ends early', async () => {
    const error = await registryError('GET', answer(404, broken('ECONNRESET')));
    expect(error).not.toBeInstanceOf(RegistryError);
    expect(error.message).toContain('the connection broke');
  });

  it('is thrown by expectStatus, which returns an expected response', async () => {
    await expect(expectStatus('GET', answer(500), [200])).rejects.toThrow(RegistryError);
    const good = answer(206);
    expect(await expectStatus('GET', good, [200, 206])).toBe(good);
  });
});

describe('header values', () => {
  const several = answer(200, '', { link: ['<a>', '<b>'], etag: 'x' });
  it('of a repeated header are one list', () => {
    expect(headerText(several, 'link')).toBe('<a>, <b>');
    expect(headerLines(several, 'link')).toEqual(['<a>', '<b>']);
  });

  it('of a single or missing header are returned', () => {
    expect(headerLines(several, 'etag')).toEqual(['x']);
    expect(headerText(several, 'etag')).toBe('x');
    expect(headerLines(several, 'date')).toEqual([]);
    expect(headerText(several, 'date')).toBeUndefined();
  });
});
