import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { causes, errorText } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { emptyTree } from '../../src/rootfs/remove-tree.ts';
import { type UnpackLayer, unpackLayers } from '../../src/rootfs/unpack.ts';
import { TruncatedArchiveError } from '../../src/tar/tar-entry.ts';
import { archive, type Member, member } from '../support/tar-builder.ts';
import { isRoot, layerOf, newPlace, recordingLog, tree, unpackInto } from '../support/unpacking.ts';

let place: ReturnType<typeof newPlace>;
let root: string;
beforeEach(() => {
  place = newPlace();
  root = place.root;
});
afterEach(() => place.remove());

/** Whether an error says that compressed or archived data stopped in the middle. */
function isEarlyEnd(error: unknown): boolean {
  return [...causes(error)].some(
    (level) =>
      level instanceof TruncatedArchiveError ||
      (level instanceof Error && 'code' in level && level.code === 'Z_BUF_ERROR'),
  );
}

async function unpacked(...layers: Member[][]): Promise<Record<string, string>> {
  emptyTree(root);
  expect(
    await unpackInto(
      root,
      layers.map((members) => archive(...members)),
    ),
  ).toBeUndefined();
  return tree(root);
}

const file = (name: string, content = name, more: Partial<Member> = {}): Member => ({
  name,
  content,
  ...more,
});
const directory = (name: string, more: Partial<Member> = {}): Member => ({
  name: `${name}/`,
  type: '5',
  ...more,
});
const symlink = (name: string, link: string): Member => ({ name, type: '2', link });
const hardLink = (name: string, link: string): Member => ({ name, type: '1', link });
const mode = (name: string) => lstatSync(join(root, name)).mode & 0o7777;

describe('layers', () => {
  it('creates no directory when there are no layers', async () => {
    expect(await unpackInto(root, [])).toBeUndefined();
    expect(existsSync(root)).toBe(false);
  });

  it.each([
    ['uncompressed', (bytes: Buffer) => bytes],
    ['compressed with gzip', gzipSync],
    ['compressed with zstd', zstdCompressSync],
    [
      'two gzip members',
      (bytes: Buffer) => Buffer.concat([gzipSync(bytes.subarray(0, 700)), gzipSync(bytes.subarray(700))]),
    ],
  ])('unpacks layers that are %s', async (_, compress) => {
    expect(
      await unpackInto(root, [Buffer.from(compress(archive(file('a', 'x'.repeat(5000)), file('b'))))]),
    ).toBeUndefined();
    expect(tree(root)).toEqual({ a: 'x'.repeat(5000), b: 'b' });
  });

  it('ignores layers without content', async () => {
    expect(await unpackInto(root, [archive(file('a')), Buffer.alloc(0), gzipSync('')])).toBeUndefined();
    expect(tree(root)).toEqual({ a: 'a' });
  });

  it('ignores garbage after the end of the archive', async () => {
    const layer = gzipSync(Buffer.concat([archive(file('a')), Buffer.alloc(10_000, 'rubbish')]));
    expect(await unpackInto(root, [layer])).toBeUndefined();
    expect(tree(root)).toEqual({ a: 'a' });
  });

  it('replaces files of lower layers', async () => {
    expect(await unpacked([file('a', 'old'), file('b')], [file('a', 'new')])).toEqual({ a: 'new', b: 'b' });
  });
});

