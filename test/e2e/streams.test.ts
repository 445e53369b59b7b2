// Standard error at the end of a command: everything arrives at a slow reader, and none is waited for without end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { executablePath } from '../support/run.ts';

/** More warnings than a pipe and the streams around it hold. */
const warnings = 3000;

/** Starts a check whose registry refuses it; resolves when the command is about to end. */
async function startLoudCheck() {
  const server = createServer((_request, response) => response.writeHead(403).end());
  // The attempt by https comes first.
  server.on('clientError', (_error, socket) => socket.destroy());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  const repository = `127.0.0.1:${(server.address() as AddressInfo).port}/team/app`;
  const mirrors = Array.from({ length: warnings }, (_, position) => ({
    host: `mirror-${position}.test`,
    for: 'elsewhere.test',
    username: 'user',
  }));
  const child = spawn(executablePath('check'), [], { env: { TEST: 'true' } });
  child.stdin.end(JSON.stringify({ source: { repository, tag: 'a', registry_mirror: mirrors } }));
  const [{ socket }] = await once(server, 'request');
  await once(socket, 'close');
  return child;
}

it('writes everything for a reader that comes late', async () => {
  const child = await startLoudCheck();
  const ended = once(child, 'exit');
  const stderr = await text(child.stderr);
  expect(await ended).toEqual([1, null]);
  expect(stderr.match(/WARN/g)).toHaveLength(warnings);
  expect(stderr).toMatch(/ERRO.*403.*\nhint: .*\n$/);
});

it('ends after some seconds when nobody reads standard error', async () => {
  const child = await startLoudCheck();
  const start = performance.now();
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(performance.now() - start).toBeLessThan(10_000);
});
