// Loading docker-save tarballs, against what go-containerregistry makes of the same files.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { detectCompression } from '../../src/compression/detect.ts';
import { openImage } from '../../src/disk/open-image.ts';
import type { ContentNode } from '../../src/oci/content.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { isForeignLayerType } from '../../src/oci/media-type.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { loadCases } from './cases.ts';

interface SynthCase {
  kind: string;
  name: string;
  tarball_gzip_base64: string;
  ok: boolean;
  compressed_by_writer: boolean;
  config: string;
  config_digest: string;
  config_size: number;
  diff_ids?: string[];
  layers?: {
    media_type: string;
    digest?: string;
    size?: number;
    diff_id: string;
    uncompressed_sha256?: string;
  }[];
  manifest?: string;
  manifest_digest?: string;
}

const cases = loadCases<SynthCase>('synth', ({ name }) => name).filter(({ kind }) => kind === 'load');

function unpacked(bytes: Buffer): Buffer {
  const unpack = { gzip: gunzipSync, zstd: zstdDecompressSync, none: (plain: Buffer) => plain };
  return unpack[detectCompression(bytes)](bytes);
}

async function plant(vector: SynthCase) {
  const directory = await temporaryDirectory();
  const path = join(directory, 'image.tar');
  await writeFile(path, gunzipSync(Buffer.from(vector.tarball_gzip_base64, 'base64')));
  return { path, directory };
}

describe('tarballs that are no image', () => {
  it.each(cases.filter(({ ok }) => !ok))('$name', async (vector) => {
    const { path, directory } = await plant(vector);
    await expect(openImage(path, { temporaryDirectory: directory })).rejects.toThrow(
      'could not load image from path',
    );
  });
});

describe('tarballs of an image', () => {
  it.each(cases.filter(({ ok }) => ok))('$name', async (vector) => {
    const { path, directory } = await plant(vector);
    const image = await openImage(path, { temporaryDirectory: directory });
    const nodes: ContentNode[] = [];
    const contents = new Map<string, Buffer>();
    for await (const node of image.nodes(async () => false)) {
      nodes.push(node);
      contents.set(node.descriptor.digest, await buffer(await node.open()));
    }
    await image.close();

    const [config] = nodes;
    const root = nodes.at(-1);
    expect(root?.kind).toBe('manifest');
    const manifest = parseManifest(
      contents.get(root?.descriptor.digest ?? '') ?? Buffer.alloc(0),
      'the manifest',
    );
    expect(config?.descriptor).toMatchObject({ digest: vector.config_digest, size: vector.config_size });
    expect(contents.get(vector.config_digest)?.toString()).toBe(vector.config);
    expect(manifest.config).toEqual(config?.descriptor);
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(
      (vector.layers ?? []).map(({ media_type }) => media_type),
    );
    if (!vector.compressed_by_writer) {
      expect(contents.get(root?.descriptor.digest ?? '')?.toString()).toBe(vector.manifest);
      expect(root?.descriptor.digest).toBe(vector.manifest_digest);
      expect(image.root).toEqual(root?.descriptor);
    }
    for (const [position, expected] of (vector.layers ?? []).entries()) {
      const { digest, mediaType } = manifest.layers[position] ?? { mediaType: '' };
      const content = contents.get(digest ?? '');
      if (isForeignLayerType(mediaType)) {
        expect(content).toBeUndefined();
      } else {
        expect(digestOf(unpacked(content ?? Buffer.alloc(0)))).toBe(expected.diff_id);
      }
    }
  });
});