describe('an entry whose name is taken', () => {
  const kinds: Record<string, Member[]> = {
    file: [file('x', 'file')],
    directory: [directory('x'), file('x/in', 'in')],
    'link to a file': [file('target', 'kept'), symlink('x', 'target')],
    'link to a directory': [directory('dir'), file('dir/kept', 'kept'), symlink('x', 'dir')],
    'dangling link': [symlink('x', 'nowhere')],
  };
  const results: Record<string, [Member, Record<string, string>]> = {
    file: [file('x', 'new'), { x: 'new' }],
    directory: [directory('x'), { 'x/': '' }],
    link: [symlink('x', 'elsewhere'), { x: '-> elsewhere' }],
    'hard link': [hardLink('x', 'shared'), { x: 'shared' }],
  };
  const cases = Object.keys(kinds).flatMap((below) =>
    Object.keys(results).map((above) => [above, below] as const),
  );
  it.each(cases)('replaces by a %s a %s of the same name', async (above, below) => {
    const [entry, expected] = results[above]!;
    const lower = [file('shared'), ...kinds[below]!];
    const result = await unpacked(lower, [entry]);
    const kept = Object.fromEntries(Object.entries(await result).filter(([name]) => !name.startsWith('x')));
    const children = above === 'directory' && below === 'directory' ? { 'x/in': 'in' } : {};
    expect(result).toEqual({ ...kept, ...expected, ...children });
    expect(kept).toMatchObject(below === 'link to a file' ? { target: 'kept' } : { shared: 'shared' });
    expect(kept['dir/kept']).toBe(below === 'link to a directory' ? 'kept' : undefined);
  });
});

describe('parent directories without an entry', () => {
  it('creates missing parent directories with mode 0755 whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      await unpacked([file('a/b/c')]);
    } finally {
      process.umask(before);
    }
    expect([mode('a'), mode('a/b'), mode('a/b/c')]).toEqual([0o755, 0o755, 0o644]);
  });

  it('follows parent directories that are links inside the root', async () => {
    const result = await unpacked(
      [directory('usr/lib'), symlink('lib', 'usr/lib'), symlink('etc/abs', '/usr/lib')],
      [file('lib/a'), file('etc/abs/b')],
    );
    expect(result).toMatchObject({
      'usr/lib/a': 'lib/a',
      'usr/lib/b': 'etc/abs/b',
      lib: '-> usr/lib',
      'etc/abs': '-> /usr/lib',
    });
  });

  it('refuses an entry below a file', async () => {
    expect(await unpackInto(root, [archive(file('a'), file('a/b'))])).toMatch(
      /cannot unpack "a\/b": "a" in its path is not a directory$/,
    );
  });

  it('refuses an entry below a cycle of links', async () => {
    expect(await unpackInto(root, [archive(symlink('a', 'b'), symlink('b', 'a'), file('a/x'))])).toMatch(
      /too many symbolic links/,
    );
  });
});

