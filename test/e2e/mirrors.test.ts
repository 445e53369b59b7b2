// Several mirrors of any registry: their order, and a mirror that does not respond.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { dockerArchive } from '../support/image-files.ts';
import { type Image, seed } from '../support/images.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runExecutable } from '../support/run.ts';
import { silentServer } from '../support/silent-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { staticImage } from '../support/test-images.ts';

const repository = 'team/app';

let image: Image;
let origin: TestRegistry;
let empty: TestRegistry;
let full: TestRegistry;

beforeEach(async () => {
  image = await staticImage();
  [origin, empty, full] = [await registryForTest(), await registryForTest(), await registryForTest()];
  seed(full, repository, 'stable', image);
});

const source = (...hosts: readonly string[]) => ({
  repository: `${origin.host}/${repository}`,
  tag: 'stable',
  registry_mirror: hosts.map((host) => ({ host, for: origin.host })),
});

describe('several mirrors of a registry', () => {
  it('a check tries mirrors in order', async () => {
    const { status, stdout } = await runExecutable('check', {
      request: { source: source(empty.host, full.host) },
    });
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `[{"tag":"stable","digest":"${image.digest}"}]\n`,
    });
    expect(empty.requests).toHaveLength(2);
    expect(origin.connections).toBe(0);
  });

  it('a get tries mirrors in order and writes the name of the registry itself', async () => {
    const directory = await temporaryDirectory();
    const { status, stderr } = await runExecutable('in', {
      request: {
        source: source(empty.host, full.host),
        version: { tag: 'stable', digest: image.digest },
      },
      directory,
    });
    expect(status).toBe(0);
    expect(stderr).toMatch(/WARN.*download from mirror .*MANIFEST_UNKNOWN/);
    expect(readFileSync(join(directory, 'repository'), 'utf8')).toBe(`${origin.host}/${repository}`);
    expect(readFileSync(join(directory, 'rootfs', 'Dockerfile'), 'utf8')).toBe('hello!\n');
    expect(origin.connections).toBe(0);
  });

  it('a put uses no mirror', async () => {
    const directory = await temporaryDirectory();
    writeFileSync(join(directory, 'image.tar'), await dockerArchive(image));
    const { status } = await runExecutable('out', {
      request: { source: source(full.host), params: { image: 'image.tar' } },
      directory,
    });
    expect(status).toBe(0);
    expect(origin.tags(repository)).toEqual(['stable']);
    expect(full.connections).toBe(0);
  });

  it('a check tries the next mirror after one does not respond', async () => {
    const { status, stdout, stderr } = await runExecutable('check', {
      request: { source: source(`127.0.0.1:${await silentServer()}`, full.host) },
    });
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `[{"tag":"stable","digest":"${image.digest}"}]\n`,
    });
    expect(stderr.match(/transient error/g)).toHaveLength(1);
    expect(stderr).toMatch(/WARN.*checking mirror .* failed: .*(cannot be reached|did not answer in time)/);
  });
});
