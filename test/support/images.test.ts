// The images of the tests are valid: other tools read them, and they contain what their names say.
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from './child-process.ts';
import { describeServices } from './describe-services.ts';
import { type ArchiveLayout, dockerArchive, writeOciLayout } from './image-files.ts';
import { attestationOf, buildImage, buildIndex, emptyImage, type Image, isIndex } from './images.ts';
import { buildLayer, file } from './layers.ts';
import * as testImages from './test-images.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'images-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function succeed(program: string, ...programArguments: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram(program, programArguments);
  expect(`${status} ${stderr}`).toMatch(/^0 /);
  return stdout;
}

describe('the images of the tests', () => {
  it('the empty image equals the one of upstream’s tests', () => {
    const { digest, config, bytes } = emptyImage();
    expect(config.digest).toBe('sha256:5b943e2b943f6c81dbbd4e2eca5121f4fcc39139e3d1219d6d89bd925b77d9fe');
    expect(digest).toBe('sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4');
    expect([config.bytes.length, bytes.length]).toEqual([115, 264]);
  });

  it('the digest of an image depends on its content only', async () => {
    const [first, again, other] = await Promise.all([
      testImages.staticImage(),
      testImages.staticImage(),
      testImages.staticImage('older\n'),
    ]);
    expect(again.digest).toBe(first.digest);
    expect(other.digest).not.toBe(first.digest);
  });

  it('the layers of the zstd image are compressed with zstd', async () => {
    const { layers } = await testImages.zstdImage();
    expect(layers.map(({ bytes }) => bytes.readUInt32LE(0))).toEqual([0xfd2fb528, 0xfd2fb528]);
  });

  it('a classic tarball links a repeated layer to its first occurrence', async () => {
    const layer = await buildLayer([file('same')], { format: 'docker' });
    const archive = await dockerArchive(await buildImage({ format: 'docker', layers: [layer, layer] }));
    const files = new Set<string>();
    const targets: string[] = [];
    const reader = extract();
    reader.on('entry', ({ name, type, linkname }, stream, next) => {
      if (type === 'symlink') {
        targets.push(posix.join(posix.dirname(name), linkname));
      } else {
        files.add(name);
      }
      stream.on('end', () => next());
      stream.resume();
    });
    reader.end(archive);
    await new Promise((resolve) => reader.on('finish', () => resolve(undefined)));
    expect(targets.map((target) => files.has(target))).toEqual([true]);
  });

  it('an index lists the platforms of its images and marks attestations', async () => {
    const image = await buildImage({ platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } });
    const index = buildIndex([image, await attestationOf(image), buildIndex([image])]);
    const { manifests } = JSON.parse(index.bytes.toString());
    expect(manifests.map(({ platform }: { platform?: object }) => platform)).toEqual([
      { os: 'linux', architecture: 'arm64', variant: 'v8' },
      { os: 'unknown', architecture: 'unknown' },
      undefined,
    ]);
    expect(manifests[1].annotations['vnd.docker.reference.digest']).toBe(image.digest);
    expect(index.children.map(isIndex)).toEqual([false, false, true]);
  });
});

describeServices(['skopeo'], 'skopeo and the images of the tests', () => {
  const repeated = async (): Promise<Image> => {
    const layer = await buildLayer([file('same')], { format: 'docker' });
    return await buildImage({ format: 'docker', layers: [layer, [file('other')], layer] });
  };

  it.each<ArchiveLayout>(['classic', 'docker25', 'compressed'])(
    'skopeo reads a %s tarball',
    async (layout) => {
      const image = await repeated();
      const archive = join(folder, 'image.tar');
      await writeFile(archive, await dockerArchive(image, { layout, tags: ['example.test/app:v1'] }));
      await succeed(
        'skopeo',
        'copy',
        '-q',
        `docker-archive:${archive}:example.test/app:v1`,
        `dir:${folder}/copy`,
      );
      const copied = JSON.parse(await readFile(join(folder, 'copy', 'manifest.json'), 'utf8'));
      expect(copied.config.digest).toBe(image.config.digest);
      expect(copied.layers).toHaveLength(3);
    },
  );

  it('skopeo reads an OCI layout of an index, and of an image', async () => {
    const image = await repeated();
    const index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })]);
    await writeOciLayout(join(folder, 'index'), index, { nested: true, tag: 'v1' });
    await writeOciLayout(join(folder, 'image'), image, { singleImageDigest: true });
    await succeed('skopeo', 'copy', '-q', '--all', `oci:${folder}/index:v1`, `dir:${folder}/copy`);
    expect(await readFile(join(folder, 'copy', 'manifest.json'))).toEqual(index.bytes);
    expect(await succeed('skopeo', 'inspect', '--raw', `oci:${folder}/image`)).toBe(image.bytes.toString());
    expect(await readFile(join(folder, 'image', 'single-image-digest'), 'utf8')).toBe(image.digest);
  });
});

describeServices(['umoci', 'skopeo'], 'umoci and the images of the tests', () => {
  async function unpacked(image: Image): Promise<string> {
    // umoci knows OCI types only: skopeo translates.
    await writeFile(join(folder, 'image.tar'), await dockerArchive(image, { layout: 'compressed' }));
    await succeed('skopeo', 'copy', '-q', `docker-archive:${folder}/image.tar`, `oci:${folder}/layout:v1`);
    await succeed('umoci', 'unpack', '--rootless', '--image', `${folder}/layout:v1`, `${folder}/bundle`);
    return join(folder, 'bundle', 'rootfs');
  }

  async function added(root: string): Promise<string[]> {
    const base = /^(bin|etc|home|tmp)(\/|$)/;
    return (await readdir(root, { recursive: true })).filter((name) => !base.test(name)).sort();
  }

  it('umoci removes what the whiteout image removes', async () => {
    expect(await added(await unpacked(await testImages.whiteoutImage()))).toEqual([
      'top-dir-1',
      'top-dir-1/nested-dir',
      'top-dir-1/nested-dir/file-here',
      'top-dir-1/nested-dir/file-recreated',
      'top-dir-1/nested-dir/file-then-dir',
      'top-dir-1/nested-file',
      'top-dir-3',
      'top-dir-3/nested-dir',
      'top-dir-4',
    ]);
  });

  it('umoci keeps a hard link whose first name an upper layer removes', async () => {
    const root = await unpacked(await testImages.removedHardlinksImage());
    expect(await added(root)).toEqual(['hardlink-test', 'hardlink-test/hardlink-file']);
    expect(await readFile(join(root, 'hardlink-test/hardlink-file'), 'utf8')).toBe('FROM test\n');
  });

  it('umoci replaces a symbolic link by the file of an upper layer', async () => {
    const root = await unpacked(await testImages.symlinksImage());
    expect(await readFile(join(root, 'a'), 'utf8')).toBe('symlinked\n');
    expect((await lstat(join(root, 'b'))).isFile()).toBe(true);
  });

  it('umoci sets mode and time of the file in the permissions image', async () => {
    const root = await unpacked(await testImages.filePermissionsImage());
    const { mode, mtime } = await lstat(join(root, 'home/alex/birthday'));
    expect([mode & 0o7777, mtime.toISOString()]).toEqual([0o603, '1991-06-03T05:30:30.000Z']);
  });
});
