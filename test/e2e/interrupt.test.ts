// A build that is aborted ends its steps at once: no answer, nothing that looks whole, nothing tagged.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, seed } from '../support/images.ts';
import type { RequestFilter } from '../support/journal.ts';
import { file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type ExecutableName, executablePath, runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/image';
const buildLarge = () =>
  buildImage({ layers: [[file('first')], [file('large', Buffer.alloc(8_000_000, 'ab'))]] });

/** Starts an executable, waits for a request of it, ends it; gives what it left. */
async function interrupt(
  executable: ExecutableName,
  request: object,
  directory: string,
  registry: TestRegistry,
  moment: RequestFilter,
) {
  const child = spawn(executablePath(executable), [directory], { env: { TEST: 'true' } });
  const stdout = text(child.stdout);
  child.stdin.end(JSON.stringify(request));
  const ended = once(child, 'exit');
  await registry.journal.arrived(moment);
  child.kill('SIGTERM');
  const [code] = await ended;
  return { code, stdout: await stdout };
}

const ended = { code: 128 + constants.signals.SIGTERM, stdout: '' };

it('in ends within a layer, and the next get clears what it left', async () => {
  const image = await buildLarge();
  const path = `/v2/${name}/blobs/${image.layers[1]?.digest}`;
  await using registry = await startRegistry({
    faults: [{ path, times: 1, fault: { kind: 'stall', after: 1000 } }],
  });
  seed(registry, name, 'latest', image);
  const directory = await temporaryDirectory();
  const request = {
    source: { repository: `${registry.host}/${name}` },
    version: { tag: 'latest', digest: image.digest },
  };
  expect(await interrupt('in', request, directory, registry, { path })).toEqual(ended);
  expect(readdirSync(directory).filter((found) => found !== 'rootfs')).toEqual([]);
  writeFileSync(join(directory, 'rootfs', 'half'), 'of a file');
  expect(await runExecutable('in', { request, directory })).toMatchObject({ status: 0 });
  expect(readdirSync(join(directory, 'rootfs'))).toEqual(['first', 'large']);
});

it.each(['tarball', 'layout'])('out ends within an upload of a %s, and nothing is tagged', async (kind) => {
  const image = await buildLarge();
  const moment = { method: 'PATCH' };
  await using registry = await startRegistry({
    faults: [{ ...moment, fault: { kind: 'stallUpload', after: 1 } }],
  });
  const directory = await temporaryDirectory();
  if (kind === 'tarball') {
    writeFileSync(join(directory, 'image.tar'), await dockerArchive(image));
  } else {
    await writeOciLayout(join(directory, 'oci'), image, { singleImageDigest: true });
  }
  const request = {
    source: { repository: `${registry.host}/${name}`, tag: 'a' },
    params: { image: kind === 'tarball' ? 'image.tar' : 'oci' },
  };
  expect(await interrupt('out', request, directory, registry, moment)).toEqual(ended);
  expect(registry.tags(name)).toEqual([]);
  expect(existsSync(join(directory, kind === 'tarball' ? 'image.tar' : 'oci'))).toBe(true);
});
