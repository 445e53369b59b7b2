// A registry that restarts in the middle of a command: the connection breaks, and the port is closed for a while.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildImage, type Image, seed } from '../support/images.ts';
import type { RequestFilter } from '../support/journal.ts';
import { file } from '../support/layers.ts';
import { startRegistry } from '../support/registry.ts';
import { checkStep, getStep, putStep } from '../support/steps.ts';

const name = 'team/app';
/** In milliseconds; many tries are refused in this time. */
const outage = 500;

/** A registry with an image that closes at the first request of this kind, and is back some time later. */
async function restartingAt(filter: RequestFilter) {
  const image = await buildImage({ layers: [[file('hello', 'x'.repeat(100_000))]] });
  const registry = await startRegistry();
  seed(registry, name, '1.0', image);
  registry.faults.add({ ...filter, times: 1, fault: { kind: 'reset', after: 10 } });
  const restarted = (async () => {
    await registry.journal.arrived(filter);
    await registry.close();
    await wait(outage);
    const again = await startRegistry({ port: registry.port });
    seed(again, name, '1.0', image);
    return again;
  })();
  onTestFinished(async () => {
    await (await restarted).close();
  });
  return { repository: `${registry.host}/${name}`, image, restarted };
}

function expectRetries(stderr: string): void {
  expect(stderr).toContain('nothing accepts connections there');
  expect(stderr).toContain('retrying in');
}

describe('a registry that restarts', () => {
  it('does not fail a check', async () => {
    const { repository, image } = await restartingAt({ method: 'HEAD', path: /\/manifests\// });
    const { versions, stderr } = await checkStep(repository, { tag: '1.0' });
    expect(versions, stderr).toEqual([{ tag: '1.0', digest: image.digest }]);
    expectRetries(stderr);
  });

  it.each<[string, (image: Image) => string]>([
    ['manifest', ({ digest }) => `/v2/${name}/manifests/${digest}`],
    ['layer', ({ layers }) => `/v2/${name}/blobs/${layers[0]?.digest}`],
  ])('does not fail a get that fetches a %s', async (_name, pathOf) => {
    const image = await buildImage({ layers: [[file('hello', 'x'.repeat(100_000))]] });
    const { repository } = await restartingAt({ method: 'GET', path: pathOf(image) });
    const { status, stderr, directory } = await getStep(repository, image.digest);
    expect(status, stderr).toBe(0);
    expect(existsSync(join(directory, 'rootfs', 'hello'))).toBe(true);
    expectRetries(stderr);
  });

  it.each(['PATCH', 'PUT'])('does not fail a put that sends a %s of a blob', async (method) => {
    const { repository, restarted } = await restartingAt({ method, path: /\/blobs\/uploads\// });
    const { version, stderr } = await putStep(repository, {}, { source: { tag: '2.0' } });
    expect(version, stderr).toMatchObject({ tag: '2.0' });
    expect((await restarted).tags(name)).toEqual(['1.0', '2.0']);
    expectRetries(stderr);
  });
});
