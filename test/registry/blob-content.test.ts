// Blobs of servers that add a content coding: received as they were pushed, whatever the headers say.
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { openBlob } from '../../src/registry/blob-download.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import type { Reply } from '../support/reply.ts';
import { openTestSession } from '../support/test-session.ts';

/** Bytes that no coding makes shorter. */
const random = Buffer.alloc(300_000);
for (let at = 0; at < random.length; at += 4) {
  random.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
}
const config = Buffer.from(JSON.stringify({ rootfs: {}, padding: 'x'.repeat(500) }));
const compressible = Buffer.alloc(300_000, 'compressible ');
const gzipLayer = gzipSync(random);

const encoders = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, br: brotliCompressSync };

async function serverOf(reply: (count: number) => Reply) {
  let count = 0;
  const server = await startRecordingServer({
    answer: ({ path }) => {
      if (path === '/v2/') {
        return { status: 200 };
      }
      count += 1;
      return reply(count);
    },
  });
  onTestFinished(() => server.close());
  return { server, session: await openTestSession(`${server.host}/app`, { policy: 'in' }) };
}

function descriptorOf(blob: Buffer, mediaType = 'application/octet-stream') {
  return { mediaType, size: blob.length, digest: digestOf(blob) };
}

it.each<[string, keyof typeof encoders, Buffer, string | undefined]>([
  ['a config', 'gzip', config, mediaTypes.ociConfig],
  ['a config', 'x-gzip', config, mediaTypes.ociConfig],
  ['a config', 'deflate', config, mediaTypes.ociConfig],
  ['a config', 'br', config, mediaTypes.ociConfig],
  ['a large compressible blob', 'gzip', compressible, undefined],
  ['a large random blob', 'gzip', random, undefined],
  ['a gzip layer', 'gzip', gzipLayer, mediaTypes.ociLayerGzip],
])('%s that the server sends with the coding %s is decoded', async (_name, coding, blob, mediaType) => {
  for (const chunked of [false, true]) {
    const body = encoders[coding](blob);
    const { server, session } = await serverOf(() => ({
      status: 200,
      headers: { 'content-encoding': coding },
      body,
    }));
    if (chunked) {
      server.faults.add({ path: /blobs/, fault: { kind: 'chunked' } });
    }
    expect((await buffer(await openBlob(session, descriptorOf(blob, mediaType)))).equals(blob)).toBe(true);
    expect(server.journal.requests.at(-1)?.headers['accept-encoding']).toBe('identity');
  }
});

it.each<[string, Buffer, string | undefined]>([
  ['a gzip layer', gzipLayer, mediaTypes.ociLayerGzip],
  ['a gzip layer of Docker', gzipLayer, mediaTypes.dockerLayerGzip],
  ['a large plain blob', random, undefined],
  ['a small plain blob', config, undefined],
  ['a small gzip layer', gzipSync(config), mediaTypes.ociLayerGzip],
])('%s that the server only calls gzip is received as it is', async (_name, body, mediaType) => {
  for (const chunked of [false, true]) {
    const { server, session } = await serverOf(() => ({
      status: 200,
      headers: { 'content-encoding': 'gzip' },
      body,
    }));
    if (chunked) {
      server.faults.add({ path: /blobs/, fault: { kind: 'chunked' } });
    }
    expect((await buffer(await openBlob(session, descriptorOf(body, mediaType)))).equals(body)).toBe(true);
  }
});

it('a coded blob is requested as a whole again after a broken connection, because ranges are of the coded bytes', async () => {
  const body = gzipSync(random);
  const { server, session } = await serverOf(() => ({
    status: 200,
    headers: { 'content-encoding': 'gzip' },
    body,
  }));
  server.faults.add({ path: /blobs/, times: 1, fault: { kind: 'truncate', after: 100_000 } });
  expect((await buffer(await openBlob(session, descriptorOf(random)))).equals(random)).toBe(true);
  expect(server.journal.select({ path: /blobs/ }).map(({ headers }) => headers.range)).toEqual([
    undefined,
    undefined,
  ]);
});

it('a coded blob with damaged content fails', async () => {
  const body = Buffer.concat([gzipSync(random).subarray(0, 100_000), Buffer.alloc(1_000)]);
  const { session } = await serverOf(() => ({ status: 200, headers: { 'content-encoding': 'gzip' }, body }));
  await expect(buffer(await openBlob(session, descriptorOf(random)))).rejects.toThrow();
});
