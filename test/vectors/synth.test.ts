// Reading and writing docker save tarballs equals go-containerregistry.
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { detectCompression } from '../../src/compression/detect.ts';
import type { ContentNode } from '../../src/content/content-graph.ts';
import { openImage } from '../../src/disk/open-image.ts';
import { waitingTime } from '../../src/get/late-content.ts';
import { remoteImage } from '../../src/get/remote-image.ts';
import { saveArchive } from '../../src/get/save-image.ts';
import { createLimiter } from '../../src/limiter.ts';
import { digestHex, digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { isForeignLayerType } from '../../src/oci/media-type.ts';
import { parseRepository, tagReference } from '../../src/oci/reference.ts';
import { getManifest } from '../../src/registry/manifest-endpoint.ts';
import { repositoryReader } from '../../src/registry/repository-reader.ts';
import { indexArchive } from '../../src/tar/archive-index.ts';
import { noProgress } from '../../src/transfer/progress.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startRegistry } from '../support/registry.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { openTestSession, recordedLog } from '../support/test-session.ts';
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

interface ArchiveCase {
  kind: string;
  name: string;
  repository: string;
  tag: string;
  manifest_media_type: string;
  manifest: string;
  blobs_base64: Record<string, string>;
  entries: {
    name: string;
    type: string;
    mode: number;
    uid: number;
    gid: number;
    mtime: number;
    sha256: string;
  }[];
  manifest_json: string;
  tar_size: number;
  tar_sha256: string;
}

const cases = loadCases<SynthCase>('synth', ({ name }) => name).filter(({ kind }) => kind === 'load');
const archiveCases = loadCases<ArchiveCase>('synth', ({ name }) => name).filter(
  ({ kind }) => kind === 'image.tar',
);

function decompressed(bytes: Buffer): Buffer {
  const decompress = { gzip: gunzipSync, zstd: zstdDecompressSync, none: (plain: Buffer) => plain };
  return decompress[detectCompression(bytes)](bytes);
}

async function writeTarball(vector: SynthCase) {
  const directory = await temporaryDirectory();
  const path = join(directory, 'image.tar');
  await writeFile(path, gunzipSync(Buffer.from(vector.tarball_gzip_base64, 'base64')));
  return { path, directory };
}

describe('vectors of invalid tarballs', () => {
  it.each(cases.filter(({ ok }) => !ok))('refuses the tarball: $name', async (vector) => {
    const { path, directory } = await writeTarball(vector);
    await expect(openImage(path, { temporaryDirectory: directory })).rejects.toThrow(
      'could not load image from path',
    );
  });
});

describe('vectors of tarballs', () => {
  it.each(cases.filter(({ ok }) => ok))('reads the tarball: $name', async (vector) => {
    const { path, directory } = await writeTarball(vector);
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
        expect(digestOf(decompressed(content ?? Buffer.alloc(0)))).toBe(expected.diff_id);
      }
    }
  });
});

describe('vectors of image.tar', () => {
  it('exist', () => {
    expect(archiveCases.length).toBeGreaterThan(0);
  });

  it.each(archiveCases)('writes image.tar byte for byte: $name', async (vector) => {
    const repository = parseRepository(vector.repository);
    await using registry = await startRegistry();
    for (const content of Object.values(vector.blobs_base64)) {
      registry.putBlob(repository.path, Buffer.from(content, 'base64'));
    }
    const digest = registry.putManifest(
      repository.path,
      undefined,
      vector.manifest_media_type,
      vector.manifest,
    );
    const session = await openTestSession(`${registry.host}/${repository.path}`);
    const served = await getManifest(session, digest);
    const directory = await temporaryDirectory();
    const clock = createFakeClock();
    await saveArchive(remoteImage(repositoryReader(session), served), {
      digest,
      platform: { os: 'linux', architecture: 'amd64' },
      format: 'oci',
      detail: 'nothing',
      directory,
      repoTag: tagReference(repository, vector.tag),
      whole: new Set(),
      asRoot: false,
      missing: waitingTime({ total: 0, pause: 0 }, clock),
      limiter: createLimiter(1),
      clock,
      log: recordedLog(),
      progress: noProgress,
    });
    const path = join(directory, 'image.tar');
    const bytes = await readFile(path);
    const file = await open(path);
    const entries = await indexArchive(file, path);
    await file.close();
    const contentOf = ({ offset, size }: { offset: number; size: number }) =>
      bytes.subarray(offset, offset + size);
    expect(entries.map((entry) => ({ name: entry.name, sha256: sha256(contentOf(entry)) }))).toEqual(
      vector.entries.map(({ name, sha256 }) => ({ name, sha256 })),
    );
    expect(contentOf(entries.at(-1) ?? { offset: 0, size: 0 }).toString()).toBe(vector.manifest_json);
    expect({ size: bytes.length, sha256: digestOf(bytes) }).toEqual({
      size: vector.tar_size,
      sha256: vector.tar_sha256,
    });
  });

  function sha256(content: Uint8Array): string {
    return digestHex(digestOf(content));
  }
});
