// Images that a get saves as oci or oci-layout: read by other tools, pushed again, and after an interruption.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Digest, digestHex, digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { contentOf } from '../support/image-files.ts';
import {
  attestationOf,
  buildImage,
  buildIndex,
  descriptorOf,
  type Image,
  type Root,
  seed,
} from '../support/images.ts';
import { buildLayer, file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { executablePath, runExecutable, runExecutableMeasured } from '../support/run.ts';
import { startOrderedServer } from '../support/strict-server.ts';

const repository = 'team/app';
const formats = ['oci', 'oci-layout'] as const;

let registry: TestRegistry;
let folder: string;
let target: string;

beforeAll(async () => {
  registry = await startRegistry();
  folder = mkdtempSync(join(tmpdir(), 'in-formats-'));
});

afterAll(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  target = mkdtempSync(join(folder, 'get-'));
  registry.faults.clear();
});

function requestFor(digest: Digest, params: object, tag = 'v1') {
  return { source: { repository: `${registry.host}/${repository}` }, params, version: { tag, digest } };
}

async function get(root: Root, params: object): Promise<void> {
  seed(registry, repository, 'v1', root);
  const result = await runExecutable('in', { request: requestFor(root.digest, params), directory: target });
  expect(result).toMatchObject({ status: 0 });
}

async function put(image: string): Promise<{ version: { digest: string } }> {
  const source = { repository: `${registry.host}/copied/app`, tag: 'v1' };
  const result = await runExecutable('out', { request: { source, params: { image } }, directory: target });
  expect(result).toMatchObject({ status: 0 });
  return JSON.parse(result.stdout);
}

function appImage(architecture: string, format: 'oci' | 'docker' = 'oci'): Promise<Image> {
  return buildImage({
    format,
    layers: [[file('base', 'base')], [file('name', architecture)]],
    platform: { os: 'linux', architecture },
    run: { Labels: { maker: 'test' } },
  });
}

async function appIndex(format: 'oci' | 'docker' = 'oci') {
  const images = [await appImage('amd64', format), await appImage('arm64', format)];
  return buildIndex(format === 'oci' && images[0] ? [...images, await attestationOf(images[0])] : images, {
    format,
  });
}

describe('a get and a put of the saved image', () => {
  it.each<[string, () => Promise<Root>]>([
    ['an OCI image', () => appImage('amd64')],
    ['a Docker image', () => appImage('amd64', 'docker')],
    ['an OCI index', () => appIndex()],
    ['a Docker manifest list', () => appIndex('docker')],
  ])('a get as a layout and a put keep the digest of %s', async (_name, build) => {
    const root = await build();
    await get(root, { format: 'oci-layout' });
    expect((await put('oci')).version.digest).toBe(root.digest);
    expect(registry.manifest('copied/app', 'v1')).toMatchObject({
      digest: root.digest,
      mediaType: root.mediaType,
    });
  });

  it('a get as a tarball and a put keep the digest of a Docker image, and config and layers of an OCI image', async () => {
    const docker = await appImage('amd64', 'docker');
    await get(docker, { format: 'oci' });
    expect((await put('image.tar')).version.digest).toBe(docker.digest);
    const oci = await appImage('arm64');
    await get(oci, { format: 'oci' });
    const { digest } = (await put('image.tar')).version;
    const manifest = JSON.parse(registry.manifest('copied/app', digest)?.bytes.toString() ?? '');
    expect(manifest.config.digest).toBe(oci.config.digest);
    expect(manifest.layers.map((layer: { digest: string }) => layer.digest)).toEqual(
      oci.layers.map((layer) => layer.digest),
    );
  });
});

