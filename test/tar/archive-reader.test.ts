import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ArchiveReader } from '../../src/tar/archive-reader.ts';
import { displayName, type TarEntry, TruncatedArchiveError } from '../../src/tar/tar-entry.ts';
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
  const [first, second] = read(archive(...members, { name: 'behind', content: 'intact' }));
  expect(second).toMatchObject({ entry: { name: 'behind' }, content: 'intact' });
  return first!.entry;
}

const long = `${'directory/'.repeat(30)}file`;

describe('names', () => {
  it.each<[string, Member[], string]>([
    ['ustar', [{ name: 'etc/passwd' }], 'etc/passwd'],
    ['ustar with a prefix', [{ name: 'file', prefix: 'deep/directory' }], 'deep/directory/file'],
    ['a full field without NUL', [{ name: 'n'.repeat(100) }], 'n'.repeat(100)],
    ['v7', [{ name: 'old', dialect: 'v7' }], 'old'],
    ['v7 has no prefix', [{ name: 'old', dialect: 'v7', prefix: 'x' }], 'old'],
    ['GNU long name', [{ type: 'L', content: `${long}\0` }, { name: 'cut' }], long],
    ['pax path', [{ name: 'cut', pax: { path: long } }], long],
    ['GNU long name over pax path', [{ type: 'L', content: 'gnu\0' }, { pax: { path: 'pax' } }], 'gnu'],
    ['an empty pax path keeps the own name', [{ name: 'own', pax: { path: '' } }], 'own'],
    [
      'the last of two extended headers wins whole',
      [
        { type: 'x', content: paxRecord('path', 'first') },
        { name: 'own', pax: { comment: 'x' } },
      ],
      'own',
    ],
    [
      'a prefix that Go before 1.8 wrote into GNU headers',
      [{ name: 'file', prefix: 'usr/share', dialect: 'gnu' }],
      'usr/share/file',
    ],
    ['climbing names are left for others to judge', [{ name: '../../x' }], '../../x'],
  ])('%s', (_, members, expected) => {
    expect(readOne(...members).name).toBe(expected);
  });

  it('keeps the bytes of a name that is not UTF-8', () => {
    const bytes = Buffer.from([0x66, 0xff, 0xfe, 0x2e]);
    expect(Buffer.from(readOne({ name: bytes }).name, 'latin1')).toEqual(bytes);
    expect(Buffer.from(readOne({ pax: { path: bytes } }).name, 'latin1')).toEqual(bytes);
  });

  it('shows UTF-8 as text', () => {
    expect(displayName(readOne({ name: 'größe/☺' }).name)).toBe('größe/☺');
  });

  it.each<[string, Member[]]>([
    ['ustar', [{ name: 'l', type: '2', link: '../target' }]],
    [
      'GNU long link',
      [
        { type: 'K', content: '../target\0' },
        { name: 'l', type: '2', link: 'cut' },
      ],
    ],
    ['pax linkpath', [{ name: 'l', type: '2', link: 'cut', pax: { linkpath: '../target' } }]],
  ])('link name by %s', (_, members) => {
    expect(readOne(...members)).toMatchObject({ type: 'symlink', linkName: '../target' });
  });
});

