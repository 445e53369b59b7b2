// Downloads of blobs: verified, resumed after broken connections, and given up when nothing more arrives.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { openBlob } from '../../src/registry/blob-download.ts';
import { registryLimits } from '../../src/transport/time-limits.ts';
import { startBlobHost } from '../support/blob-host.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import type { Fault } from '../support/fault.ts';
import { type RegistryOptions, startRegistry } from '../support/registry.ts';
import { openTestSession } from '../support/test-session.ts';

const content = Buffer.alloc(300_000);
for (let at = 0; at < content.length; at += 4) {
  content.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
}
const descriptor: Descriptor = { mediaType: 'x', size: content.length, digest: digestOf(content) };
const path = `/v2/app/blobs/${descriptor.digest}`;

async function registryOf(
  faults: readonly (Fault & { times?: number })[] = [],
  options: RegistryOptions = {},
) {
  const registry = await startRegistry(options);
  onTestFinished(() => registry.close());
  registry.putBlob('app', content);
  registry.faults.add(...faults.map((fault) => ({ path, times: fault.times ?? 1, fault })));
  const clock = createFakeClock();
  const session = await openTestSession(`${registry.host}/app`, { policy: 'in', clock });
  // Without that of the ping.
  const waits = () => clock.waits.slice(1);
  const ranges = () => registry.journal.select({ path }).map(({ headers }) => headers.range);
  return { registry, session, clock, waits, ranges };
}

describe('openBlob', () => {
  it('downloads a blob with one request', async () => {
    const { session, ranges } = await registryOf();
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined]);
  });

  it('sends no request for a blob that is embedded in its descriptor', async () => {
    const { session, ranges } = await registryOf();
    const data = Buffer.from('embedded');
    const embedded = { mediaType: 'x', size: data.length, digest: digestOf(data), data };
    expect((await buffer(await openBlob(session, embedded))).toString()).toBe('embedded');
    expect(ranges()).toEqual([]);
  });

  it('downloads a blob whose response has no length', async () => {
    const { session } = await registryOf([{ kind: 'chunked' }]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
  });

  it('downloads an empty blob', async () => {
    const { registry, session } = await registryOf();
    const empty = { mediaType: 'x', size: 0, digest: registry.putBlob('app', '') };
    expect(await buffer(await openBlob(session, empty))).toHaveLength(0);
  });

  it('downloads a blob that arrives byte by byte', async () => {
    const { registry, session } = await registryOf();
    const small = { mediaType: 'x', size: 6, digest: registry.putBlob('app', 'pieces') };
    registry.faults.add({ path: /blobs/, fault: { kind: 'drip', chunk: 1 } });
    expect((await buffer(await openBlob(session, small))).toString()).toBe('pieces');
  });

  it('resumes a redirected blob at the registry, because the URL of the redirect may have expired', async () => {
    await using blobs = await startBlobHost();
    const here = await registryOf();
    const to = blobs.put(content);
    here.registry.faults.add({ path, fault: { kind: 'redirect', to } });
    blobs.faults.add({ times: 1, fault: { kind: 'reset', after: 100_000 } });
    expect((await buffer(await openBlob(here.session, descriptor))).equals(content)).toBe(true);
    expect(here.ranges()).toHaveLength(2);
    expect(blobs.journal.requests[1]?.headers.range).toBe(here.ranges()[1]);
    expect(blobs.journal.requests.map(({ authorized }) => authorized)).toEqual([false, false]);
  });
});

