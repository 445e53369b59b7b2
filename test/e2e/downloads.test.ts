// Downloads from servers that refuse ranges or compress what they send: through the executables.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../support/fault.ts';
import { buildImage, type Image, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const random = Buffer.alloc(600_000);
for (let at = 0; at < random.length; at += 4) {
  random.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
}

async function seeded(): Promise<{ registry: TestRegistry; image: Image; repository: string }> {
  const registry = await registryForTest();
  const image = await buildImage({ layers: [[file('random', random)]] });
  seed(registry, 'team/app', '1.0.0', image);
  return { registry, image, repository: `${registry.host}/team/app` };
}

async function get({ repository, image }: { repository: string; image: Image }) {
  return await runExecutable('in', {
    request: { source: { repository }, version: { tag: '1.0.0', digest: image.digest } },
    directory: await temporaryDirectory(),
  });
}

describe('in, after a layer broke off at 200,000 bytes, when the range gets', () => {
  const part = (from: number, to: number, size: number, body: Buffer): Fault => ({
    kind: 'status',
    status: 206,
    headers: { 'content-range': `bytes ${from}-${to - 1}/${size}`, 'content-length': String(to - from) },
    body: body.subarray(from, to),
  });

  it.each<[string, (layer: Buffer) => Fault]>([
    ['416', () => ({ kind: 'status', status: 416 })],
    ['400', () => ({ kind: 'status', status: 400 })],
    ['501', () => ({ kind: 'status', status: 501 })],
    ['a range that begins later', (layer) => part(200_050, layer.length, layer.length, layer)],
    ['a range of 100,000 bytes', (layer) => part(200_000, 300_000, layer.length, layer)],
  ])('%s, unpacks the image', async (_name, fault) => {
    const { registry, image, repository } = await seeded();
    const [layer] = image.layers;
    const bytes = Buffer.from(layer?.bytes ?? '');
    const path = `/v2/team/app/blobs/${layer?.digest}`;
    registry.faults.add(
      { path, times: 1, fault: { kind: 'truncate', after: 200_000 } },
      { path, times: 1, fault: fault(bytes) },
    );
    expect(await get({ repository, image })).toMatchObject({ status: 0 });
  });
});

describe('a response that is compressed although that was not requested', () => {
  function compress(registry: TestRegistry, path: string, body: Uint8Array, type: string) {
    const headers = { 'content-encoding': 'gzip', 'content-type': type };
    registry.faults.add({
      method: 'GET',
      path,
      fault: { kind: 'status', status: 200, body: gzipSync(body), headers },
    });
  }

  it('is read by in for the manifest and the config', async () => {
    const { registry, image, repository } = await seeded();
    compress(registry, `/v2/team/app/manifests/${image.digest}`, image.bytes, image.mediaType);
    compress(registry, `/v2/team/app/blobs/${image.config.digest}`, image.config.bytes, 'application/json');
    expect(await get({ repository, image })).toMatchObject({ status: 0 });
  });

  it('is read by check for the tag list', async () => {
    const { registry, image, repository } = await seeded();
    const list = Buffer.from(JSON.stringify({ name: 'team/app', tags: ['1.0.0'] }));
    compress(registry, '/v2/team/app/tags/list', list, 'application/json');
    const { stdout, stderr } = await runExecutable('check', { request: { source: { repository } } });
    expect(stdout, stderr).toBe(`[{"tag":"1.0.0","digest":"${image.digest}"}]\n`);
  });

  it('shows the error that it holds', async () => {
    const { registry, repository } = await seeded();
    const errors = JSON.stringify({ errors: [{ code: 'DENIED', message: 'not for you' }] });
    const headers = { 'content-encoding': 'gzip' };
    registry.faults.add({
      path: /tags/,
      fault: { kind: 'status', status: 403, body: gzipSync(errors), headers },
    });
    const { status, stderr } = await runExecutable('check', { request: { source: { repository } } });
    expect(status).toBe(1);
    expect(stderr).toContain('DENIED: not for you');
  });
});
