import { describe, expect, it } from 'vitest';
import { ArchiveReader } from '../../src/tar/archive-reader.ts';
import { endOfArchive, entryHeader, padding } from '../../src/tar/archive-writer.ts';

function read(bytes: Buffer): { name: string; size: number; mode: number; type: string }[] {
  const found: { name: string; size: number; mode: number; type: string }[] = [];
  const reader = new ArchiveReader({
    begin: ({ name, size, mode, type }) => found.push({ name: String(name), size, mode, type }),
    content: () => undefined,
    end: () => undefined,
  });
  reader.push(bytes);
  return found;
}

describe('entryHeader', () => {
  it.each([0, 1, 512, 8 ** 11 - 1])('writes one block for a file of %i bytes', (size) => {
    const header = entryHeader({ name: 'manifest.json', size });
    expect(header).toHaveLength(512);
    expect(read(header)).toMatchObject([{ name: 'manifest.json', size, mode: 0o644 }]);
  });

  it.each([8 ** 11, 8 ** 11 + 1, 10 ** 13])(
    'writes a pax header for a file of %i bytes, too many for octal digits',
    (size) => {
      const header = entryHeader({ name: `${'a'.repeat(64)}.tar.gz`, size });
      expect(header).toHaveLength(3 * 512);
      const [record = ''] = header.toString('latin1', 512).split('\0', 1);
      expect(record).toBe(`${record.length} size=${size}\n`);
      expect(read(header)).toMatchObject([{ name: `${'a'.repeat(64)}.tar.gz`, size }]);
    },
  );

  it('refuses a name of more than 100 characters', () => {
    expect(() => entryHeader({ name: 'a'.repeat(101), size: 0 })).toThrow('too long');
  });
});

describe('the end of content', () => {
  it.each([
    [0, 0],
    [1, 511],
    [511, 1],
    [512, 0],
    [513, 511],
  ])('pads content of %i bytes with %i zeros', (size, zeros) => {
    expect(padding(size)).toEqual(Buffer.alloc(zeros));
  });

  it('ends an archive with two blocks of zeros', () => {
    expect(endOfArchive).toEqual(Buffer.alloc(1024));
  });
});