describe('numbers', () => {
  it('come from the header', () => {
    expect(readOne({ name: 'a', mode: 0o4711, uid: 1000, gid: 100, mtime: 675_927_030 })).toMatchObject({
      mode: 0o4711,
      userId: 1000,
      groupId: 100,
      modified: { seconds: 675_927_030, nanoseconds: 0 },
      accessed: undefined,
    });
  });

  it('come from base-256 fields', () => {
    const entry = readOne({ uid: base256(4_000_000_000n, 8), gid: base256(-2n, 8), mtime: base256(-5n, 12) });
    expect(entry).toMatchObject({ userId: 4_000_000_000, groupId: -2, modified: { seconds: -5 } });
  });

  it('come from the extended header', () => {
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

  it('the size of the extended header counts, also for where the next entry begins', () => {
    const bytes = Buffer.concat([
      member({ name: 'a', pax: { size: '600' }, size: 0 }),
      padded('x'.repeat(600)),
      archive({ name: 'b', content: 'next' }),
    ]);
    expect(read(bytes).map(({ content }) => content)).toEqual(['x'.repeat(600), 'next']);
  });
});

describe('types', () => {
  it.each([
    ['0', 'file'],
    ['\0', 'file'],
    ['1', 'hardlink'],
    ['2', 'symlink'],
    ['3', 'character-device'],
    ['4', 'block-device'],
    ['5', 'directory'],
    ['6', 'fifo'],
    ['7', 'unsupported'],
    ['S', 'unsupported'],
    ['V', 'unsupported'],
    ['Z', 'unsupported'],
  ])('%j is a %s', (type, expected) => {
    expect(readOne({ name: 'a', type }).type).toBe(expected);
  });

  it('an old-style directory is a file whose name ends with a slash', () => {
    expect(readOne({ name: 'a/', type: '\0' }).type).toBe('directory');
    expect(readOne({ name: 'a/', type: '0' }).type).toBe('file');
  });

  it.each(['1', '2', '3', '4', '5', '6'])(
    'a size on type %s does not swallow the entries behind it',
    (type) => {
      expect(readOne({ name: 'a', type, size: 1_000_000 }).storedSize).toBe(0);
    },
  );

  it('content of unknown types is stepped over', () => {
    expect(readOne({ name: 'a', type: 'Z', content: 'x'.repeat(700) }).storedSize).toBe(700);
  });

  it('global extended headers are ignored, and end what was announced before them', () => {
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
  ])('format %s', (version, given) => {
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
    const [first, second] = read(archive(...extended, own, { name: 'behind' }));
    expect(first).toMatchObject({
      content: 'abcde',
      entry: { name: 'named', type: 'file', size: 3000, sparse: runs },
    });
    expect(second?.entry.name).toBe('behind');
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
    ['runs that go back', sparse('9,3,2,2')],
    ['a run behind the end', sparse('0,3,2999,2')],
    ['a run of negative length', sparse('0,8,9,-3')],
    ['less content than runs', sparse('0,3,9,2', '3000', 'abcd')],
    ['more content than runs', sparse('0,3,9,2', '3000', 'abcdef')],
    ['numbers that are none', sparse('0,3,x,2')],
    ['a size that is none', sparse('0,3,9,2', '1e9')],
    [
      'a number missing',
      { ...sparse('0,5'), pax: { 'GNU.sparse.map': '0,5,9', 'GNU.sparse.numblocks': '2' } },
    ],
    [
      'a map in the content that never ends',
      { content: `${'9'.repeat(700)}`, pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' } },
    ],
    [
      'a count beyond all content',
      { content: padded('99999999\n'), pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' } },
    ],
    [
      'a link',
      {
        ...sparse(''),
        type: '2',
        link: 'x',
        pax: { 'GNU.sparse.major': '0', 'GNU.sparse.minor': '1', 'GNU.sparse.numblocks': '0' },
      },
    ],
  ])('%s is an error', (_, given) => {
    expect(() => read(archive(given))).toThrow(/sparse|impossible size/);
  });

  it('the further map blocks of an old GNU sparse file are stepped over', () => {
    const continued = Buffer.alloc(512);
    continued[504] = 1;
    const bytes = Buffer.concat([
      header({ name: 'old', type: 'S', size: 5, dialect: 'gnu', patch: (block) => block.fill(1, 482, 483) }),
      continued,
      Buffer.alloc(512),
      padded('abcde'),
      archive({ name: 'behind' }),
    ]);
    expect(read(bytes)).toMatchObject([
      { content: 'abcde', entry: { type: 'unsupported' } },
      { entry: { name: 'behind' } },
    ]);
  });
});

describe('the end', () => {
  const one = member({ name: 'a', content: 'text' });
  it.each([
    ['two blocks of zeros', Buffer.concat([one, endMarker])],
    ['one block of zeros and no more', Buffer.concat([one, Buffer.alloc(512)])],
    ['no more bytes where a header may start', one],
    ['no padding behind the last content', one.subarray(0, 512 + 4)],
    ['anything behind the marker', Buffer.concat([one, endMarker, Buffer.from('rubbish')])],
  ])('%s', (_, bytes) => {
    expect(read(bytes).map(({ content }) => content)).toEqual(['text']);
  });

  it('an empty archive has no entries', () => {
    expect(read(Buffer.alloc(0))).toEqual([]);
  });

  it('entries behind the marker do not count', () => {
    expect(read(Buffer.concat([endMarker, one]))).toEqual([]);
  });

  it.each([
    ['a header', Buffer.concat([one, one.subarray(0, 511)])],
    ['the second block of the end', Buffer.concat([one, Buffer.alloc(512 + 100)])],
    ['content', Buffer.concat([one, header({ name: 'b', size: 5000 }), Buffer.alloc(4999)])],
    ['content that has not begun', header({ name: 'b', size: 5000 })],
    ['an extended header', header({ type: 'x', size: 100 })],
  ])('in the middle of %s is an error that tells it apart', (_, bytes) => {
    expect(() => read(bytes)).toThrow(TruncatedArchiveError);
  });

  it('a single block of zeros between entries is an error', () => {
    expect(() => read(Buffer.concat([one, Buffer.alloc(512), one]))).toThrow('single block of zeros');
  });
});

describe('hostile and damaged headers', () => {
  it.each<[string, Buffer]>([
    ['a wrong checksum', header({ name: 'a', spoil: (block) => block.fill('b', 0, 1) })],
    ['text instead of an archive', Buffer.alloc(1024, 'this is not a tar archive. ')],
    ['a size that is no number', header({ size: Buffer.from('zzzzzzzzzzz\0') })],
    ['a negative size', header({ size: base256(-1n, 12) })],
    ['a size beyond counting', header({ size: base256(2n ** 60n, 12) })],
    ['a size beyond 64 bits', header({ size: base256(2n ** 80n, 12) })],
    ['a negative size in the extended header', member({ pax: { size: '-1' } })],
    ['an id that is no number', header({ uid: Buffer.from('99999999') })],
    ['a pax number that is none', member({ pax: { uid: 'root' } })],
    ['a pax time that is none', member({ pax: { mtime: 'now' } })],
    ['a pax change time that is none', member({ pax: { ctime: 'now' } })],
    ['an extended header of 4 GiB, which would be held in memory', header({ type: 'x', size: 2 ** 32 })],
    ['a long name of 4 GiB, which would be held in memory', header({ type: 'L', size: 2 ** 32 })],
    ['a record without a length', member({ type: 'x', content: 'path=x\n' })],
    ['a record longer than the header', member({ type: 'x', content: '99 path=x\n' })],
    ['a record of no length', member({ type: 'x', content: '0 path=x\n' })],
    ['a record without a keyword', member({ type: 'x', content: '6 =xx\n' })],
    ['a record without a line feed', member({ type: 'x', content: '9 path=xy' })],
    ['a NUL in a path', member({ pax: { path: 'a\0b' } })],
  ])('%s', (_, bytes) => {
    expect(() => read(Buffer.concat([bytes, endMarker]))).toThrow(/tar|impossible size/);
  });

  it('a checksum over signed bytes is accepted, as Sun wrote it', () => {
    const bytes = header({ name: Buffer.from([0xe4]) });
    const sum = bytes.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0) - 256;
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(read(bytes)).toHaveLength(1);
  });

  it('keywords cannot reach the prototype of anything', () => {
    readOne({ pax: { ['__proto__']: 'x', constructor: 'y' } });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

test('any chunking gives the same entries', () => {
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

test('an archive cut or changed anywhere gives entries or an ArchiveError, never another failure', () => {
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