describe('after a broken connection, openBlob', () => {
  it.each<[string, Fault]>([
    ['is reset', { kind: 'reset', after: 100_000 }],
    ['ends early', { kind: 'truncate', after: 100_000 }],
    ['ends early without a length', { kind: 'truncate', after: 100_000, chunked: true }],
  ])('resumes a blob at the byte reached when the response %s', async (_name, fault) => {
    const { session, ranges, waits } = await registryOf([fault]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    const [first, second, ...others] = ranges();
    expect([first, others]).toEqual([undefined, []]);
    const [, start] = /^bytes=(\d+)-$/.exec(second ?? '') ?? [];
    // A reset may lose bytes that were sent.
    expect(Number(start ?? 0)).toBeLessThanOrEqual(100_000);
    if (fault.kind === 'truncate') {
      expect(Number(start)).toBe(100_000);
    }
    expect(waits()).toHaveLength(1);
  });

  it('resumes a blob as often as more bytes arrive', async () => {
    const faults = Array.from({ length: 9 }, (): Fault => ({ kind: 'truncate', after: 30_000 }));
    const { session, ranges, waits } = await registryOf(faults);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([
      undefined,
      ...Array.from({ length: 9 }, (_, n) => `bytes=${(n + 1) * 30_000}-`),
    ]);
    expect(new Set(waits()).size).toBe(1);
  });

  it('gives up after an hour in which no byte arrives', async () => {
    const { session, registry, clock } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
    registry.faults.add({ path, fault: { kind: 'truncate', after: 0 } });
    const start = clock.now();
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow('the connection broke');
    expect(clock.now() - start).toBeGreaterThan(50 * 60_000);
    expect(clock.now() - start).toBeLessThanOrEqual(61 * 60_000);
  });

  it('skips known bytes when the server ignores ranges', async () => {
    const faults: Fault[] = [
      { kind: 'truncate', after: 100_000 },
      { kind: 'truncate', after: 200_000 },
    ];
    const { session, ranges } = await registryOf(faults, { ranges: false });
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
  });

  it('skips known bytes when the server returns an earlier range', async () => {
    const { session, registry } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
    const headers = { 'content-range': `bytes 90000-299999/300000`, 'content-length': '210000' };
    registry.faults.add({
      path,
      fault: { kind: 'status', status: 206, headers, body: content.subarray(90_000) },
    });
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
  });

  const range = (from: number, to: number) => ({
    'content-range': `bytes ${from}-${to - 1}/300000`,
    'content-length': String(to - from),
  });

  it.each<[string, Fault]>([
    ['416', { kind: 'status', status: 416 }],
    ['400', { kind: 'status', status: 400 }],
    ['405', { kind: 'status', status: 405 }],
    ['501', { kind: 'status', status: 501 }],
    [
      'a range that begins later',
      { kind: 'status', status: 206, headers: range(110_000, 300_000), body: content.subarray(110_000) },
    ],
    [
      'a range that is too long',
      { kind: 'status', status: 206, headers: range(100_000, 300_050), body: Buffer.alloc(200_050) },
    ],
  ])(
    'requests the whole blob once more when the range gets %s, and skips known bytes',
    async (_name, fault) => {
      const { session, registry, ranges, waits } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
      registry.faults.add({ path, times: 1, fault });
      expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
      expect(ranges()).toEqual([undefined, 'bytes=100000-', undefined]);
      expect(waits()).toHaveLength(1);
    },
  );

  it('requests no range again after one was refused', async () => {
    const { session, registry, ranges } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
    registry.faults.add(
      { path, times: 1, fault: { kind: 'status', status: 416 } },
      { path, times: 1, fault: { kind: 'truncate', after: 200_000 } },
    );
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=100000-', undefined, undefined]);
  });

  it('continues at once after a range that is shorter than requested', async () => {
    const { session, registry, ranges, waits } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
    for (const [from, to] of [
      [100_000, 150_000],
      [150_000, 210_000],
    ] as const) {
      registry.faults.add({
        path,
        times: 1,
        fault: { kind: 'status', status: 206, headers: range(from, to), body: content.subarray(from, to) },
      });
    }
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=100000-', 'bytes=150000-', 'bytes=210000-']);
    expect(waits()).toHaveLength(1);
  });

  it.each([401, 403, 404])('fails when the range gets %i', async (status) => {
    const { session, registry, ranges } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
    registry.faults.add({ path, fault: { kind: 'status', status } });
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow(String(status));
    expect(ranges()).toEqual([undefined, 'bytes=100000-']);
  });

  it('fails when a part is returned instead of the whole blob', async () => {
    const { session, registry } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
    const body = content.subarray(110_000);
    registry.faults.add({
      path,
      fault: { kind: 'status', status: 206, headers: range(110_000, 300_000), body },
    });
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow('is a part of the blob');
  });

  it('ignores a connection that breaks after the last byte', async () => {
    const { session, ranges } = await registryOf([
      { kind: 'truncate', after: content.length, chunked: true },
    ]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined]);
  });

  it('waits as the registry asks when the resumed request is refused with 503', async () => {
    const { session, ranges, waits } = await registryOf([
      { kind: 'truncate', after: 100_000 },
      { kind: 'status', status: 503, headers: { 'retry-after': '7' } },
    ]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=100000-', 'bytes=100000-']);
    expect(waits()).toHaveLength(2);
    expect(waits()[1]).toBe(7000);
  });

  it('repeats the request when the connection breaks before the response', async () => {
    const { session, ranges } = await registryOf([{ kind: 'reset' }]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined, undefined]);
  });

  it('does not resume when the reader ends the stream with an error', async () => {
    const { session, ranges, registry } = await registryOf([{ kind: 'stall', after: 200_000 }]);
    const stream = await openBlob(session, descriptor);
    await new Promise((resolve) => stream.once('data', resolve));
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.on('error', () => {});
    stream.destroy(Object.assign(new Error('the upload broke'), { code: 'ECONNRESET' }));
    await closed;
    await registry.close();
    expect(ranges()).toEqual([undefined]);
  });
});

