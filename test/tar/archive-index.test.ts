import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { type ArchiveEntry, indexArchive } from '../../src/tar/archive-index.ts';
import { TruncatedArchiveError } from '../../src/tar/tar-entry.ts';
import { archive, header, member } from '../support/tar-builder.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-index-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function indexOf(bytes: Buffer): Promise<ArchiveEntry[]> {
  const path = join(await mkdtemp(join(directory, 'case-')), 'image.tar');
  await writeFile(path, bytes);
  const file = await open(path);
  try {
    return await indexArchive(file, 'image.tar');
  } finally {
    await file.close();
  }
}

describe('indexArchive', () => {
  it('finds every member and where its content lies', async () => {
    const bytes = archive(
      { name: 'blobs/', type: '5' },
      { name: 'blobs/a', content: 'x'.repeat(1000) },
      { name: 'cut', pax: { path: 'größe/manifest.json' }, content: '[{}]' },
      { name: 'link', type: '2', link: '../a' },
    );
    const entries = await indexOf(bytes);
    expect(entries.map(({ name, type, linkName, size }) => [name, type, linkName, size])).toEqual([
      ['blobs/', 'directory', '', 0],
      ['blobs/a', 'file', '', 1000],
      ['größe/manifest.json', 'file', '', 4],
      ['link', 'symlink', '../a', 0],
    ]);
    const { offset, size } = entries[2]!;
    expect(bytes.subarray(offset, offset + size).toString()).toBe('[{}]');
  });

  it('lists a sparse file as unsupported, because its content is not contiguous', async () => {
    const pax = { 'GNU.sparse.map': '512,3', 'GNU.sparse.numblocks': '1', 'GNU.sparse.size': '600' };
    expect(await indexOf(archive({ name: 'layer.tar', content: 'abc', pax }))).toMatchObject([
      { type: 'unsupported' },
    ]);
  });

  it('reads an empty file as an archive without members', async () => {
    expect(await indexOf(Buffer.alloc(0))).toEqual([]);
  });

  it.each([
    ['text', Buffer.alloc(2000, 'not an archive ')],
    ['gzip', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(2000, 7)])],
  ])('reports that %s is not a tar archive', async (_, bytes) => {
    await expect(indexOf(bytes)).rejects.toThrow('image.tar is not a tar archive');
  });

  it.each([
    [
      'the content of its last member',
      Buffer.concat([member({ name: 'a' }), header({ name: 'layer.tar', size: 5000 })]),
    ],
    ['a header', Buffer.concat([member({ name: 'a', content: 'x' }), header({}).subarray(0, 100)])],
    ['its only header', header({}).subarray(0, 100)],
  ])('reports that a file that ends in %s is cut short', async (_, bytes) => {
    const error = await indexOf(bytes).catch((reason) => reason);
    expect(error.message).toBe('image.tar is cut short');
    expect(error.cause).toBeInstanceOf(TruncatedArchiveError);
  });

  it('reports a damaged header after valid ones as damage', async () => {
    const bytes = Buffer.concat([member({ name: 'a' }), Buffer.alloc(1024, 'x')]);
    const error = await indexOf(bytes).catch((reason) => reason);
    expect(errorText(error)).toBe('image.tar is damaged: a tar header has a wrong checksum');
  });

  it('skips content instead of reading it', async () => {
    const path = join(await mkdtemp(join(directory, 'case-')), 'huge.tar');
    const file = await open(path, 'w+');
    await file.write(header({ name: 'layer.tar', size: 2 ** 32 }));
    await file.truncate(512 + 2 ** 32);
    await file.write(member({ name: 'manifest.json', content: '[]' }), 0, null, 512 + 2 ** 32);
    expect(await indexArchive(file, path)).toMatchObject([
      { name: 'layer.tar', size: 2 ** 32, offset: 512 },
      { name: 'manifest.json', size: 2, offset: 2 ** 32 + 1024 },
    ]);
    await file.close();
  });
});
