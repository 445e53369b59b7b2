// params.compression of a put: what is sent, what is not sent again, and what keeps its bytes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { runOut } from '../../src/command/out.ts';
import { detectCompression } from '../../src/compression/detect.ts';
import { parseIndex } from '../../src/oci/image-index.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { type ArchiveLayout, dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, type Image } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/image';

let image: Image;
let sources: string;

beforeEach(async () => {
  sources = await temporaryDirectory();
  image = await buildImage({
    format: 'docker',
    layers: [[file('a', 'words and words, '.repeat(200_000))], [file('b', 'b')]],
  });
});

async function saved(layout: ArchiveLayout): Promise<void> {
  writeFileSync(join(sources, 'image.tar'), await dockerArchive(image, { layout }));
}

async function put(registry: TestRegistry, params: object, tag = 'v1') {
  const { answer, stderr } = await runCommand(runOut, {
    request: {
      source: { repository: `${registry.host}/${name}`, tag },
      params: { image: 'image.tar', ...params },
    },
    directory: sources,
  });
  return { stderr, version: answer === undefined ? undefined : JSON.parse(answer).version };
}

function manifestAt(registry: TestRegistry, reference: string) {
  const stored = registry.manifest(name, reference);
  return {
    type: stored?.mediaType,
    digest: stored?.digest,
    ...parseManifest(stored?.bytes ?? Buffer.alloc(0), reference),
  };
}

function blobsSent({ requests }: TestRegistry): string[] {
  return requests.filter(({ method }) => method === 'PATCH' || method === 'POST').map(({ path }) => path);
}

describe('the layers of a put', () => {
  it.each<[object, 'gzip' | 'zstd', string, string]>([
    [{}, 'gzip', mediaTypes.dockerManifest, mediaTypes.dockerLayerGzip],
    [{ compression: 'gzip' }, 'gzip', mediaTypes.dockerManifest, mediaTypes.dockerLayerGzip],
    [{ compression_level: 9 }, 'gzip', mediaTypes.dockerManifest, mediaTypes.dockerLayerGzip],
    [{ compression: 'zstd' }, 'zstd', mediaTypes.ociManifest, mediaTypes.ociLayerZstd],
    [{ compression: 'zstd', compression_level: 19 }, 'zstd', mediaTypes.ociManifest, mediaTypes.ociLayerZstd],
  ])('with %j are %s, in the image that this needs', async (params, format, manifestType, layerType) => {
    await saved('classic');
    await using registry = await startRegistry();
    const { version, stderr } = await put(registry, params);
    const manifest = manifestAt(registry, 'v1');
    expect(version).toEqual({ tag: 'v1', digest: manifest.digest });
    expect(manifest.type).toBe(manifestType);
    expect(manifest.config.digest).toBe(image.config.digest);
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([layerType, layerType]);
    const plain = manifest.layers.map(({ digest }) => {
      const bytes = registry.blob(name, digest) ?? Buffer.alloc(0);
      expect(detectCompression(bytes)).toBe(format);
      return format === 'zstd' ? zstdDecompressSync(bytes) : gunzipSync(bytes);
    });
    expect(plain).toEqual(image.layers.map(({ tar }) => tar));
    expect(stderr).not.toContain('keep their bytes');
  });

  it('have the same digests with gzip as without a compression', async () => {
    await saved('classic');
    await using registry = await startRegistry();
    await put(registry, {}, 'before');
    await put(registry, { compression: 'gzip', compression_level: 1 }, 'after');
    expect(manifestAt(registry, 'after').digest).toBe(manifestAt(registry, 'before').digest);
  });

  it.each([{ compression: 'gzip' }, { compression: 'zstd' }, { compression: 'zstd', compression_level: 7 }])(
    'with %j have the same digests again, and are not sent again',
    async (params) => {
      await saved('classic');
      await using registry = await startRegistry();
      const first = await put(registry, params);
      const sent = blobsSent(registry).length;
      const again = await put(registry, params);
      expect(again.version).toEqual(first.version);
      expect(blobsSent(registry)).toHaveLength(sent);
    },
  );

  it('are sent when only their compression changes, but not the config', async () => {
    await saved('classic');
    await using registry = await startRegistry();
    await put(registry, {});
    const { stderr } = await put(registry, { compression: 'zstd' });
    expect(stderr).toContain(` existing blob: ${image.config.digest}\n`);
    expect(stderr.match(/ pushed blob: /g)).toHaveLength(2);
  });

  it('stay as they are published when only_if_changed is set', async () => {
    await saved('classic');
    await using registry = await startRegistry();
    const first = await put(registry, {});
    const again = await put(registry, { compression: 'zstd', only_if_changed: true });
    expect(again.version).toEqual(first.version);
    expect(again.stderr).toContain('nothing pushed: tag v1 has the same image');
  });
});

describe('layers that are compressed already', () => {
  it('of a tarball keep their bytes, which the log says once', async () => {
    await saved('compressed');
    await using registry = await startRegistry();
    const { version, stderr } = await put(registry, { compression: 'zstd' });
    expect(version).toEqual({ tag: 'v1', digest: image.digest });
    expect(stderr.match(/keep their bytes/g)).toHaveLength(1);
    expect(stderr).toContain('params.compression: 2 layers of ');
  });

  it('of an OCI layout keep their bytes, which the log says once', async () => {
    await writeOciLayout(join(sources, 'oci'), image, { singleImageDigest: true });
    await using registry = await startRegistry();
    const { version, stderr } = await put(registry, { image: 'oci', compression: 'zstd' });
    expect(version).toEqual({ tag: 'v1', digest: image.digest });
    expect(stderr.match(/keep their bytes/g)).toHaveLength(1);
    expect(stderr).toContain('params.compression: all layers of ');
  });

  it('are not mentioned where no compression is asked for', async () => {
    await saved('compressed');
    await using registry = await startRegistry();
    expect((await put(registry, {})).stderr).not.toContain('keep their bytes');
  });
});

it('compresses the tarballs among manifests', async () => {
  await saved('classic');
  await using registry = await startRegistry();
  const { version } = await put(registry, {
    image: '',
    manifests: [{ image: 'image.tar', platform: { os: 'linux', architecture: 'amd64' } }],
    compression: 'zstd',
  });
  expect(version).toBeDefined();
  const index = registry.manifest(name, 'v1');
  const [child] = parseIndex(index?.bytes ?? Buffer.alloc(0), 'the index').manifests;
  expect(child?.mediaType).toBe(mediaTypes.ociManifest);
  const { layers } = manifestAt(registry, child?.digest ?? '');
  expect(layers.map(({ mediaType }) => mediaType)).toEqual([
    mediaTypes.ociLayerZstd,
    mediaTypes.ociLayerZstd,
  ]);
});

it.each([
  [{ compression: 'lz4' }, 'unknown compression provided'],
  [{ compression: 'zstd', compression_level: 20 }, 'must be a whole number from 1 to 19 for zstd'],
  [{ compression_level: 0 }, 'must be a whole number from 1 to 9 for gzip'],
])('refuses %j before any request', async (params, reason) => {
  await saved('classic');
  await using registry = await startRegistry();
  const { version, stderr } = await put(registry, params);
  expect(version).toBeUndefined();
  expect(stderr).toContain(reason);
  expect(registry.requests).toEqual([]);
});
