// Strict servers report every unexpected request and every request that did not arrive.
import { describe, expect, it } from 'vitest';
import { plainRequest } from './plain-client.ts';
import { inTurn, startOrderedServer, startRoutedServer } from './strict-server.ts';

const ping = { method: 'GET', path: '/v2/', reply: { status: 200 } };
const head = { method: 'HEAD', path: '/v2/app/manifests/v1', reply: { status: 200, body: 'x' } };

describe('an ordered server', () => {
  it('accepts exactly its requests in order, with any query', async () => {
    await using server = await startOrderedServer([ping, head]);
    expect(() => server.assertSatisfied()).toThrow('did not arrive: GET /v2/');
    await plainRequest(`${server.url}/v2/?x=1`);
    const answer = await plainRequest(`${server.url}/v2/app/manifests/v1`, { method: 'HEAD' });
    expect(answer.headers).toMatchObject({ 'content-length': '1' });
    expect(answer.headers).not.toHaveProperty('content-type');
    server.assertSatisfied();
    expect((await plainRequest(`${server.url}/v2/`)).status).toBe(500);
    expect(() => server.assertSatisfied()).toThrow('unexpected: GET /v2/ (expected: nothing)');
  });

  it('refuses a request out of order and still accepts the expected one', async () => {
    await using server = await startOrderedServer([ping, head]);
    expect((await plainRequest(`${server.url}/v2/app/manifests/v1`, { method: 'HEAD' })).status).toBe(500);
    expect(server.violations).toEqual(['HEAD /v2/app/manifests/v1 (expected: GET /v2/)']);
    expect(server.missing).toEqual(['GET /v2/', 'HEAD /v2/app/manifests/v1']);
    expect((await plainRequest(`${server.url}/v2/`)).status).toBe(200);
  });
});

describe('a routed server', () => {
  it('responds to its routes in any order and number, and records other requests', async () => {
    await using server = await startRoutedServer([
      ping,
      {
        method: 'GET',
        path: /^\/blobs\/\d$/,
        reply: inTurn({ status: 429 }, { status: 200, body: { ok: true } }),
      },
      { method: 'PUT', path: '/echo', reply: ({ body }) => ({ status: 200, body }) },
    ]);
    const statuses: number[] = [];
    for (const path of ['/blobs/1', '/blobs/2', '/v2/', '/blobs/3', '/blobs/10']) {
      statuses.push((await plainRequest(`${server.url}${path}`)).status);
    }
    expect(statuses).toEqual([429, 200, 200, 200, 500]);
    const echo = await plainRequest(`${server.url}/echo`, { method: 'PUT', body: 'hello' });
    expect([echo.body.toString(), echo.headers['content-type']]).toEqual([
      'hello',
      'text/plain; charset=utf-8',
    ]);
    expect(() => server.assertSatisfied()).toThrow('unexpected: GET /blobs/10 (no route)');
  });
});
