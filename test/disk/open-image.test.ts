import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openImage } from '../../src/disk/open-image.ts';
import { errorHint, errorText, UserError } from '../../src/errors.ts';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage } from '../support/images.ts';
import { directory, file, tarOf } from '../support/layers.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const image = await buildImage({ format: 'docker', layers: [[file('a')]] });
const archive = await dockerArchive(image, { layout: 'compressed' });

const tarred = {
  layout: await tarOf([file('oci-layout', '{}'), file('index.json', '{}'), directory('blobs')]),
  layoutInDirectory: await tarOf([file('oci/index.json')]),
  rootDirectory: await tarOf([file('bin/sh')]),
  nothing: await tarOf([]),
};

async function failureOf(path: string): Promise<{ text: string; hint: string | undefined }> {
  const error = await openImage(path, { temporaryDirectory: path }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  const text = errorText(error);
  const prefix = `could not load image from path '${path}': `;
  expect(text.startsWith(prefix)).toBe(true);
  return { text: text.slice(prefix.length), hint: errorHint(error) };
}

describe('openImage', () => {
  it('opens a file as a tarball, through symbolic links too', async () => {
    const place = await temporaryDirectory();
    await writeFile(join(place, 'image.tar'), archive);
    await symlink('image.tar', join(place, 'link'));
    const opened = await openImage(join(place, 'link'), { temporaryDirectory: place });
    expect(opened.root?.digest).toBe(image.digest);
    await opened.close();
  });

  it('opens a directory as an OCI layout', async () => {
    const place = await temporaryDirectory();
    await writeOciLayout(place, image, { singleImageDigest: true });
    const opened = await openImage(place, { temporaryDirectory: place });
    expect(opened.root?.digest).toBe(image.digest);
    await opened.close();
  });
});

describe('openImage when it is aborted', () => {
  const reason = new Error('SIGTERM');

  it.each([
    ['a tarball', (place: string) => writeFile(join(place, 'image'), archive)],
    ['a layout', (place: string) => writeOciLayout(join(place, 'image'), image)],
  ])('throws the reason of the signal for %s', async (_case, write) => {
    const place = await temporaryDirectory();
    await write(place);
    const opened = openImage(join(place, 'image'), {
      temporaryDirectory: place,
      signal: AbortSignal.abort(reason),
    });
    await expect(opened).rejects.toBe(reason);
  });
});

describe('openImage of a file that is not an image', () => {
  it.each([
    ['empty', Buffer.alloc(0), 'the file is empty', 'docker save'],
    ['gzip-ed', gzipSync(archive), 'the file is compressed with gzip', 'gunzip'],
    ['zstd-ed', zstdCompressSync(archive), 'the file is compressed with zstd', 'unzstd'],
    ['bzip2-ed', Buffer.from('BZh91AY&SY'), 'the file is compressed with bzip2', 'bunzip2'],
    ['xz-ed', Buffer.from('fd377a585a0000', 'hex'), 'the file is compressed with xz', 'unxz'],
    ['a tarred OCI layout', tarred.layout, 'it is an OCI layout (it has oci-layout)', 'unpack it'],
    ['a tarred directory with one', tarred.layoutInDirectory, 'it has oci/index.json', 'unpack it'],
    ['a tarred root directory', tarred.rootDirectory, 'file manifest.json not found', 'docker save'],
    ['an empty archive', tarred.nothing, 'file manifest.json not found', 'docker save'],
    ['something else', Buffer.alloc(4096, 'text '), 'the file is not a tar archive', 'docker save'],
    [
      'a short text',
      Buffer.from('text'),
      'the file is not a tar archive: it has only 4 bytes',
      'docker save',
    ],
    ['cut short', archive.subarray(0, 700), 'the file is cut short', undefined],
  ])('reports a file that is %s', async (_case, content, text, hint) => {
    const path = join(await temporaryDirectory(), 'image.tar');
    await writeFile(path, content);
    const failure = await failureOf(path);
    expect(failure.text).toContain(text);
    expect(failure.hint ?? '').toContain(hint ?? '');
  });

  it('reports the index of an OCI layout, short or long, with the hint to use its directory', async () => {
    const path = join(await temporaryDirectory(), 'index.json');
    for (const content of ['{}', JSON.stringify({ manifests: Array(100).fill({ size: 1 }) })]) {
      await writeFile(path, content);
      const failure = await failureOf(path);
      expect(failure.text).toContain('the file is not a tar archive');
      expect(failure.hint).toBe('this is a part of an OCI layout: use the directory that it is in');
    }
  });

  it('reports a missing file with its path', async () => {
    const path = join(await temporaryDirectory(), 'gone.tar');
    expect((await failureOf(path)).text).toContain('ENOENT');
  });

  it('reports a socket', async () => {
    const path = join(await temporaryDirectory(), 'socket');
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    expect((await failureOf(path)).text).toContain('neither a file nor a directory');
    server.close();
  });
});

describe('openImage of a directory that is not an image', () => {
  it.each([
    ['with one tarball', ['image.tar', 'tag'], /^did you mean .+\/image\.tar\?$/],
    ['with several tarballs', ['b.tar', 'a.tar'], /^name one of its tarballs: a\.tar, b\.tar$/],
    ['with an OCI layout inside', ['oci/index.json', 'tag'], /^did you mean .+\/oci\?$/],
    ['from a get with format rootfs', ['rootfs/bin/sh', 'metadata.json'], /format: oci/],
    ['of an unpacked tarball', ['manifest.json', 'x/layer.tar'], /unpacked image tarball/],
    ['that is empty', [], /the directory is empty/],
    ['of something else', ['README.md'], /docker save/],
  ])('reports a directory %s with a hint', async (_case, names, hint) => {
    const place = await temporaryDirectory();
    for (const name of names) {
      await mkdir(join(place, name, '..'), { recursive: true });
      await writeFile(join(place, name), '');
    }
    const failure = await failureOf(place);
    expect(failure.text).toBe('the directory is not an OCI layout: it has no index.json');
    expect(failure.hint).toMatch(hint);
  });
});