describe('attributes', () => {
  it('sets all twelve bits of the mode, whatever the umask', async () => {
    const before = process.umask(0o077);
    const modes = [0o603, 0o4755, 0o2755, 0o1777, 0o000, 0o666, 0o100644];
    try {
      await unpacked(
        modes.map((bits) => file(`f${bits}`, 'x', { mode: bits })),
        modes.map((bits) => directory(`d${bits}`, { mode: bits })),
      );
    } finally {
      process.umask(before);
    }
    for (const bits of modes) {
      expect([mode(`f${bits}`), mode(`d${bits}`)]).toEqual([bits & 0o7777, bits & 0o7777]);
    }
  });

  it.runIf(isRoot)('sets the owner, of links too, and keeps set-user-id', async () => {
    await unpacked([
      file('a', 'a', { uid: 1000, gid: 1001, mode: 0o4711 }),
      { ...symlink('l', 'a'), uid: 1002, gid: 1003 },
      directory('d', { uid: 1004, gid: 1005, mode: 0o2770 }),
    ]);
    const owners = ['a', 'l', 'd']
      .map((name) => lstatSync(join(root, name)))
      .map(({ uid, gid }) => [uid, gid]);
    expect(owners).toEqual([
      [1000, 1001],
      [1002, 1003],
      [1004, 1005],
    ]);
    expect([mode('a'), mode('d')]).toEqual([0o4711, 0o2770]);
  });

  it.runIf(isRoot)('sets the owner of a hard link on the shared file, and keeps set-user-id', async () => {
    await unpacked([
      file('a', 'a', { mode: 0o4755, uid: 5 }),
      { ...hardLink('b', 'a'), uid: 7, gid: 8, mode: 0o600 },
    ]);
    expect(lstatSync(join(root, 'a'))).toMatchObject({ uid: 7, gid: 8, nlink: 2 });
    expect(mode('a')).toBe(0o4755);
  });

  it('sets times to the microsecond, of links and directories too', async () => {
    const time = { pax: { mtime: '1350244992.023960108' } };
    await unpacked(
      [directory('d', time), file('d/f', 'x', time), { ...symlink('d/l', 'f'), ...time }],
      [file('d/later'), file('d/.wh.f')],
    );
    for (const name of ['d', 'd/l']) {
      expect(lstatSync(join(root, name), { bigint: true }).mtimeNs / 1000n).toBe(1350244992023960n);
    }
  });

  it('sets the attributes of the root from an entry ./, not from an entry .', async () => {
    await unpacked([
      { name: './', type: '5', mtime: 1000, mode: 0o711 },
      { name: '.', type: '5', mtime: 2000, mode: 0o700 },
    ]);
    expect(lstatSync(root).mtimeMs).toBe(1_000_000);
    expect(lstatSync(root).mode & 0o7777).toBe(0o711);
  });

  it('sets no access time before the modification time', async () => {
    const older = file('a', 'a', { mtime: 5000, pax: { atime: '1000' } });
    const newer = file('b', 'b', { mtime: 5000, pax: { atime: '9000' } });
    expect(await unpackInto(root, [archive(older, newer)])).toBeUndefined();
    const times = ['a', 'b'].map((name) => lstatSync(join(root, name)).atimeMs);
    expect(times).toEqual([5_000_000, 9_000_000]);
  });

  it('writes a sparse file with its holes and its full size', async () => {
    const pax = {
      'GNU.sparse.map': '4096,3,9000,2',
      'GNU.sparse.numblocks': '2',
      'GNU.sparse.size': '10000',
    };
    await unpacked([file('s', 'abcde', { pax })]);
    const content = readFileSync(join(root, 's'));
    expect(content).toHaveLength(10_000);
    expect([content.toString('latin1', 4096, 4099), content.toString('latin1', 9000, 9002)]).toEqual([
      'abc',
      'de',
    ]);
    expect(content.filter((byte) => byte !== 0)).toHaveLength(5);
  });

  it('writes a contiguous file as a regular one', async () => {
    expect(await unpacked([{ name: 'c', type: '7', content: 'content' }])).toEqual({ c: 'content' });
  });

  it('keeps names that are not UTF-8, targets of links too', async () => {
    const name = Buffer.from([0x64, 0xff, 0x2f, 0xfe]);
    await unpackInto(root, [
      archive(
        { name, content: 'x' },
        { name: 'l', type: '2', link: name },
        { name: Buffer.from([0xfd]), type: '1', link: name },
      ),
    ]);
    expect(readdirSync(root, { encoding: 'latin1' }).sort()).toEqual(['d\xff', 'l', '\xfd']);
    expect(execFileSync('readlink', [join(root, 'l')])).toEqual(Buffer.concat([name, Buffer.from('\n')]));
  });

  it('keeps names that are UTF-8', async () => {
    expect(
      await unpacked([directory('größe'), file('größe/☺')], [file('größe/.wh.☺'), file('größe/日本')]),
    ).toEqual({
      'größe/': '',
      'größe/日本': 'größe/日本',
    });
  });
});

