import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ArchiveReader } from '../../src/tar/archive-reader.ts';
import { displayName } from '../../src/tar/byte-string.ts';
import { type TarEntry, TruncatedArchiveError } from '../../src/tar/tar-entry.ts';
import {
  archive,
  base256,
  endMarker,
  header,
  type Member,
  member,
  padded,
  paxRecord,
} from '../support/tar-builder.ts';

interface Read {
  readonly entry: TarEntry;
  readonly content: string;
}

function read(bytes: Buffer, pieceLength = bytes.length): Read[] {
  const all: Read[] = [];
  let current: TarEntry | undefined;
  let content: Buffer[] = [];
  const reader = new ArchiveReader({
    begin(entry) {
      current = entry;
      content = [];
    },
    content: (piece) => content.push(Buffer.from(piece)),
    end() {
      if (current) {
        all.push({ entry: current, content: Buffer.concat(content).toString('latin1') });
      }
    },
  });
  for (let at = 0; at < bytes.length; at += Math.max(1, pieceLength)) {
    reader.push(bytes.subarray(at, at + pieceLength));
  }
  reader.finish();
  return all;
}

function readOne(...members: readonly Member[]): TarEntry {
  const [first, second] = read(archive(...members, { name: 'after', content: 'intact' }));
  expect(second).toMatchObject({ entry: { name: 'after' }, content: 'intact' });
  return first!.entry;
}

const long = `${'directory/'.repeat(30)}file`;

describe('names of entries', () => {
  it.each<[string, Member[], string]>([
    ['a ustar header', [{ name: 'etc/passwd' }], 'etc/passwd'],
    ['a ustar header with a prefix', [{ name: 'file', prefix: 'deep/directory' }], 'deep/directory/file'],
    ['a full field without NUL', [{ name: 'n'.repeat(100) }], 'n'.repeat(100)],
    ['a v7 header', [{ name: 'old', dialect: 'v7' }], 'old'],
    ['a v7 header, which has no prefix', [{ name: 'old', dialect: 'v7', prefix: 'x' }], 'old'],
    ['a GNU long name', [{ type: 'L', content: `${long}\0` }, { name: 'cut' }], long],
    ['a pax path', [{ name: 'cut', pax: { path: long } }], long],
    [
      'a GNU long name rather than a pax path',
      [{ type: 'L', content: 'gnu\0' }, { pax: { path: 'pax' } }],
      'gnu',
    ],
    ['the header when the pax path is empty', [{ name: 'own', pax: { path: '' } }], 'own'],
    [
      'only the last of two extended headers',
      [
        { type: 'x', content: paxRecord('path', 'first') },
        { name: 'own', pax: { comment: 'x' } },
      ],
      'own',
    ],
    [
      'a GNU header with a prefix, as Go before 1.8 wrote it',
      [{ name: 'file', prefix: 'usr/share', dialect: 'gnu' }],
      'usr/share/file',
    ],
    ['a header with .., which the reader does not check', [{ name: '../../x' }], '../../x'],
  ])('takes the name from %s', (_, members, expected) => {
    expect(readOne(...members).name).toBe(expected);
  });

  it('keeps the bytes of a name that is not UTF-8', () => {
    const bytes = Buffer.from([0x66, 0xff, 0xfe, 0x2e]);
    expect(Buffer.from(readOne({ name: bytes }).name, 'latin1')).toEqual(bytes);
    expect(Buffer.from(readOne({ pax: { path: bytes } }).name, 'latin1')).toEqual(bytes);
  });

  it('decodes UTF-8 names for display', () => {
    expect(displayName(readOne({ name: 'größe/☺' }).name)).toBe('größe/☺');
  });

  it.each<[string, Member[]]>([
    ['a ustar header', [{ name: 'l', type: '2', link: '../target' }]],
    [
      'a GNU long link',
      [
        { type: 'K', content: '../target\0' },
        { name: 'l', type: '2', link: 'cut' },
      ],
    ],
    ['a pax linkpath', [{ name: 'l', type: '2', link: 'cut', pax: { linkpath: '../target' } }]],
  ])('takes the target of a link from %s', (_, members) => {
    expect(readOne(...members)).toMatchObject({ type: 'symlink', linkName: '../target' });
  });
});