describe('for wrong content, openBlob', () => {
  it('fails at the end of a blob with a wrong digest', async () => {
    const { session, ranges } = await registryOf([{ kind: 'flip' }]);
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow('digest mismatch');
    expect(ranges()).toHaveLength(1);
  });

  it('fails at the end of a resumed blob with a wrong digest', async () => {
    const { session } = await registryOf([
      { kind: 'truncate', after: 100_000 },
      { kind: 'flip', at: 5 },
    ]);
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow('digest mismatch');
  });

  it.each([-1, 1])('refuses a wrong Content-Length (by %i) before a byte is read', async (by) => {
    const { session } = await registryOf([{ kind: 'contentLength', by }]);
    await expect(openBlob(session, descriptor)).rejects.toThrow(
      `the response has ${content.length + by} bytes; expected ${content.length} bytes`,
    );
  });

  it('ends a response that is longer than the blob', async () => {
    const { session, registry } = await registryOf([{ kind: 'oversize', extra: 50_000_000, chunked: true }]);
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow('more than 300000 bytes');
    expect(registry.journal.select({ path })).toHaveLength(1);
  });

  it.each<[string, number, boolean]>([
    ['of another length', 20, false],
    ['of the same length', content.length, false],
    ['that is shorter and has no length', 20, true],
    ['that is longer and has no length', content.length + 1, true],
  ])('reports a web page %s as such, and requests no rest of it', async (_name, length, chunked) => {
    const server = createServer((request, response) => {
      if (request.url === '/v2/') {
        response.end();
        return;
      }
      requests.push(request.headers.range);
      const sent = { 'content-type': 'Text/HTML; charset=utf-8' };
      response.writeHead(200, chunked ? sent : { ...sent, 'content-length': String(length) });
      response.end('<html>log in'.padEnd(length));
    });
    const requests: (string | undefined)[] = [];
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const port = (server.address() as AddressInfo).port;
    const session = await openTestSession(`127.0.0.1:${port}/app`, { policy: 'in' });
    const outcome = openBlob(session, descriptor).then(buffer);
    await expect(outcome).rejects.toThrow(`${path}: the response is a web page (Text/HTML), not a blob`);
    await expect(outcome).rejects.toMatchObject({ code: 'WEB_PAGE' });
    expect(requests).toEqual([undefined]);
  });

  it('accepts a blob that is served with the type of a web page', async () => {
    const { session, registry } = await registryOf();
    const page = Buffer.from('<html>documentation');
    const digest = registry.putBlob('app', page);
    registry.faults.add({
      path: /blobs/,
      fault: { kind: 'headers', headers: { 'content-type': 'text/html' } },
    });
    const stream = await openBlob(session, { mediaType: 'x', size: page.length, digest });
    expect((await buffer(stream)).equals(page)).toBe(true);
  });

  it('fails with the error of the registry for a missing blob', async () => {
    const { session } = await registryOf();
    const missing = { mediaType: 'x', size: 3, digest: digestOf(Buffer.from('abc')) };
    await expect(openBlob(session, missing)).rejects.toThrow('BLOB_UNKNOWN');
  });
});

describe('a blob that comes byte by byte', () => {
  const drip = { kind: 'drip', chunk: 1, pace: () => wait(5) } as const;
  const limits = { ...registryLimits, blob: 50 };

  it('is given up after some tries, although each of them gets a bit further', async () => {
    const { registry, clock } = await registryOf([{ ...drip, times: 1e6 }]);
    const session = await openTestSession(`${registry.host}/app`, { policy: 'in', clock, limits });
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow(
      'the server sends less than 1024 bytes a second',
    );
    expect(registry.journal.select({ path })).toHaveLength(10);
  });

  it('is resumed where it was left when the server recovers', async () => {
    const { registry, clock, ranges } = await registryOf([drip]);
    const session = await openTestSession(`${registry.host}/app`, { policy: 'in', clock, limits });
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });
});

describe('a stream that its reader destroys', () => {
  it.each(['before', 'after'])('closes its connection %s data was read', async (when) => {
    const gone = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      if (request.url === '/v2/') {
        response.end();
        return;
      }
      response.writeHead(200, { 'content-length': String(content.length) });
      response.write(content.subarray(0, 100_000));
      response.on('close', () => gone.resolve());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const session = await openTestSession(`127.0.0.1:${(server.address() as AddressInfo).port}/app`);
    const stream = await openBlob(session, descriptor);
    if (when === 'after') {
      await once(stream, 'data');
    }
    stream.on('error', () => {});
    stream.destroy();
    await gone.promise;
  });
});
