// The debug lines of HTTP requests.
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { loggingRequests } from '../../src/access/request-log.ts';
import { createLog } from '../../src/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { recordedLog, testClient } from '../support/test-session.ts';

const request = { method: 'GET', headers: {}, timeout: 1000 };

it('logs method, URL without secrets, and the status', async () => {
  await using server = await startRecordingServer({ answer: () => ({ status: 404 }) });
  const log = recordedLog();
  const client = loggingRequests(testClient(), log, createFakeClock());
  const response = await client.send({ ...request, url: `${server.url}/v2/a/tags/list?n=1&sig=abcdef` });
  await buffer(response.body);
  expect(log.text).toContain(`GET ${server.url}/v2/a/tags/list?n=1&sig=REDACTED: 404`);
  expect(log.text).toContain('ms');
});

it('logs a failure of the network and throws it', async () => {
  const log = recordedLog();
  const client = loggingRequests(testClient(), log, createFakeClock());
  await expect(client.send({ ...request, url: 'http://127.0.0.1:1/v2/' })).rejects.toThrow();
  expect(log.text).toMatch(/GET http:\/\/127\.0\.0\.1:1\/v2\/: .*ECONNREFUSED/);
});

it('logs a server without TLS in words, without what OpenSSL says of it', async () => {
  await using server = await startRecordingServer({ answer: () => ({ status: 200 }) });
  const log = recordedLog();
  const client = loggingRequests(testClient(), log, createFakeClock());
  await expect(client.send({ ...request, url: `https://${server.host}/v2/` })).rejects.toThrow();
  expect(log.text).toContain(`GET https://${server.host}/v2/: the server does not speak TLS `);
  expect(log.text).not.toMatch(/SSL routines/);
});

it('leaves the client as it is without debug lines', () => {
  const client = testClient();
  const log = createLog({ write: () => {}, now: () => 0, startedAt: 0 }, false);
  expect(loggingRequests(client, log, createFakeClock())).toBe(client);
});