describe('numbers of entries', () => {
  it('takes numbers from the header', () => {
    expect(readOne({ name: 'a', mode: 0o4711, uid: 1000, gid: 100, mtime: 675_927_030 })).toMatchObject({
      mode: 0o4711,
      userId: 1000,
      groupId: 100,
      modified: { seconds: 675_927_030, nanoseconds: 0 },
      accessed: undefined,
    });
  });

  it('takes numbers from base-256 fields', () => {
    const entry = readOne({ uid: base256(4_000_000_000n, 8), gid: base256(-2n, 8), mtime: base256(-5n, 12) });
    expect(entry).toMatchObject({ userId: 4_000_000_000, groupId: -2, modified: { seconds: -5 } });
  });

  it('takes numbers from the extended header', () => {
    const pax = {
      uid: '70000',
      gid: '70001',
      mtime: '1350244992.023960108',
      atime: '1350244993.5',
      size: '0',
    };
    expect(readOne({ uid: 1, gid: 2, pax })).toMatchObject({
      userId: 70000,
      groupId: 70001,
      modified: { seconds: 1350244992, nanoseconds: 23960108 },
      accessed: { seconds: 1350244993, nanoseconds: 500000000 },
    });
  });

  it('finds the next entry by the size of the extended header', () => {
    const bytes = Buffer.concat([
      member({ name: 'a', pax: { size: '600' }, size: 0 }),
      padded('x'.repeat(600)),
      archive({ name: 'b', content: 'next' }),
    ]);
    expect(read(bytes).map(({ content }) => content)).toEqual(['x'.repeat(600), 'next']);
  });
});

describe('extended attributes', () => {
  it('come from pax records with their bytes', () => {
    const pax = {
      'SCHILY.xattr.user.a=b': 'x',
      'SCHILY.xattr.security.capability': Buffer.from([1, 0, 0xff, 0x0a]),
      'SCHILY.acl.access': 'ignored',
    };
    expect(readOne({ pax }).extendedAttributes).toEqual(
      new Map([
        ['user.a', 'b=x'],
        ['security.capability', '\x01\x00\xff\x0a'],
      ]),
    );
    expect(readOne({ pax: { mtime: '1' } }).extendedAttributes).toBeUndefined();
    expect(readOne({ name: 'a' }).extendedAttributes).toBeUndefined();
  });
});

describe('types of entries', () => {
  it.each([
    ['0', 'file'],
    ['\0', 'file'],
    ['1', 'hardlink'],
    ['2', 'symlink'],
    ['3', 'character-device'],
    ['4', 'block-device'],
    ['5', 'directory'],
    ['6', 'fifo'],
    ['7', 'file'],
    ['V', 'unsupported'],
    ['Z', 'unsupported'],
  ])('reads type flag %j as %s', (type, expected) => {
    expect(readOne({ name: 'a', type }).type).toBe(expected);
  });

  it('reads a file whose name ends with a slash as a directory in the old format only', () => {
    expect(readOne({ name: 'a/', type: '\0' }).type).toBe('directory');
    expect(readOne({ name: 'a/', type: '0' }).type).toBe('file');
  });

  it.each(['1', '2', '3', '4', '5', '6'])(
    'ignores a size on type %s, so that no entry after it is lost',
    (type) => {
      expect(readOne({ name: 'a', type, size: 1_000_000 }).storedSize).toBe(0);
    },
  );

  it('skips the content of unknown types', () => {
    expect(readOne({ name: 'a', type: 'Z', content: 'x'.repeat(700) }).storedSize).toBe(700);
  });

  it('ignores global extended headers, and the extended headers before them', () => {
    const global = { type: 'g', content: paxRecord('path', 'global') };
    expect(readOne(global, { name: 'own' }).name).toBe('own');
    expect(
      readOne({ type: 'x', content: paxRecord('path', 'announced') }, global, { name: 'own' }).name,
    ).toBe('own');
  });
});