describeServices(['skopeo', 'umoci'], 'other tools and a saved image', () => {
  const load = async (from: string) => {
    const copied = join(target, 'copied');
    const { status, stderr } = await runProgram('skopeo', ['copy', '-q', '--all', from, `dir:${copied}`]);
    expect(`${status} ${stderr}`).toBe('0 ');
    return JSON.parse(readFileSync(join(copied, 'manifest.json'), 'utf8'));
  };

  it.each(['oci', 'docker'] as const)(
    'skopeo loads image.tar by its name, with media types of %s',
    async (format) => {
      const image = await appImage('amd64', format);
      await get(image, { format: 'oci' });
      expect(readdirSync(target).sort()).toEqual(['digest', 'image.tar', 'labels.json', 'repository', 'tag']);
      expect(readFileSync(join(target, 'labels.json'), 'utf8')).toBe('{"maker":"test"}\n');
      const manifest = await load(`docker-archive:${target}/image.tar:${registry.host}/${repository}:v1`);
      expect(manifest.config.digest).toBe(image.config.digest);
      expect(manifest.layers).toHaveLength(2);
    },
  );

  it.each(['oci', 'docker'] as const)(
    'skopeo copies a layout of an image with media types of %s',
    async (format) => {
      const image = await appImage('amd64', format);
      await get(image, { format: 'oci-layout' });
      expect((await load(`oci:${target}/oci`)).config.digest).toBe(image.config.digest);
      const { status, stdout } = await runProgram('skopeo', ['inspect', '--raw', `oci:${target}/oci`]);
      expect({ status, digest: digestOf(stdout) }).toEqual({ status: 0, digest: image.digest });
    },
  );

  it('skopeo copies a layout of an index with one image', async () => {
    const image = await appImage('amd64');
    await get(buildIndex([image]), { format: 'oci-layout' });
    expect((await load(`oci:${target}/oci`)).config.digest).toBe(image.config.digest);
  });

  it('skopeo copies a layout of an index with several images after the index is listed under a name', async () => {
    const index = await appIndex();
    await get(index, { format: 'oci-layout' });
    const layout = join(target, 'oci');
    writeFileSync(join(layout, 'blobs', 'sha256', digestHex(index.digest)), index.bytes);
    const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
    const listing = { schemaVersion: 2, manifests: [descriptorOf(index, { annotations })] };
    writeFileSync(join(layout, 'index.json'), JSON.stringify(listing));
    await load(`oci:${layout}:v1`);
    expect(digestOf(readFileSync(join(target, 'copied', 'manifest.json')))).toBe(index.digest);
  });

  it('umoci unpacks a layout after it was listed under a name', async () => {
    const image = await appImage('amd64');
    await get(image, { format: 'oci-layout' });
    const named = join(target, 'named');
    const bundle = join(target, 'bundle');
    const run = async (command: string, ...parameters: readonly string[]) => {
      const { status, stderr } = await runProgram(command, parameters);
      expect(`${status} ${status === 0 ? '' : stderr}`).toBe('0 ');
    };
    await run('umoci', 'gc', '--layout', join(target, 'oci'));
    await run('skopeo', 'copy', '-q', '--preserve-digests', `oci:${target}/oci`, `oci:${named}:v1`);
    await run('umoci', 'unpack', '--rootless', '--image', `${named}:v1`, bundle);
    expect(readFileSync(join(bundle, 'rootfs', 'name'), 'utf8')).toBe('amd64');
  });
});

describe('a get in upstream’s tests', () => {
  it('writes the name on Docker Hub into the tarball of an image from a mirror', async () => {
    const image = await appImage('amd64', 'docker');
    const at = '/v2/library/fake-image';
    await using mirror = await startOrderedServer([
      { method: 'GET', path: '/v2/', reply: { status: 200 } },
      ...[image, image.config, ...image.layers].map((content, position) => ({
        method: 'GET',
        path: `${at}/${position === 0 ? 'manifests' : 'blobs'}/${content.digest}`,
        reply: { status: 200, headers: { 'content-type': content.mediaType }, body: content.bytes },
      })),
    ]);
    const { status } = await runExecutable('in', {
      request: {
        source: { repository: 'fake-image', registry_mirror: { host: mirror.host } },
        params: { format: 'oci' },
        version: { tag: 'latest', digest: image.digest },
      },
      directory: target,
    });
    mirror.assertSatisfied();
    expect(status).toBe(0);
    expect(readFileSync(join(target, 'image.tar'), 'latin1')).toContain(
      '"RepoTags":["index.docker.io/library/fake-image:latest"]',
    );
  });

  it('writes tag and digest with skip_download', async () => {
    const image = await appImage('amd64');
    await get(image, { skip_download: true, format: 'nonsense' });
    expect(readdirSync(target).sort()).toEqual(['digest', 'repository', 'tag']);
    expect(readFileSync(join(target, 'tag'), 'utf8')).toBe('v1');
    expect(readFileSync(join(target, 'digest'), 'utf8')).toBe(image.digest);
  });

  it('fails for a deleted digest with skip_download too', async () => {
    const request = requestFor(digestOf('gone'), { skip_download: true });
    const { status, stderr } = await runExecutable('in', { request, directory: target });
    expect(status).toBe(1);
    expect(stderr).toContain('MANIFEST_UNKNOWN');
    expect(readdirSync(target)).toEqual([]);
  });
});