describe('types of entries', () => {
  const withoutFifos = { createFifo: () => false };

  it('skips devices with a debug line', async () => {
    const { log, text } = recordingLog(true);
    expect(
      await unpackInto(root, [archive({ name: 'dev/sda', type: '4' }, { name: 'dev/tty', type: '3' })], log),
    ).toBeUndefined();
    expect(tree(root)).toEqual({});
    expect(text()).toMatch(/skipping device .*Name.*dev\/tty/);
  });

  it.each(['3', '4'])('removes what lower layers have in the place of a device: type %s', async (type) => {
    const device = { name: 'd/x', type };
    expect(await unpacked([file('d/x'), file('d/y')], [device])).toEqual({ 'd/': '', 'd/y': 'd/y' });
    expect(await unpacked([file('d/x/a'), file('d/y')], [device])).toEqual({ 'd/': '', 'd/y': 'd/y' });
    expect(await unpacked([symlink('d/x', 'y'), file('d/y')], [device])).toEqual({ 'd/': '', 'd/y': 'd/y' });
    expect(await unpacked([device], [file('d/x')])).toEqual({ 'd/': '', 'd/x': 'd/x' });
  });

  it.each<[string, Member[]]>([
    ['a device', [directory('dev'), { name: 'dev/a', type: '3' }, hardLink('b', 'dev/a')]],
    ['a device without a directory', [{ name: 'dev/a', type: '4' }, hardLink('b', '/dev/a')]],
    [
      'a device through a link',
      [directory('dev'), symlink('d', 'dev'), { name: 'd/a', type: '3' }, hardLink('b', 'dev/a')],
    ],
    ['a link to a device', [{ name: 'a', type: '3' }, hardLink('c', 'a'), hardLink('b', 'c')]],
    ['a fifo that cannot be created', [{ name: 'a', type: '6' }, hardLink('b', 'a')]],
  ])('leaves out a hard link to %s', async (_, members) => {
    const lower = archive(file('b', 'lower'));
    const { log, text } = recordingLog(true);
    expect(await unpackInto(root, [lower, archive(...members)], log, withoutFifos)).toBeUndefined();
    expect(Object.keys(tree(root))).not.toContain('b');
    expect(text()).toContain('skipping hard link to what was left out');
  });

  it('links to a file that has replaced a device', async () => {
    expect(await unpacked([{ name: 'a', type: '3' }, file('a', 'content'), hardLink('b', 'a')])).toEqual({
      a: 'content',
      b: 'content',
    });
  });

  it('creates fifos', async () => {
    await unpackInto(root, [archive(file('p'), { name: 'p', type: '6', mode: 0o622, mtime: 1000 })]);
    const stat = lstatSync(join(root, 'p'));
    expect([stat.isFIFO(), stat.mode & 0o7777, stat.mtimeMs]).toEqual([true, 0o622, 1_000_000]);
  });

  it('skips a fifo that cannot be created, with a warning, and removes what lower layers have there', async () => {
    const layers = [archive(file('p')), archive({ name: 'p', type: '6' })];
    const { log, text } = recordingLog();
    expect(await unpackInto(root, layers, log, withoutFifos)).toBeUndefined();
    expect(tree(root)).toEqual({});
    expect(text()).toContain('skipping fifo p: neither the program mkfifo nor a system call can create it');
  });

  it.each(['V', 'Z'])('refuses type %s with an error that names it', async (type) => {
    expect(await unpackInto(root, [archive({ name: 'x', type })])).toContain(
      `cannot unpack "x": its entry type "${type}" is not supported`,
    );
  });

  it('creates hard links that share the file and outlive the first name', async () => {
    expect(
      await unpacked([file('a', 'shared'), hardLink('b', 'a'), hardLink('d/c', '/a')], [file('.wh.a')]),
    ).toEqual({ b: 'shared', 'd/': '', 'd/c': 'shared' });
    expect(lstatSync(join(root, 'b')).nlink).toBe(2);
    expect(lstatSync(join(root, 'b')).isFile()).toBe(true);
  });

  it('refuses a hard link to a missing file', async () => {
    expect(await unpackInto(root, [archive(hardLink('b', 'a/b'))])).toContain(
      'cannot unpack "b": it is a hard link to "a/b", which does not exist',
    );
  });

  it('logs each entry in debug lines', async () => {
    const { log, text } = recordingLog(true);
    await unpackInto(root, [archive(file('etc/a'), file('etc/.wh.b'))], log);
    expect(text()).toMatch(/unpacking +\S+Name\S+=etc\/a\n/);
    expect(text()).toMatch(/removing b +\S+Name/);
  });
});

