// A blob arrives whole and right, or not at all, however often the connection breaks on the way.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { openBlob } from '../../src/registry/blob-download.ts';
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
  // Without the ping's own.
  const waits = () => clock.waits.slice(1);
  const ranges = () => registry.journal.select({ path }).map(({ headers }) => headers.range);
  return { registry, session, clock, waits, ranges };
}

describe('a blob', () => {
  it('comes with one request', async () => {
    const { session, ranges } = await registryOf();
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined]);
  });

  it('that is embedded in its descriptor needs none', async () => {
    const { session, ranges } = await registryOf();
    const data = Buffer.from('embedded');
    const embedded = { mediaType: 'x', size: data.length, digest: digestOf(data), data };
    expect((await buffer(await openBlob(session, embedded))).toString()).toBe('embedded');
    expect(ranges()).toEqual([]);
  });

  it('comes without a length', async () => {
    const { session } = await registryOf([{ kind: 'chunked' }]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
  });

  it('of no bytes is one', async () => {
    const { registry, session } = await registryOf();
    const empty = { mediaType: 'x', size: 0, digest: registry.putBlob('app', '') };
    expect(await buffer(await openBlob(session, empty))).toHaveLength(0);
  });

  it('in one-byte pieces is the same', async () => {
    const { registry, session } = await registryOf();
    const small = { mediaType: 'x', size: 6, digest: registry.putBlob('app', 'pieces') };
    registry.faults.add({ path: /blobs/, fault: { kind: 'drip', chunk: 1 } });
    expect((await buffer(await openBlob(session, small))).toString()).toBe('pieces');
  });

  it('behind a redirect resumes at the registry, not at the URL that has expired', async () => {
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

describe('a broken connection', () => {
  it.each<[string, Fault]>([
    ['reset', { kind: 'reset', after: 100_000 }],
    ['ended early', { kind: 'truncate', after: 100_000 }],
    ['ended early without a length', { kind: 'truncate', after: 100_000, chunked: true }],
  ])('%s is resumed at the byte reached', async (_name, fault) => {
    const { session, ranges, waits } = await registryOf([fault]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    const [first, second, ...others] = ranges();
    expect([first, others]).toEqual([undefined, []]);
    const [, start] = /^bytes=(\d+)-$/.exec(second ?? '') ?? [];
    // A reset may take bytes along that were on their way.
    expect(Number(start ?? 0)).toBeLessThanOrEqual(100_000);
    if (fault.kind === 'truncate') {
      expect(Number(start)).toBe(100_000);
    }
    expect(waits()).toHaveLength(1);
  });

  it('is resumed as often as it gets further', async () => {
    const faults = Array.from({ length: 9 }, (): Fault => ({ kind: 'truncate', after: 30_000 }));
    const { session, ranges, waits } = await registryOf(faults);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([
      undefined,
      ...Array.from({ length: 9 }, (_, n) => `bytes=${(n + 1) * 30_000}-`),
    ]);
    expect(new Set(waits()).size).toBe(1);
  });

  it('that gets no further is given up', async () => {
    const { session, registry, clock } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
    registry.faults.add({ path, fault: { kind: 'truncate', after: 0 } });
    const start = clock.now();
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow('the connection broke');
    expect(clock.now() - start).toBeGreaterThan(50 * 60_000);
    expect(clock.now() - start).toBeLessThanOrEqual(61 * 60_000);
  });

  it('is resumed where a server ignores ranges: what is known is skipped', async () => {
    const faults: Fault[] = [
      { kind: 'truncate', after: 100_000 },
      { kind: 'truncate', after: 200_000 },
    ];
    const { session, ranges } = await registryOf(faults, { ranges: false });
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
  });

  it('is resumed where a server answers with an earlier range', async () => {
    const { session, registry } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
    const headers = { 'content-range': `bytes 90000-299999/300000`, 'content-length': '210000' };
    registry.faults.add({
      path,
      fault: { kind: 'status', status: 206, headers, body: content.subarray(90_000) },
    });
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
  });

  it('is not resumed with a range behind the byte reached', async () => {
    const { session, registry } = await registryOf([{ kind: 'truncate', after: 100_000 }]);
    const headers = { 'content-range': `bytes 110000-299999/300000`, 'content-length': '190000' };
    registry.faults.add({
      path,
      fault: { kind: 'status', status: 206, headers, body: content.subarray(110_000) },
    });
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow(
      '190000 bytes from byte 110000 on',
    );
  });

  it('behind the last byte does no harm', async () => {
    const { session, ranges } = await registryOf([
      { kind: 'truncate', after: content.length, chunked: true },
    ]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined]);
  });

  it('and a busy registry then are waited for together', async () => {
    const { session, ranges, waits } = await registryOf([
      { kind: 'truncate', after: 100_000 },
      { kind: 'status', status: 503, headers: { 'retry-after': '7' } },
    ]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=100000-', 'bytes=100000-']);
    expect(waits()).toHaveLength(2);
    expect(waits()[1]).toBe(7000);
  });

  it('before the answer is asked for again', async () => {
    const { session, ranges } = await registryOf([{ kind: 'reset' }]);
    expect((await buffer(await openBlob(session, descriptor))).equals(content)).toBe(true);
    expect(ranges()).toEqual([undefined, undefined]);
  });

  it('is not seen in an error by which the reader ends the stream', async () => {
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

describe('wrong content', () => {
  it('of the right length fails at its end', async () => {
    const { session, ranges } = await registryOf([{ kind: 'flip' }]);
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow('digest mismatch');
    expect(ranges()).toHaveLength(1);
  });

  it('put together from two answers fails at its end', async () => {
    const { session } = await registryOf([
      { kind: 'truncate', after: 100_000 },
      { kind: 'flip', at: 5 },
    ]);
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow('digest mismatch');
  });

  it.each([-1, 1])('of a wrong length (%i) is refused before a byte is read', async (by) => {
    const { session } = await registryOf([{ kind: 'contentLength', by }]);
    await expect(openBlob(session, descriptor)).rejects.toThrow(
      `offers ${content.length + by} bytes from byte 0 on where ${content.length} from byte 0 on were expected`,
    );
  });

  it('that does not end is cut off', async () => {
    const { session, registry } = await registryOf([{ kind: 'oversize', extra: 50_000_000, chunked: true }]);
    await expect(buffer(await openBlob(session, descriptor))).rejects.toThrow('more than 300000 bytes');
    expect(registry.journal.select({ path })).toHaveLength(1);
  });

  it('that is missing is told', async () => {
    const { session } = await registryOf();
    const missing = { mediaType: 'x', size: 3, digest: digestOf(Buffer.from('abc')) };
    await expect(openBlob(session, missing)).rejects.toThrow('BLOB_UNKNOWN');
  });
});

describe('a stream that is not wanted any more', () => {
  it.each(['before', 'after'])('lets its connection go %s something was read', async (when) => {
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
