// params.compression of a put by the executables: other tools read the image, and its digest does not change.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage } from '../support/images.ts';
import { directory, file, symlink } from '../support/layers.ts';
import { runExecutable } from '../support/run.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// More than two frames of zstd, and more than eight blocks of gzip.
const noise = createHash('shake256', { outputLength: 4_500_000 }).update('layer').digest();
const words = 'the words of a layer, and more of them, '.repeat(20_000);

const image = () =>
  buildImage({
    format: 'docker',
    layers: [
      [directory('etc'), file('etc/words', words), file('etc/noise', noise)],
      [file('etc/top', 'top'), symlink('link', 'etc/top')],
    ],
  });

/** The directory with `image.tar`, a `docker save` tarball of plain layers. */
async function artifacts(): Promise<string> {
  const folder = await temporaryDirectory();
  writeFileSync(join(folder, 'image.tar'), await dockerArchive(await image(), { layout: 'docker25' }));
  return folder;
}

async function put(registry: DockerRegistry, folder: string, params: object, name = 'saved') {
  const request = {
    source: { repository: `${registry.host}/${name}`, tag: 'a' },
    params: { image: 'image.tar', ...params },
  };
  const { status, stdout, stderr } = await runExecutable('out', { request, directory: folder });
  expect(`${status} ${stderr}`).toMatch(/^0 /);
  return { stderr, digest: String(JSON.parse(stdout).version.digest) };
}

/** Runs another tool and expects success. */
async function tool(command: string, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram(command, args);
  expect(`${status} ${stderr}`).toMatch(/^0 /);
  return stdout;
}

const everything = [
  { compression: 'gzip', compression_level: 9 },
  { compression: 'zstd' },
  { compression: 'zstd', compression_level: 19 },
];

describeServices(['docker-registry', 'skopeo'], 'a put with a compression', () => {
  it.each(everything)('with %j is read by skopeo, decompressed to the layers of before', async (params) => {
    await using registry = await startDockerRegistry();
    const { digest } = await put(registry, await artifacts(), params);
    const source = `docker://${registry.host}/saved@${digest}`;
    const [copied, plain] = [await temporaryDirectory(), await temporaryDirectory()];
    await tool('skopeo', 'copy', '-q', '--src-tls-verify=false', source, `dir:${copied}`);
    const manifest = readFileSync(join(copied, 'manifest.json'));
    expect(digestOf(manifest)).toBe(digest);
    await tool('skopeo', 'copy', '-q', '--src-tls-verify=false', '--dest-decompress', source, `dir:${plain}`);
    const { layers } = await image();
    for (const { diffId, tar } of layers) {
      expect(readFileSync(join(plain, diffId.slice('sha256:'.length))).equals(tar)).toBe(true);
    }
  });

  it('with zstd is an OCI image with the config of before', async () => {
    await using registry = await startDockerRegistry();
    const { digest } = await put(registry, await artifacts(), { compression: 'zstd' });
    const source = `docker://${registry.host}/saved@${digest}`;
    const manifest = JSON.parse(await tool('skopeo', 'inspect', '--raw', '--tls-verify=false', source));
    expect(manifest.mediaType).toBe(mediaTypes.ociManifest);
    expect(manifest.config).toMatchObject({
      mediaType: mediaTypes.ociConfig,
      digest: (await image()).config.digest,
    });
    expect(manifest.layers).toMatchObject([
      { mediaType: mediaTypes.ociLayerZstd },
      { mediaType: mediaTypes.ociLayerZstd },
    ]);
  });

  it.each(everything)('with %j has the same digest again, and sends no blob again', async (params) => {
    await using registry = await startDockerRegistry();
    const folder = await artifacts();
    const first = await put(registry, folder, params);
    const again = await put(registry, folder, params);
    const elsewhere = await put(registry, folder, params, 'elsewhere');
    expect([again.digest, elsewhere.digest]).toEqual([first.digest, first.digest]);
    expect(again.stderr).not.toContain('pushed blob');
  });

  it('with only_if_changed compresses nothing where the image is published', async () => {
    await using registry = await startDockerRegistry();
    const folder = await artifacts();
    const { digest } = await put(registry, folder, {});
    const request = {
      source: { repository: `${registry.host}/saved`, tag: 'a' },
      params: { image: 'image.tar', only_if_changed: true },
    };
    const environment = { TMPDIR: '/nonexistent/for-layers' };
    const unchanged = await runExecutable('out', { request, directory: folder, environment });
    expect(unchanged).toMatchObject({ status: 0 });
    expect(JSON.parse(unchanged.stdout).version.digest).toBe(digest);
    const other = { ...request, source: { ...request.source, tag: 'b' } };
    const changed = await runExecutable('out', { request: other, directory: folder, environment });
    expect(changed).toMatchObject({ status: 1, stdout: '' });
    expect(changed.stderr).toContain('could not compress layer');
  });

  it('with zstd is fetched by in as the files of before', async () => {
    await using registry = await startDockerRegistry();
    const { digest } = await put(registry, await artifacts(), { compression: 'zstd' });
    const fetched = await temporaryDirectory();
    const request = {
      source: { repository: `${registry.host}/saved` },
      version: { tag: 'a', digest },
    };
    const { status, stderr } = await runExecutable('in', { request, directory: fetched });
    expect(`${status} ${stderr}`).toMatch(/^0 /);
    expect(readFileSync(join(fetched, 'rootfs/etc/noise')).equals(noise)).toBe(true);
    expect(readFileSync(join(fetched, 'rootfs/etc/words'), 'utf8')).toBe(words);
    expect(readdirSync(join(fetched, 'rootfs')).sort()).toEqual(['etc', 'link']);
  });

  it.each([
    { compression: 'zstd', compression_level: 20 },
    { compression_level: 0 },
    { compression: 'brotli' },
  ])('with %j fails with nothing on stdout', async (params) => {
    const request = {
      source: { repository: '127.0.0.1:9/none', tag: 'a' },
      params: { image: 'image.tar', ...params },
    };
    const { status, stdout, stderr } = await runExecutable('out', { request, directory: await artifacts() });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/compression/);
  });
});

describeServices(['docker-registry', 'buildah'], 'a put with zstd layers', () => {
  it('is unpacked by buildah, which compares the layers with their diff ids', async () => {
    await using registry = await startDockerRegistry();
    const { digest } = await put(registry, await artifacts(), { compression: 'zstd' });
    const storage = await temporaryDirectory();
    const buildah = (...args: string[]) =>
      tool(
        'buildah',
        ...['--root', join(storage, 'root'), '--runroot', join(storage, 'run'), '--storage-driver', 'vfs'],
        ...args,
      );
    const source = `docker://${registry.host}/saved@${digest}`;
    const container = (await buildah('from', '--quiet', '--tls-verify=false', source)).trim();
    const mounted = (await buildah('mount', container)).trim();
    expect(readFileSync(join(mounted, 'etc/noise')).equals(noise)).toBe(true);
    expect(readFileSync(join(mounted, 'etc/words'), 'utf8')).toBe(words);
    await buildah('rm', container);
  });
});