describe('whiteouts', () => {
  it('removes by whiteouts files, links themselves, and whole directories of lower layers', async () => {
    const lower = [file('f'), file('d/e/f'), file('kept'), symlink('l', 'kept'), file('x/f'), file('x/g')];
    expect(
      await unpacked(lower, [
        file('.wh.f'),
        file('.wh.d'),
        file('.wh.l'),
        file('x/.wh.f'),
        file('.wh.missing'),
        file('no/.wh.x'),
      ]),
    ).toEqual({
      kept: 'kept',
      'x/': '',
      'x/g': 'x/g',
    });
  });

  it('does not remove by a whiteout what the same layer has, before or after it', async () => {
    const lower = [file('f', 'old'), directory('d'), file('d/old'), file('d/sub/old'), file('e/old')];
    const upper = [
      file('f', 'new'),
      file('d/sub/new'),
      file('.wh.f'),
      file('.wh.d'),
      file('.wh.e'),
      directory('e'),
      file('e/new'),
    ];
    expect(await unpacked(lower, upper)).toEqual({
      'd/': '',
      'd/sub/': '',
      'd/sub/new': 'd/sub/new',
      'e/': '',
      'e/new': 'e/new',
      f: 'new',
    });
  });

  it('removes everything of lower layers in a directory with an opaque marker, wherever in the layer it is', async () => {
    const lower = [file('d/old'), file('d/sub/old'), symlink('d/link', 'old'), file('kept')];
    const marker = file('d/.wh..wh..opq', '');
    const expected = { 'd/': '', 'd/new': 'd/new', 'd/sub/': '', 'd/sub/new': 'd/sub/new', kept: 'kept' };
    expect(await unpacked(lower, [marker, file('d/new'), file('d/sub/new')])).toEqual(expected);
    emptyTree(root);
    expect(await unpacked(lower, [file('d/new'), file('d/sub/new'), marker])).toEqual(expected);
  });

  it('creates a missing directory that has an opaque marker', async () => {
    expect(await unpacked([file('a/b/.wh..wh..opq')])).toEqual({ 'a/': '', 'a/b/': '' });
  });

  it('keeps the attributes of a directory with an opaque marker', async () => {
    const lower = [
      directory('sticky', { mode: 0o1777, uid: 3, gid: 4, mtime: 1000 }),
      directory('described', { mode: 0o2751, uid: 3 }),
    ];
    const marker = { uid: 12, gid: 34 };
    await unpacked(lower, [
      file('sticky/.wh..wh..opq', '', marker),
      directory('described', { mode: 0o1700, uid: 5 }),
      file('described/.wh..wh..opq', '', marker),
    ]);
    expect([mode('sticky'), mode('described')]).toEqual([0o1777, 0o1700]);
    expect(lstatSync(join(root, 'sticky')).mtimeMs).toBe(1_000_000);
    if (isRoot) {
      const owners = ['sticky', 'described'].map((name) => lstatSync(join(root, name)));
      expect(owners.map(({ uid, gid }) => [uid, gid])).toEqual([
        [3, 4],
        [5, 0],
      ]);
    }
  });

  it.each<[string, Member[]]>([
    ['a file', [file('opt')]],
    ['a link to a file', [file('target'), symlink('opt', 'target')]],
    ['a dangling link', [symlink('opt', 'nowhere')]],
  ])('replaces %s of a lower layer by the directory of an opaque marker', async (_, lower) => {
    const result = await unpacked(lower, [file('opt/.wh..wh..opq'), file('opt/new')]);
    expect(result).toMatchObject({ 'opt/': '', 'opt/new': 'opt/new' });
    expect(result.nowhere).toBeUndefined();
  });

  it.each<[string, Member[]]>([
    ['a whiteout before the link', [file('a/.wh.a'), symlink('a', 'b'), directory('b')]],
    ['a whiteout after the link', [symlink('a', 'b'), file('a/.wh.a'), directory('b')]],
    ['an opaque marker before the link', [file('a/.wh..wh..opq'), symlink('a', 'b')]],
    ['an opaque marker after the link', [symlink('a', 'b'), file('a/.wh..wh..opq')]],
    ['a whiteout through two links', [symlink('c', 'b'), symlink('a', 'c'), file('a/.wh.a')]],
    ['an absolute link', [symlink('a', '/b'), file('a/.wh.a')]],
    ['a link in the middle', [symlink('a', '.'), file('a/b/.wh.a')]],
  ])('removes nothing through a link of the same layer: %s', async (_, upper) => {
    const lower = [directory('a'), file('a/a'), directory('b'), file('b/a')];
    const result = await unpacked(lower, upper);
    expect(result).toMatchObject({ 'b/': '', 'b/a': 'b/a' });
    expect(result['a/a']).toBeUndefined();
  });

  it('removes through a link of a lower layer', async () => {
    const lower = [file('b/a'), file('b/c'), symlink('a', 'b')];
    expect(await unpacked(lower, [file('a/.wh.a')])).toEqual({ 'b/': '', 'b/c': 'b/c', a: '-> b' });
  });

  it('leaves out the metadata of AUFS and keeps its hard links', async () => {
    const aufs = [
      file('.wh..wh.aufs', ''),
      directory('.wh..wh.orph'),
      file('.wh..wh.orph/x'),
      directory('.wh..wh.plnk'),
      file('.wh..wh.plnk/12.34', 'shared'),
      symlink('.wh..wh.plnk/56.78', '/etc'),
    ];
    const links = [hardLink('a', '.wh..wh.plnk/12.34'), hardLink('d/b', '/.wh..wh.plnk/12.34')];
    const expected = { a: 'shared', 'd/': '', 'd/b': 'shared', lower: 'lower' };
    expect(await unpacked([file('lower')], [...aufs, ...links])).toEqual(expected);
    expect(lstatSync(join(root, 'a')).nlink).toBe(2);
    expect(await unpacked([file('lower')], [...aufs, ...links], [file('.wh.lower')])).toEqual({
      a: 'shared',
      'd/': '',
      'd/b': 'shared',
    });
  });

  it('creates a directory again that a lower layer has removed', async () => {
    expect(await unpacked([file('d/a')], [file('.wh.d')], [file('d/b')])).toEqual({ 'd/': '', 'd/b': 'd/b' });
  });

  it('applies whiteouts as the test of upstream expects', async () => {
    const lower = [
      ...['nested-file', 'nested-dir/file-gone', 'file-recreated', 'file-then-dir'].map((name) =>
        file(`top-dir-1/${name}`, 'old'),
      ),
      file('top-dir-2/file'),
      file('top-dir-3/file'),
      directory('top-dir-4'),
    ];
    const upper = [
      directory('top-dir-1'),
      file('top-dir-1/.wh.nested-file'),
      directory('top-dir-1/nested-dir'),
      file('top-dir-1/nested-dir/.wh..wh..opq'),
      file('top-dir-1/nested-dir/file-here', 'new'),
      file('top-dir-1/file-recreated', 'new'),
      directory('top-dir-1/file-then-dir'),
      file('.wh.top-dir-2'),
      directory('top-dir-3'),
      file('top-dir-3/.wh..wh..opq'),
      directory('top-dir-3/nested-dir'),
      directory('top-dir-4', { uid: 1000, gid: 1000 }),
    ];
    expect(Object.keys(await unpacked(lower, upper))).toEqual([
      'top-dir-1/',
      'top-dir-1/file-recreated',
      'top-dir-1/file-then-dir/',
      'top-dir-1/nested-dir/',
      'top-dir-1/nested-dir/file-here',
      'top-dir-3/',
      'top-dir-3/nested-dir/',
      'top-dir-4/',
    ]);
  });
});