describe('a get that is killed', () => {
  it.each(formats)(
    'leaves no image of the format %s, and the next get reuses whole blobs of a layout',
    async (format) => {
      const image = await buildImage({
        layers: [[file('small')], await buildLayer(Buffer.alloc(4_000_000, 'x'), { compression: 'none' })],
      });
      const [small, large] = image.layers;
      registry.faults.add({
        path: `/v2/${repository}/blobs/${large?.digest}`,
        times: 1,
        fault: { kind: 'stall', after: 2_000_000 },
      });
      seed(registry, repository, 'v1', image);
      const child = spawn(executablePath('in'), [target], {
        env: { TEST: 'true' },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      child.stdin.end(JSON.stringify(requestFor(image.digest, { format })));
      const partial =
        format === 'oci'
          ? join(target, 'image.tar.partial')
          : join(target, 'oci', 'blobs', 'sha256', `${digestHex(large?.digest ?? digestOf(''))}.partial`);
      // Blobs of a layout arrive at the same time.
      const whole = join(target, 'oci', 'blobs', 'sha256', digestHex(small?.digest ?? digestOf('')));
      await until(
        () =>
          existsSync(partial) &&
          readFileSync(partial).length > 1_000_000 &&
          (format === 'oci' || existsSync(whole)),
      );
      child.kill('SIGKILL');
      await once(child, 'close');
      expect(existsSync(join(target, 'image.tar'))).toBe(false);
      expect(existsSync(join(target, 'oci', 'index.json'))).toBe(false);
      expect(existsSync(join(target, 'digest'))).toBe(false);
      const before = registry.requests.length;
      await get(image, { format });
      expect(existsSync(partial)).toBe(false);
      const again = registry.requests.slice(before).map(({ path }) => path.split('/').at(-1));
      expect(again.includes(small?.digest)).toBe(format === 'oci');
      expect((await put(format === 'oci' ? 'image.tar' : 'oci')).version.digest).toMatch(/^sha256:/);
      if (format === 'oci-layout') {
        for (const { digest, bytes } of contentOf(image)) {
          expect(readFileSync(join(target, 'oci', 'blobs', 'sha256', digestHex(digest)))).toEqual(bytes);
        }
      }
    },
  );

  /** Waits for a condition on the disk by checking it in every turn of the event loop. */
  async function until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});

describe('the memory of a get', () => {
  it.each(formats)('stays below 256 MB for an image of 1 GB as %s', async (format) => {
    const layers = [1, 2, 3, 4].map((number) => {
      const bytes = Buffer.alloc(256 * 1024 * 1024, number);
      const digest = digestOf(bytes);
      return { mediaType: mediaTypes.ociLayerTar, bytes, digest, tar: bytes, diffId: digest };
    });
    const image = await buildImage({ layers });
    await using large = await startRegistry();
    seed(large, repository, 'v1', image);
    const result = await runExecutableMeasured('in', {
      request: {
        source: { repository: `${large.host}/${repository}` },
        params: { format },
        version: { tag: 'v1', digest: image.digest },
      },
      directory: target,
    });
    rmSync(target, { recursive: true });
    expect(result).toMatchObject({ status: 0 });
    expect(result.peakMemory).toBeLessThan(256 * 1024 * 1024);
  });
});