describe('sparse files', () => {
  const runs = [
    { offset: 512, length: 3 },
    { offset: 2000, length: 2 },
  ];
  const map = '2\n512\n3\n2000\n2\n';
  it.each<[string, Member]>([
    ['0.0', { content: 'abcde', pax: {}, name: 'own' }],
    [
      '0.1',
      {
        content: 'abcde',
        pax: {
          'GNU.sparse.major': '0',
          'GNU.sparse.minor': '1',
          'GNU.sparse.numblocks': '2',
          'GNU.sparse.map': '512,3,2000,2',
          'GNU.sparse.size': '3000',
          'GNU.sparse.name': 'named',
        },
      },
    ],
    [
      '1.0',
      {
        content: Buffer.concat([padded(map), Buffer.from('abcde')]),
        pax: {
          'GNU.sparse.major': '1',
          'GNU.sparse.minor': '0',
          'GNU.sparse.realsize': '3000',
          'GNU.sparse.name': 'named',
        },
      },
    ],
  ])('reads a sparse file of GNU format %s', (version, given) => {
    const pairs = ['offset', '512', 'numbytes', '3', 'offset', '2000', 'numbytes', '2'];
    const records = [
      paxRecord('GNU.sparse.size', '3000'),
      paxRecord('GNU.sparse.numblocks', '2'),
      paxRecord('GNU.sparse.name', 'named'),
    ];
    for (let at = 0; at < pairs.length; at += 2) {
      records.push(paxRecord(`GNU.sparse.${pairs[at]}`, pairs[at + 1]!));
    }
    const extended = version === '0.0' ? [{ type: 'x', content: Buffer.concat(records) }] : [];
    const own = version === '0.0' ? { name: 'own', content: 'abcde' } : given;
    const [first, second] = read(archive(...extended, own, { name: 'after' }));
    expect(first).toMatchObject({
      content: 'abcde',
      entry: { name: 'named', type: 'file', size: 3000, sparse: runs },
    });
    expect(second?.entry.name).toBe('after');
  });

  const sparse = (map: string, size = '3000', content = 'abcde') => ({
    content,
    pax: {
      'GNU.sparse.map': map,
      'GNU.sparse.numblocks': String(map.split(',').length / 2),
      'GNU.sparse.size': size,
    },
  });
  it.each<[string, Member]>([
    ['runs that overlap', sparse('0,3,2,2')],
    ['runs in descending order', sparse('9,3,2,2')],
    ['a run after the end of the file', sparse('0,3,2999,2')],
    ['a run of negative length', sparse('0,8,9,-3')],
    ['runs longer than the content', sparse('0,3,9,2', '3000', 'abcd')],
    ['runs shorter than the content', sparse('0,3,9,2', '3000', 'abcdef')],
    ['an offset that is not a number', sparse('0,3,x,2')],
    ['a size that is not a number', sparse('0,3,9,2', '1e9')],
    [
      'a missing number',
      { ...sparse('0,5'), pax: { 'GNU.sparse.map': '0,5,9', 'GNU.sparse.numblocks': '2' } },
    ],
    [
      'a map in the content without an end',
      { content: `${'9'.repeat(700)}`, pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' } },
    ],
    [
      'a count larger than the content',
      { content: padded('99999999\n'), pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' } },
    ],
    [
      'a symbolic link',
      {
        ...sparse(''),
        type: '2',
        link: 'x',
        pax: { 'GNU.sparse.major': '0', 'GNU.sparse.minor': '1', 'GNU.sparse.numblocks': '0' },
      },
    ],
  ])('refuses a sparse file with %s', (_, given) => {
    expect(() => read(archive(given))).toThrow(/sparse|impossible size/);
  });

  const oldRun = (offset: number, length: number) =>
    Buffer.from(`${offset.toString(8).padStart(11, '0')} ${length.toString(8).padStart(11, '0')} `);
  /** A sparse file of the old GNU format: four runs in the header, 21 in each block after it. */
  function oldSparse(
    given: readonly (readonly [number, number])[],
    size: number,
    content: string,
    more: Member = {},
  ): Buffer {
    const own = given.slice(0, 4).map(([offset, length]) => oldRun(offset, length));
    const blocks: Buffer[] = [];
    for (let at = 4; at < given.length; at += 21) {
      const block = Buffer.alloc(512);
      Buffer.concat(given.slice(at, at + 21).map(([offset, length]) => oldRun(offset, length))).copy(block);
      block[504] = at + 21 < given.length ? 1 : 0;
      blocks.push(block);
    }
    const patch = (block: Buffer) => {
      Buffer.concat(own).copy(block, 386);
      block[482] = blocks.length > 0 ? 1 : 0;
      block.write(`${size.toString(8).padStart(11, '0')}\0`, 483, 'latin1');
    };
    const head = header({ name: 'old', type: 'S', size: content.length, dialect: 'gnu', patch, ...more });
    return Buffer.concat([head, ...blocks, padded(content), archive({ name: 'after' })]);
  }

  it.each([1, 4, 5, 25, 26, 60])('reads a sparse file of the old GNU format with %i runs', (count) => {
    const given = Array.from({ length: count }, (_, index) => [index * 1000 + 7, 2] as const);
    const size = count * 1000;
    expect(read(oldSparse([...given, [size, 0]], size, 'ab'.repeat(count)))).toMatchObject([
      {
        content: 'ab'.repeat(count),
        entry: {
          name: 'old',
          type: 'file',
          size,
          sparse: [...given, [size, 0] as const].map(([offset, length]) => ({ offset, length })),
        },
      },
      { entry: { name: 'after' } },
    ]);
  });

  it.each<[string, Buffer]>([
    [
      'runs that overlap',
      oldSparse(
        [
          [0, 3],
          [2, 2],
        ],
        100,
        'abcde',
      ),
    ],
    [
      'a run after the end of the file',
      oldSparse(
        [
          [0, 3],
          [99, 2],
        ],
        100,
        'abcde',
      ),
    ],
    [
      'runs longer than the content',
      oldSparse(
        [
          [0, 3],
          [9, 3],
        ],
        100,
        'abcde',
      ),
    ],
    ['a missing map block', oldSparse(Array(5).fill([0, 1]), 9, '').subarray(0, 512)],
    ['a header of another format', oldSparse([[0, 5]], 100, 'abcde', { dialect: 'ustar' })],
  ])('refuses a sparse file of the old GNU format with %s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(/sparse|another format/);
  });
});

describe('the end of an archive', () => {
  const one = member({ name: 'a', content: 'text' });
  it.each([
    ['at two blocks of zeros', Buffer.concat([one, endMarker])],
    ['at one block of zeros without more', Buffer.concat([one, Buffer.alloc(512)])],
    ['where a header may start', one],
    ['without padding after the last content', one.subarray(0, 512 + 4)],
    ['at the end marker, whatever follows', Buffer.concat([one, endMarker, Buffer.from('rubbish')])],
  ])('accepts an archive that ends %s', (_, bytes) => {
    expect(read(bytes).map(({ content }) => content)).toEqual(['text']);
  });

  it('reads no entries from an empty archive', () => {
    expect(read(Buffer.alloc(0))).toEqual([]);
  });

  it('ignores entries after the end marker', () => {
    expect(read(Buffer.concat([endMarker, one]))).toEqual([]);
  });

  it.each([
    ['a header', Buffer.concat([one, one.subarray(0, 511)])],
    ['the second block of the end marker', Buffer.concat([one, Buffer.alloc(512 + 100)])],
    ['content', Buffer.concat([one, header({ name: 'b', size: 5000 }), Buffer.alloc(4999)])],
    ['content of which nothing has arrived', header({ name: 'b', size: 5000 })],
    ['an extended header', header({ type: 'x', size: 100 })],
  ])('refuses an archive that ends in the middle of %s as truncated', (_, bytes) => {
    expect(() => read(bytes)).toThrow(TruncatedArchiveError);
  });

  it('refuses a single block of zeros between entries', () => {
    expect(() => read(Buffer.concat([one, Buffer.alloc(512), one]))).toThrow('single block of zeros');
  });
});

describe('hostile and damaged headers', () => {
  it.each<[string, Buffer]>([
    ['a wrong checksum', header({ name: 'a', spoil: (block) => block.fill('b', 0, 1) })],
    ['text instead of an archive', Buffer.alloc(1024, 'this is not a tar archive. ')],
    ['a size that is not a number', header({ size: Buffer.from('zzzzzzzzzzz\0') })],
    ['a negative size', header({ size: base256(-1n, 12) })],
    ['a size beyond the exact integers', header({ size: base256(2n ** 60n, 12) })],
    ['a size beyond 64 bits', header({ size: base256(2n ** 80n, 12) })],
    ['a negative size in the extended header', member({ pax: { size: '-1' } })],
    ['an id that is not a number', header({ uid: Buffer.from('99999999') })],
    ['a pax number that is not a number', member({ pax: { uid: 'root' } })],
    ['a pax time that is not a time', member({ pax: { mtime: 'now' } })],
    ['a pax change time that is not a time', member({ pax: { ctime: 'now' } })],
    [
      'an extended header of 4 GiB, which would have to be kept in memory',
      header({ type: 'x', size: 2 ** 32 }),
    ],
    ['a long name of 4 GiB, which would have to be kept in memory', header({ type: 'L', size: 2 ** 32 })],
    ['a record without a length', member({ type: 'x', content: 'path=x\n' })],
    ['a record longer than the header', member({ type: 'x', content: '99 path=x\n' })],
    ['a record of length 0', member({ type: 'x', content: '0 path=x\n' })],
    ['a record without a keyword', member({ type: 'x', content: '6 =xx\n' })],
    ['a record without a line feed', member({ type: 'x', content: '9 path=xy' })],
    ['a NUL in a path', member({ pax: { path: 'a\0b' } })],
  ])('refuses %s', (_, bytes) => {
    expect(() => read(Buffer.concat([bytes, endMarker]))).toThrow(/tar|impossible size/);
  });

  it('accepts a checksum over signed bytes, as Sun wrote it', () => {
    const bytes = header({ name: Buffer.from([0xe4]) });
    const sum = bytes.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0) - 256;
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(read(bytes)).toHaveLength(1);
  });

  it('does not change the prototype of objects by keywords of records', () => {
    readOne({ pax: { ['__proto__']: 'x', constructor: 'y' } });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

test('reads the same entries whatever the chunks', () => {
  const bytes = archive(
    { name: 'a', content: 'x'.repeat(1300) },
    { name: 'd/', type: '5' },
    { name: 'cut', pax: { path: long, mtime: '1.5' }, content: 'text' },
    { type: 'K', content: `${long}\0` },
    { name: 'l', type: '2' },
  );
  const whole = read(bytes);
  expect(whole).toHaveLength(4);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), (length) => {
      expect(read(bytes, length)).toEqual(whole);
    }),
  );
});

test('reads entries or throws an ArchiveError, and no other error, when an archive is cut or changed anywhere', () => {
  const bytes = archive(
    { name: 'a', content: 'x'.repeat(600) },
    { pax: { path: long, uid: '7' }, content: 'text' },
  );
  fc.assert(
    fc.property(fc.nat(bytes.length), fc.nat(bytes.length - 1), fc.nat(255), (end, at, byte) => {
      const changed = Buffer.from(bytes);
      changed[at] = byte;
      try {
        read(changed.subarray(0, end));
      } catch (error) {
        expect((error as Error).name).toMatch(/ArchiveError$/);
      }
    }),
    { numRuns: 2000 },
  );
});
