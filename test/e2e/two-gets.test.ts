// Two gets into one directory: one at a time, and a get that was killed is no obstacle.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildImage, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { startRegistry } from '../support/registry.ts';
import { executablePath, runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/app';

/** A registry that holds back the layer of an image until `release` is called, and requests to get that image. */
async function heldImage() {
  const image = await buildImage({ layers: [[file('hello')]] });
  const path = `/v2/${name}/blobs/${image.layers[0]?.digest}`;
  const { promise: until, resolve: release } = Promise.withResolvers<void>();
  const registry = await startRegistry({ faults: [{ path, fault: { kind: 'hold', until } }] });
  seed(registry, name, '1.0', image);
  const request = (format: string) => ({
    source: { repository: `${registry.host}/${name}` },
    version: { tag: '1.0', digest: image.digest },
    params: { format },
  });
  return { image, registry, request, release, held: () => registry.journal.arrived({ path }) };
}

describe('a get into a directory of another one that is running', () => {
  it.each([
    ['oci-layout', 'oci-layout'],
    ['rootfs', 'oci-layout'],
    ['oci-layout', 'rootfs'],
  ])('fails and leaves the files of the other one alone (%s, then %s)', async (first, second) => {
    const { registry, request, release, held } = await heldImage();
    await using _ = registry;
    const directory = await temporaryDirectory();
    const running = runExecutable('in', { request: request(first), directory });
    await held();
    const failed = await runExecutable('in', { request: request(second), directory: join(directory, '.') });
    expect({ status: failed.status, stdout: failed.stdout }).toEqual({ status: 1, stdout: '' });
    expect(failed.stderr).toContain(`another get is writing into "${directory}"`);
    release();
    const { status, stderr } = await running;
    expect(status, stderr).toBe(0);
    if (first === 'oci-layout') {
      expect(readdirSync(join(directory, 'oci', 'blobs', 'sha256'))).toHaveLength(3);
    }
  });

  it('succeeds after the other one was killed', async () => {
    const { registry, request, release, held } = await heldImage();
    await using _ = registry;
    const directory = await temporaryDirectory();
    const child = spawn(executablePath('in'), [directory], { env: { TEST: 'true' } });
    child.stdin.end(JSON.stringify(request('oci-layout')));
    await held();
    child.kill('SIGKILL');
    await once(child, 'exit');
    release();
    const { status, stderr } = await runExecutable('in', { request: request('oci-layout'), directory });
    expect(status, stderr).toBe(0);
  });
});

it('gets into two directories run at once', async () => {
  const { registry, request, release, held } = await heldImage();
  await using _ = registry;
  const running = [await temporaryDirectory(), await temporaryDirectory()].map((directory) =>
    runExecutable('in', { request: request('rootfs'), directory }),
  );
  await held();
  release();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([0, 0]);
});
