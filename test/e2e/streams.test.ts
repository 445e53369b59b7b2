// Standard error: everything arrives, nothing in it controls the terminal, and colours can be switched off.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, seed } from '../support/images.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startRegistry } from '../support/registry.ts';
import { executablePath, runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

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
  const warned = new Set([...stderr.matchAll(/"mirror-(\d+)\.test"/g)].map(([, position]) => position));
  expect(warned.size).toBe(warnings);
  expect(stderr).toMatch(/ERRO.*403.*\nhint: .*\n$/);
});

it('ends after some seconds when standard error is not read', async () => {
  const child = await startLoudCheck();
  const start = performance.now();
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(performance.now() - start).toBeLessThan(10_000);
});

describe('what others wrote', () => {
  const hostile = 'a\x1b[2J\r\n\x1b[31mERRO\x1b[0m[0000] forged\u009b2J\u202eb';

  it.each([
    ['message', JSON.stringify({ errors: [{ code: 'DENIED', message: hostile }] })],
    ['code', JSON.stringify({ errors: [{ code: hostile, message: 'no' }] })],
    ['detail', JSON.stringify({ errors: [{ code: 'DENIED', message: 'no', detail: { reason: hostile } }] })],
    ['body that is no JSON', hostile],
  ])('cannot control the terminal or forge a line: the %s of an error', async (_where, body) => {
    await using server = await startRecordingServer({ answer: () => ({ status: 400, body }) });
    const { status, stderr } = await runExecutable('check', {
      request: { source: { repository: `${server.host}/team/app`, tag_regex: 'a', debug: true } },
    });
    expect(status).toBe(1);
    expect(stderr.replaceAll(/\x1b\[\d+m/g, '')).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/);
    expect(stderr.match(/^\x1b\[31mERRO/gm)).toHaveLength(1);
  });

  it('is bounded, also for a key of the request', async () => {
    const { status, stderr } = await runExecutable('out', {
      request: {
        source: { repository: '127.0.0.1:1/team/app', tag: 'a' },
        params: { image: `${'a'.repeat(2_000_000)}/*` },
      },
      directory: await temporaryDirectory(),
    });
    expect(status).toBe(1);
    expect(stderr.length).toBeLessThan(50_000);
    expect(stderr).toContain('characters left out');
  });
});

it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has no colours with %j', async (environment) => {
  const { stderr } = await runExecutable('check', {
    request: { source: { repository: '' } },
    environment: { TEST: 'true', ...environment },
  });
  expect(stderr).toMatch(/^ERRO\[0000\] /);
  expect(stderr).not.toContain('\x1b');
});

it.each(['check', 'out'] as const)('logs the requests of %s with debug', async (name) => {
  await using registry = await startRegistry();
  const image = await buildImage();
  seed(registry, 'team/app', 'a', image);
  const directory = await temporaryDirectory();
  await writeOciLayout(directory, image, { singleImageDigest: true });
  const { status, stderr } = await runExecutable(name, {
    request: {
      source: { repository: `${registry.host}/team/app`, tag: 'a', debug: true },
      ...(name === 'out' ? { params: { image: '.' } } : {}),
    },
    directory,
  });
  expect(status).toBe(0);
  expect(stderr).toMatch(/DEBU.*GET http:.*\/v2\/: 200/);
  expect(stderr).toMatch(/DEBU.*HEAD http:.*\/v2\/team\/app\/manifests\/a: 200/);
});
