// A registry that stops sending does not block a command for ever. Time limits are a thousandth here.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { runCheck } from '../../src/command/check.ts';
import { runIn } from '../../src/command/in.ts';
import type { FaultRule } from '../support/fault.ts';
import { buildImage, seed } from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';
import { runCommand } from '../support/run-command.ts';

/** The time limit of every request, in milliseconds, by its port. */
const patience = vi.hoisted(() => new Map<string, number[]>());

vi.mock('../../src/transport/node-http-client.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/transport/node-http-client.ts')>();
  const createHttpClient: typeof original.createHttpClient = (options) => {
    const { timeoutDivisor = 1 } = options;
    const client = original.createHttpClient({ ...options, timeoutDivisor: timeoutDivisor * 100 });
    return {
      ...client,
      send: (request) => {
        const { port } = new URL(request.url);
        patience.set(port, [...(patience.get(port) ?? []), request.timeout / timeoutDivisor]);
        return client.send(request);
      },
    };
  };
  return { ...original, createHttpClient };
});

const never = new Promise(() => {});

describe.concurrent('a registry that stops sending', (it) => {
  it.each<[string, object, FaultRule]>([
    ['instead of answering the ping', { tag: 'a' }, { path: '/v2/', fault: { kind: 'hold', until: never } }],
    ['instead of issuing a token', { tag: 'a' }, { path: '/token', fault: { kind: 'hold', until: never } }],
    ['instead of answering a HEAD', { tag: 'a' }, { method: 'HEAD', fault: { kind: 'hold', until: never } }],
    ['within its list of tags', {}, { path: /tags/, fault: { kind: 'stall', after: 5 } }],
  ])('%s ends the check', async (_where, source, rule) => {
    await using registry = await startRegistry({ auth: { kind: 'bearer' }, faults: [rule] });
    registry.putManifest('app', 'a', 'text/plain', '{}');
    const { answer, stderr } = await runCommand(runCheck, {
      request: { source: { repository: `${registry.host}/app`, ...source } },
    });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('the server did not answer in time');
    const each = patience.get(String(registry.port)) ?? [];
    expect(each.length).toBeLessThan(20);
    expect(Math.max(...each)).toBeLessThanOrEqual(60_000);
  });

  it.each<[string, 'real' | 'shrunk', boolean, number]>([
    ['a minute', 'real', false, 60_000],
    ['seconds with TEST=true', 'shrunk', false, 5_000],
    ['seconds if it is a mirror', 'real', true, 10_000],
    ['as many if it is a mirror with TEST=true', 'shrunk', true, 10_000],
  ])('once is asked again after %s', async (_patience, waits, isMirror, longest) => {
    await using registry = await startRegistry({
      faults: [{ method: 'HEAD', times: 1, fault: { kind: 'hold', until: never } }],
    });
    registry.putManifest('app', 'a', 'text/plain', '{}');
    const origin = isMirror ? '127.0.0.1:1' : registry.host;
    const { answer } = await runCommand(runCheck, {
      request: {
        source: {
          repository: `${origin}/app`,
          tag: 'a',
          ...(isMirror ? { registry_mirror: { host: registry.host, for: origin } } : {}),
        },
      },
      waits,
    });
    expect(JSON.parse(answer ?? '')).toHaveLength(1);
    expect(Math.max(...(patience.get(String(registry.port)) ?? []))).toBe(longest);
  });

  it('is not waited for when it is a mirror that sends a manifest byte by byte', async ({
    onTestFinished,
  }) => {
    await using mirror = await startRegistry();
    await using origin = await startRegistry();
    const image = await buildImage();
    seed(mirror, 'app', 'a', image);
    seed(origin, 'app', 'a', image);
    mirror.faults.add({
      method: 'GET',
      path: /manifests/,
      fault: { kind: 'drip', chunk: 1, pace: () => wait(5) },
    });
    const directory = await mkdtemp(join(tmpdir(), 'silence-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const { answer, stderr } = await runCommand(runIn, {
      request: {
        source: {
          repository: `${origin.host}/app`,
          registry_mirror: { host: mirror.host, for: origin.host },
        },
        version: { tag: 'a', digest: image.digest },
      },
      directory,
    });
    expect(answer, stderr).toBeDefined();
    expect(stderr).toMatch(/WARN.*download from mirror .* failed: .*did not answer in time/);
  });
});
