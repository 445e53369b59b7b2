// A step that is aborted: the executables end soon, with the status of the signal, and leave no files.
import { execFileSync, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { chmodSync, createReadStream, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { maximumHeader } from '../../src/limits.ts';
import { buildLogLines } from '../support/build-log.ts';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { jsonReply } from '../support/reply.ts';
import { type ExecutableName, executablePath, runExecutable } from '../support/run.ts';
import { rawServer } from '../support/silent-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/image';
const buildLarge = () =>
  buildImage({ layers: [[file('first')], [file('large', Buffer.alloc(8_000_000, 'ab'))]] });

interface Step {
  readonly executable: ExecutableName;
  readonly request: object;
  readonly directory: string;
  readonly signal?: 'SIGINT' | 'SIGTERM';
  readonly environment?: Readonly<Record<string, string>>;
  /** Resolves when the executable shall be interrupted. */
  readonly moment: (stderr: Readable) => Promise<unknown>;
}

/** Starts an executable and interrupts it; returns its end, its output, and what is left in its TMPDIR. */
async function interrupt({ executable, request, directory, signal = 'SIGTERM', environment, moment }: Step) {
  const temporary = await temporaryDirectory();
  const child = spawn(executablePath(executable), [directory], {
    env: { TEST: 'true', BUILD_ID: '1', TMPDIR: temporary, ...environment },
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  child.stdin.end(JSON.stringify(request));
  const ended = once(child, 'exit');
  await moment(child.stderr);
  const start = performance.now();
  child.kill(signal);
  const [code] = await ended;
  const seconds = (performance.now() - start) / 1000;
  const [stdout, stderr] = await output;
  return { code, stdout, stderr, seconds, temporary: readdirSync(temporary) };
}

function expectInterrupted(result: Awaited<ReturnType<typeof interrupt>>, signal: 'SIGINT' | 'SIGTERM') {
  const { stderr, seconds, ...rest } = result;
  expect(rest).toEqual({ code: 128 + constants.signals[signal], stdout: '', temporary: [] });
  expect(buildLogLines(stderr)).toContain('interrupted');
  expect(stderr).not.toMatch(/ERRO|WARN|bug/);
  expect(seconds).toBeLessThan(3);
}

const sourceOf = (registry: TestRegistry) => ({ repository: `${registry.host}/${name}`, tag: 'latest' });

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  it.each(['rootfs', 'oci', 'oci-layout'])(
    'ends a get of format %s within a layer, leaves its directory empty, and the next get works',
    async (format) => {
      const image = await buildLarge();
      const path = `/v2/${name}/blobs/${image.layers[1]?.digest}`;
      await using registry = await startRegistry({
        faults: [{ path, times: 1, fault: { kind: 'stall', after: 1000 } }],
      });
      seed(registry, name, 'latest', image);
      const directory = await temporaryDirectory();
      const request = {
        source: sourceOf(registry),
        params: { format },
        version: { tag: 'latest', digest: image.digest },
      };
      const moment = () => registry.journal.arrived({ path });
      expectInterrupted(await interrupt({ executable: 'in', request, directory, signal, moment }), signal);
      expect(readdirSync(directory)).toEqual([]);
      expect(await runExecutable('in', { request, directory })).toMatchObject({ status: 0 });
    },
  );

  it.each(['tarball', 'layout'])('ends a put within the upload of a %s, and tags nothing', async (kind) => {
    const image = await buildLarge();
    const upload = { method: 'PATCH' };
    await using registry = await startRegistry({
      faults: [{ ...upload, fault: { kind: 'stallUpload', after: 1 } }],
    });
    const directory = await temporaryDirectory();
    const artifact = join(directory, 'image');
    if (kind === 'tarball') {
      writeFileSync(artifact, await dockerArchive(image));
    } else {
      mkdirSync(artifact);
      await writeOciLayout(artifact, image, { singleImageDigest: true });
    }
    const request = { source: sourceOf(registry), params: { image: 'image' } };
    const moment = () => registry.journal.arrived(upload);
    expectInterrupted(await interrupt({ executable: 'out', request, directory, signal, moment }), signal);
    expect(registry.tags(name)).toEqual([]);
    expect(readdirSync(directory)).toEqual(['image']);
    expect(registry.openUploads).toBe(0);
  });

  it('ends a put in time when the registry does not cancel its uploads', async () => {
    const image = await buildLarge();
    await using registry = await startRegistry({
      faults: [
        { method: 'PATCH', fault: { kind: 'stallUpload', after: 1 } },
        { method: 'DELETE', fault: { kind: 'hold', until: new Promise(() => {}) } },
      ],
    });
    const directory = await temporaryDirectory();
    writeFileSync(join(directory, 'image'), await dockerArchive(image));
    const request = { source: sourceOf(registry), params: { image: 'image' } };
    const moment = () => registry.journal.arrived({ method: 'PATCH' });
    expectInterrupted(await interrupt({ executable: 'out', request, directory, signal, moment }), signal);
    expect(registry.openUploads).toBeGreaterThan(0);
  });

  it('ends a put while it compresses a layer', async () => {
    const content = Buffer.alloc(60_000_000);
    for (let offset = 0; offset < content.length; offset += 4) {
      content.writeUInt32LE((offset * 2_654_435_761) % 2 ** 32, offset);
    }
    const image = await buildImage({ layers: [[file('large', content)]] });
    await using registry = await startRegistry();
    const directory = await temporaryDirectory();
    writeFileSync(join(directory, 'image.tar'), await dockerArchive(image, { layout: 'classic' }));
    const request = { source: sourceOf(registry), params: { image: 'image.tar' } };
    const moment = async (stderr: Readable) => {
      let seen = '';
      for await (const [chunk] of on(stderr, 'data')) {
        seen += chunk;
        if (/compress 1\/1.*[1-9]\S*iB\//.test(seen)) {
          return;
        }
      }
    };
    expectInterrupted(await interrupt({ executable: 'out', request, directory, signal, moment }), signal);
    expect(registry.tags(name)).toEqual([]);
  });

  it('ends a check together with its credential helper and what that has started', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', user: 'user', password: 'secret' } });
    const directory = await temporaryDirectory();
    const pipe = join(directory, 'pipe');
    const program = join(directory, 'docker-credential-slow');
    // The helper and its child keep the pipe open for as long as they live.
    writeFileSync(
      program,
      `#!/bin/sh\ntrap '' INT TERM\nexec 3> ${pipe}\necho ready >&3\nsleep 100 &\nwait\n`,
    );
    chmodSync(program, 0o755);
    execFileSync('mkfifo', [pipe]);
    const reader = createReadStream(pipe, 'utf8');
    const allEnded = once(reader, 'end');
    const request = { source: { ...sourceOf(registry), docker_config: { credsStore: 'slow' } } };
    const result = await interrupt({
      executable: 'check',
      request,
      directory,
      signal,
      environment: { PATH: `${directory}:/usr/bin:/bin` },
      moment: () => once(reader, 'data'),
    });
    expectInterrupted(result, signal);
    await allEnded;
  });

  it('ends a check that waits for an answer', async () => {
    await using registry = await startRegistry({
      faults: [{ path: '/v2/', fault: { kind: 'hold', until: new Promise(() => {}) } }],
    });
    const request = { source: sourceOf(registry) };
    const moment = () => registry.journal.arrived({ path: '/v2/' });
    const directory = await temporaryDirectory();
    expectInterrupted(await interrupt({ executable: 'check', request, directory, signal, moment }), signal);
  });

  it.each(['server', 'proxy'])('ends a check at once that waits for a connection of a %s', async (peer) => {
    const connected = Promise.withResolvers<void>();
    // It would have a TLS handshake or a tunnel begin, and says nothing.
    const { port } = await rawServer((socket) => socket.once('data', () => connected.resolve()));
    const silent = `127.0.0.1:${port}`;
    const result = await interrupt({
      executable: 'check',
      request: { source: { repository: `${peer === 'proxy' ? 'registry.invalid' : silent}/team/app` } },
      directory: await temporaryDirectory(),
      signal,
      environment: peer === 'proxy' ? { HTTPS_PROXY: `http://${silent}` } : {},
      moment: () => connected.promise,
    });
    expectInterrupted(result, signal);
  });

  it.each<[string, (next: string) => string]>([
    ['many query pairs', (next) => `${next}?${fill('a=b', '&')}`],
    ['many steps up', (next) => `/${fill('a/..', '/')}${next}`],
  ])(
    'ends a check in time that follows Locations with %s, as long as headers may be',
    async (_name, locationOf) => {
      let hop = 0;
      await interruptedCheck(signal, /\/hop\/5$/, {
        faults: [{ path: /\/hop\/9$/, fault: { kind: 'hold', until: new Promise(() => {}) } }],
        answer: () => {
          hop += 1;
          return { status: 302, headers: { location: locationOf(`/hop/${hop}`) } };
        },
      });
    },
  );

  it.each<[string, (bearer: string) => string]>([
    ['many parameters', (bearer) => `${bearer},${fill('a="b"', ',')}`],
    ['many schemes', (bearer) => `${fill('a', ', ')}, ${bearer}`],
    ['many escapes', (bearer) => `${bearer},a="${fill('\\"', '')}"`],
  ])(
    'ends a check in time that reads challenges with %s, as long as headers may be',
    async (_name, challengeOf) => {
      const requests = await interruptedCheck(signal, tagList, {
        // The second token, which the challenge to the list of tags asks for, never comes.
        faults: [
          { path: '/token', times: 1, fault: { kind: 'pass' } },
          { path: '/token', fault: { kind: 'hold', until: new Promise(() => {}) } },
        ],
        answer: ({ path, headers }) =>
          path === '/token'
            ? jsonReply(200, { token: 'token' })
            : {
                status: 401,
                headers: {
                  'www-authenticate': challengeOf(`Bearer realm="http://${headers.host}/token",service="s"`),
                },
              },
      });
      expect([...requests].slice(0, 3)).toEqual(['/v2/', '/token', tagList]);
    },
  );
});

const tagList = `/v2/${name}/tags/list`;

/** Interrupts a check as soon as it sends a request, and returns the paths that it has requested. */
async function interruptedCheck(
  signal: 'SIGINT' | 'SIGTERM',
  path: string | RegExp,
  options: Parameters<typeof startRecordingServer>[0],
): Promise<Set<string>> {
  await using server = await startRecordingServer(options);
  const request = { source: { repository: `${server.host}/${name}` } };
  const moment = () => server.journal.arrived({ path });
  const directory = await temporaryDirectory();
  const start = performance.now();
  expectInterrupted(await interrupt({ executable: 'check', request, directory, signal, moment }), signal);
  expect(performance.now() - start).toBeLessThan(10_000);
  return new Set(server.journal.requests.map((received) => received.path));
}

/** A header of almost the largest length that is read, made of one part many times. */
function fill(part: string, separator: string): string {
  const count = Math.floor((maximumHeader - 100) / (part.length + separator.length));
  return Array.from({ length: count }, () => part).join(separator);
}