describe('unpacking that fails', () => {
  const good = archive(file('a/b'), symlink('l', 'a'), directory('locked', { mode: 0o000 }));
  const unpackStreams = (...streams: (() => Readable)[]) => {
    const layers: UnpackLayer[] = streams.map((open) => ({
      digest: digestOf('x'),
      open: async () => open(),
    }));
    return unpackLayers(layers, root, { asRoot: isRoot, log: recordingLog().log }).catch((error) => error);
  };

  const filler = Array.from({ length: 20 }, () => Buffer.alloc(100_000, 'text '));
  // More than is decompressed at a time.
  const padded = Buffer.concat([good, Buffer.alloc(3_000_000)]);
  const withDamagedChecksum = (bytes: Buffer, fromEnd: number) => {
    const damaged = Buffer.from(bytes);
    damaged[bytes.length - fromEnd] = (damaged[bytes.length - fromEnd] ?? 0) ^ 1;
    return damaged;
  };
  const checked = zstdCompressSync(padded, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });

  it.each([
    ['a gzip layer with a wrong checksum', withDamagedChecksum(gzipSync(good), 8), false],
    ['a wrong checksum of gzip long after the archive', withDamagedChecksum(gzipSync(padded), 8), false],
    ['a wrong checksum of zstd long after the archive', withDamagedChecksum(checked, 1), false],
    ['gzip that ends early long after the archive', gzipSync(padded).subarray(0, -4), true],
    ['zstd that ends early long after the archive', checked.subarray(0, -2), true],
    ['gzip without its checksum', gzipSync(good).subarray(0, -4), true],
    ['a truncated gzip layer', gzipSync(good).subarray(0, -20), true],
    ['a truncated zstd layer', zstdCompressSync(good).subarray(0, -2), true],
    ['a truncated archive', member(file('c', 'x'.repeat(2000))).subarray(0, 1000), true],
    ['a layer that is not an archive', Buffer.alloc(2000, 'text '), false],
    ['an entry that leads out', archive(file('../x')), false],
  ])('leaves nothing and names the layer after %s', async (_, bytes, early) => {
    const error = await unpackStreams(
      () => Readable.from([good]),
      () => Readable.from([bytes]),
    );
    expect(error.message).toBe(`cannot unpack layer ${digestOf('x')}`);
    expect(isEarlyEnd(error)).toBe(early);
    expect(tree(root)).toEqual({});
  });

  it.each([
    ['at its end, after a complete archive', [good, ...filler]],
    ['after content that is not an archive', filler],
    ['in the middle of the archive', [good.subarray(0, 700)]],
  ])('throws the error of the source and leaves nothing when the source fails %s', async (_, pieces) => {
    async function* source(): AsyncGenerator<Buffer> {
      yield* pieces;
      throw new Error('the digest is wrong');
    }
    const error = await unpackStreams(() => Readable.from(source()));
    expect(errorText(error)).toBe(`cannot unpack layer ${digestOf('x')}: the digest is wrong`);
    expect(readdirSync(root)).toEqual([]);
  });

  it('reports that the root cannot be created', async () => {
    writeFileSync(join(place.directory, 'taken'), '');
    const error = await unpackInto(join(place.directory, 'taken/root'), [good]);
    expect(error).toMatch(/^cannot create .*taken\/root: ENOTDIR/);
  });

  it('names a layer that cannot be opened', async () => {
    const error = await unpackStreams(
      () => Readable.from([good]),
      () => {
        throw new Error('gone');
      },
    );
    expect(errorText(error)).toBe(`cannot unpack layer ${digestOf('x')}: gone`);
    expect(readdirSync(root)).toEqual([]);
  });

  it('closes the layer that was opened ahead', async () => {
    const next = new Readable({ read: () => next.push(Buffer.alloc(65_536, 'endless')) });
    const closed = once(next, 'close');
    await unpackStreams(
      () => Readable.from([archive(file('..'))]),
      () => next,
    );
    await closed;
    expect(next.readableEnded).toBe(false);
  });

  it('unpacks into the directory that a failure has emptied', async () => {
    await unpackStreams(() => Readable.from([Buffer.concat([member(file('a')), Buffer.alloc(700, 'x')])]));
    expect(await unpacked([file('a/b')])).toEqual({ 'a/': '', 'a/b': 'a/b' });
  });

  it('opens each layer when the previous one has been received', async () => {
    const events: string[] = [];
    const layer = (name: string): UnpackLayer => ({
      digest: digestOf(name),
      open: async () => {
        events.push(`open ${name}`);
        return Readable.from([archive(file(name))]).once('end', () => events.push(`end ${name}`));
      },
    });
    await unpackLayers([layer('a'), layer('b'), layer('c')], root, {
      asRoot: isRoot,
      log: recordingLog().log,
    });
    expect(events).toEqual(['open a', 'end a', 'open b', 'end b', 'open c', 'end c']);
  });
});

