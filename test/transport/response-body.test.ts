// However an answer ends, it is read within a limit and told without losing what the registry said.

import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { maximumErrorBody } from '../../src/limits.ts';
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

function answer(
  status: number,
  body: Readable | string = '',
  headers: Record<string, string | string[]> = {},
): HttpResponse {
  const stream = typeof body === 'string' ? Readable.from(body === '' ? [] : [Buffer.from(body)]) : body;
  return { url: 'https://registry/v2/', status, headers, body: stream };
}

/** A body that never ends; tells how much of it was taken. */
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

describe('reading a body', () => {
  it('gives all of it up to the limit', async () => {
    expect((await readBody('GET', answer(200, 'hello'), 5)).toString()).toBe('hello');
  });

  it('stops at the limit and lets the connection go', async () => {
    const { body, taken } = endless();
    await expect(readBody('GET', answer(200, body), 10_000)).rejects.toThrow(OversizedBodyError);
    expect(taken()).toBeLessThan(200_000);
    expect(body.destroyed).toBe(true);
  });

  it('tells that it broke off', async () => {
    await expect(readBody('GET', answer(200, broken('ECONNRESET')), 10)).rejects.toThrow(
      'GET https://registry/v2/: the connection broke',
    );
  });
});

describe('discarding a body', () => {
  it('cuts a long one off', async () => {
    const { body, taken } = endless();
    await discardBody(answer(200, body));
    expect(taken()).toBeLessThan(2 * maximumErrorBody + 200_000);
    expect(body.destroyed).toBe(true);
  });

  it('does not mind that it breaks', async () => {
    await expect(discardBody(answer(200, broken('ECONNRESET')))).resolves.toBeUndefined();
  });
});

describe('an unwanted status', () => {
  it('is told as the registry tells it', async () => {
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'no' }] });
    const error = await registryError('GET', answer(403, body, { 'retry-after': '7' }));
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ status: 403, codes: ['DENIED'], retryAfter: '7' });
    expect(error.message).toBe('GET https://registry/v2/: DENIED: no');
  });

  it('of a HEAD has no body to tell', async () => {
    const error = await registryError('HEAD', answer(500));
    expect(error.message).toContain('500 Internal Server Error (HEAD responses have no body');
  });

  it.each([
    [maximumErrorBody, RegistryError],
    [maximumErrorBody + 1, OversizedBodyError],
  ])('with a body of %i bytes', async (length, kind) => {
    expect(await registryError('GET', answer(429, 'x'.repeat(length)))).toBeInstanceOf(kind);
  });

  it('whose body broke is told as what broke', async () => {
    const error = await registryError('GET', answer(404, broken('ECONNRESET')));
    expect(error).not.toBeInstanceOf(RegistryError);
    expect(error.message).toContain('the connection broke');
  });

  it('is thrown, a wanted one given back', async () => {
    await expect(expectStatus('GET', answer(500), [200])).rejects.toThrow(RegistryError);
    const good = answer(206);
    expect(await expectStatus('GET', good, [200, 206])).toBe(good);
  });
});

describe('headers', () => {
  const several = answer(200, '', { link: ['<a>', '<b>'], etag: 'x' });
  it('that occur several times are one list', () => {
    expect(headerText(several, 'link')).toBe('<a>, <b>');
    expect(headerLines(several, 'link')).toEqual(['<a>', '<b>']);
  });

  it('may be there once or not at all', () => {
    expect(headerLines(several, 'etag')).toEqual(['x']);
    expect(headerText(several, 'etag')).toBe('x');
    expect(headerLines(several, 'date')).toEqual([]);
    expect(headerText(several, 'date')).toBeUndefined();
  });
});
