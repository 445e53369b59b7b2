// The time limits of a mirror are shorter than those of a registry: for connections, proxies and each response.
import { expect, it, onTestFinished } from 'vitest';
import type { HttpClient } from '../../src/transport/http-client.ts';
import { createHttpClient } from '../../src/transport/node-http-client.ts';
import { discardBody } from '../../src/transport/response-body.ts';
import { openSession } from '../../src/transport/session.ts';
import { mirrorLimits, registryLimits, type TimeLimits } from '../../src/transport/time-limits.ts';
import { authority } from '../support/certificates.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startRegistry } from '../support/registry.ts';
import { silentServer } from '../support/silent-server.ts';
import { testClient, testRetrier, trusting } from '../support/test-session.ts';

function impatientClient(proxy?: string): HttpClient {
  const client = createHttpClient({
    trustRoots: trusting(authority),
    connectTimeout: 20,
    proxyFor: () => proxy,
  });
  onTestFinished(() => client.close());
  return client;
}

const request = (url: string) => ({ method: 'GET', url, headers: {}, timeout: 0 });

it('a TLS handshake that never begins ends by the time limit for connections', async () => {
  const port = await silentServer();
  await expect(impatientClient().send(request(`https://127.0.0.1:${port}/v2/`))).rejects.toMatchObject({
    code: 'CONNECT_TIMEOUT',
  });
});

it('a proxy that never opens the tunnel ends by the time limit for connections', async () => {
  const port = await silentServer();
  const client = impatientClient(`http://127.0.0.1:${port}`);
  await expect(client.send(request('https://registry.invalid/v2/'))).rejects.toMatchObject({
    code: 'HEADERS_TIMEOUT',
  });
});

it.each<[string, TimeLimits | undefined, TimeLimits]>([
  ['a registry', undefined, registryLimits],
  ['a mirror', mirrorLimits, mirrorLimits],
])('every request to %s has its time limit', async (_name, given, limits) => {
  await using registry = await startRegistry({ auth: { kind: 'bearer' } });
  const asked: [string, number][] = [];
  const client = testClient();
  const clock = createFakeClock();
  const session = await openSession({
    client: {
      ...client,
      send(sent) {
        const path = sent.url.replace(/^https?:\/\/[^/]*|\?.*/g, '');
        asked.push([`${sent.method} ${path}`, sent.timeout]);
        return client.send(sent);
      },
    },
    repository: { registry: registry.host, path: 'team/app' },
    insecure: false,
    credentials: async () => undefined,
    scopes: ['repository:team/app:pull'],
    retrier: testRetrier(clock, 'mirror'),
    clock,
    onEvent: () => {},
    ...(given ? { limits: given } : {}),
  });
  const response = await session.send({ method: 'GET', target: '/v2/team/app/tags/list' });
  await discardBody(response);
  expect(new Map(asked)).toEqual(
    new Map([
      ['GET /v2/', limits.handshake],
      ['GET /token', limits.handshake],
      ['GET /v2/team/app/tags/list', limits.read],
    ]),
  );
});

it('two tries at a mirror that never responds take less than half a minute', () => {
  expect(2 * (mirrorLimits.connect + mirrorLimits.read)).toBeLessThan(30_000);
});