it('lets the event loop turn while it writes what was decompressed at once', async () => {
  const names = Array.from({ length: 40 }, (_, number) => `file-${number}`);
  const bytes = archive(...names.map((name) => file(name, 'x'.repeat(50_000))));
  const counts = new Set<number>();
  const observe = () => {
    counts.add(existsSync(root) ? readdirSync(root).length : 0);
    observing = setImmediate(observe);
  };
  let observing = setImmediate(observe);
  try {
    expect(await unpackInto(root, [gzipSync(bytes)])).toBeUndefined();
  } finally {
    clearImmediate(observing);
  }
  expect(readdirSync(root)).toHaveLength(names.length);
  expect(counts.size).toBeGreaterThan(15);
});

describe('emptyTree', () => {
  it('keeps the directory, follows no links, and removes what is in read-only directories', () => {
    mkdirSync(join(root, 'closed/inner'), { recursive: true });
    writeFileSync(join(place.directory, 'outside'), 'kept');
    symlinkSync(place.directory, join(root, 'closed/link'));
    chmodSync(join(root, 'closed'), 0o500);
    emptyTree(root);
    expect(readdirSync(root)).toEqual([]);
    expect(readFileSync(join(place.directory, 'outside'), 'utf8')).toBe('kept');
  });

  it('does nothing when the directory is missing', () => {
    emptyTree(join(root, 'missing'));
    expect(existsSync(root)).toBe(false);
  });
});

describe.runIf(isRoot)('unpacking without root', () => {
  it('writes later layers into read-only directories, keeps them read-only and the user as owner', () => {
    chmodSync(place.directory, 0o777);
    const layers = [
      archive(
        directory('d', { mode: 0o555, uid: 5, mtime: 1000 }),
        directory('d/e', { mode: 0o111 }),
        file('d/f', 'f', { mode: 0o4400, uid: 5 }),
      ),
      archive(file('d/e/late'), file('d/.wh.f'), file('d/g', 'g', { mode: 0o2755 })),
    ];
    const script = `
      import { unpackLayers } from ${JSON.stringify(join(import.meta.dirname, '../../src/rootfs/unpack.ts'))};
      import { Readable } from 'node:stream';
      const layers = ${JSON.stringify(layers.map((bytes) => bytes.toString('base64')))};
      const log = { debugging: false, debug() {}, warn() {} };
      const open = (text) => ({ digest: 'sha256:x', open: async () => Readable.from([Buffer.from(text, 'base64')]) });
      for (const _ of [1, 2]) {
        await unpackLayers(layers.map(open), ${JSON.stringify(root)}, { asRoot: false, log });
      }
    `;
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      uid: 65534,
      gid: 65534,
      cwd: '/',
    });
    expect(tree(root)).toEqual({ 'd/': '', 'd/e/': '', 'd/e/late': 'd/e/late', 'd/g': 'g' });
    expect([mode('d'), mode('d/e'), mode('d/g')]).toEqual([0o555, 0o111, 0o2755]);
    expect(lstatSync(join(root, 'd'))).toMatchObject({ uid: 65534, mtimeMs: 1_000_000 });
  });
});

it('unpacks the same layer again', async () => {
  const layer = layerOf(archive(file('a')));
  for (const _ of [1, 2]) {
    await unpackLayers([layer], root, { asRoot: isRoot, log: recordingLog().log });
  }
  expect(tree(root)).toEqual({ a: 'a' });
});
