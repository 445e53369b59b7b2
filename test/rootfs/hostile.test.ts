// Known attacks on whatever unpacks archives, node-tar's published advisories among them, one test each.
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archive, type Member } from '../support/tar-builder.ts';
import { newPlace, snapshot, tree, unpackInto } from '../support/unpacking.ts';

let place: ReturnType<typeof newPlace>;
let root: string;
let outside: string;
let before: string[];
beforeEach(() => {
  place = newPlace();
  root = place.root;
  outside = join(place.directory, 'outside');
  mkdirSync(outside);
  mkdirSync(join(outside, 'directory'));
  writeFileSync(join(outside, 'secret'), 'secret', { mode: 0o600 });
  // A neighbour whose path starts with the root's path: a test of prefixes alone would take it for a part of it.
  mkdirSync(join(place.directory, 'root-neighbour'));
  writeFileSync(join(place.directory, 'root-neighbour/secret'), 'secret');
  before = snapshot(place.directory, root);
});
afterEach(() => {
  expect(snapshot(place.directory, root)).toEqual(before);
  place.remove();
});

const file = (name: string, more: Partial<Member> = {}): Member => ({ name, content: 'evil', ...more });
const symlink = (name: string, link: string): Member => ({ name, type: '2', link });
const hardLink = (name: string, link: string): Member => ({ name, type: '1', link });
const directory = (name: string, more: Partial<Member> = {}): Member => ({ name, type: '5', ...more });

describe('names that lead out of the root are refused', () => {
  it.each<[string, Member]>([
    ['a file by ..', file('../outside/secret')],
    ['a file by .. behind a directory', file('a/../../outside/secret')],
    ['a file by an absolute name with ..', file('/../outside/secret')],
    ['a file by a pax path', file('harmless', { pax: { path: '../outside/secret' } })],
    ['a directory', directory('../outside/directory', { mode: 0o777 })],
    ['the directory around the root', directory('..', { mode: 0o777 })],
    ['a symbolic link', symlink('../outside/link', 'x')],
    ['a hard link', hardLink('../outside/link', 'x')],
    ['a fifo', { name: '../outside/fifo', type: '6' }],
    ['a device', { name: '../outside/device', type: '3' }],
    ['a whiteout', file('../outside/.wh.secret')],
    ['an opaque marker', file('../outside/.wh..wh..opq')],
    ['the neighbour whose path begins alike', file('../root-neighbour/secret')],
    ['a hard link to a file outside', hardLink('link', '../outside/secret')],
    ['a hard link to the neighbour', hardLink('link', '../root-neighbour/secret')],
    ['a hard link to a file outside by an absolute name', hardLink('link', '/../outside/secret')],
  ])('%s', async (_, entry) => {
    const error = await unpackInto(root, [archive(file('first'), entry)]);
    expect(error).toMatch(/: cannot unpack ".*": ".*" leads out of the image's root directory$/);
    expect(tree(root)).toEqual({});
  });
});

describe('the root itself', () => {
  it.each<[string, Member]>([
    ['a file', file('.')],
    ['a symbolic link', symlink('./', '../outside')],
    ['a symbolic link by a name that cleans to nothing', symlink('a/..', '../outside')],
    ['a hard link', hardLink('/', 'first')],
  ])('is not replaced by %s', async (_, entry) => {
    const error = await unpackInto(root, [archive(file('first'), entry)]);
    expect(error).toContain("it would replace the image's root directory");
    expect(lstatSync(root).isDirectory()).toBe(true);
  });

  it.each(['.wh.', '.wh..', '.wh...', 'a/.wh...'])(
    'and what is around it are not removed by %s',
    async (name) => {
      expect(await unpackInto(root, [archive(file('first'), file('a/b')), archive(file(name))])).toContain(
        'names no file to remove',
      );
    },
  );
});

describe('links that point out are followed inside the root', () => {
  const ways = (target: string): [string, string][] => [
    ['absolute', join(place.directory, 'outside', target)],
    ['relative', `../outside/${target}`],
    ['far up', `${'../'.repeat(12)}${join(place.directory, 'outside', target).slice(1)}`],
  ];

  it('a file through a link to a directory', async () => {
    for (const [name, target] of ways('')) {
      expect(
        await unpackInto(root, [archive(symlink(name, target), file(`${name}/secret`))]),
      ).toBeUndefined();
      expect(tree(root)).toMatchObject({ [name]: `-> ${target}` });
    }
  });

  it('a file through a chain of links', async () => {
    const chain = [symlink('a', outside), symlink('b', 'a'), symlink('d/c', '../b'), file('d/c/secret')];
    expect(await unpackInto(root, [archive(...chain)])).toBeUndefined();
    expect(tree(join(root, outside))).toEqual({ secret: 'evil' });
  });

  it('a link to .. at the root, then a climb', async () => {
    expect(await unpackInto(root, [archive(symlink('up', '..'), file('up/outside/secret'))])).toBeUndefined();
    expect(tree(root)).toEqual({ 'outside/': '', 'outside/secret': 'evil', up: '-> ..' });
  });

  it('a link to . nested many times', async () => {
    const entries = [symlink('x', '.'), symlink('x/x/y', '../../..'), file('y/outside/secret')];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
    expect(readFileSync(join(root, 'outside/secret'), 'utf8')).toBe('evil');
  });

  it('whiteouts and opaque markers', async () => {
    const entries = [
      symlink('link', outside),
      file('link/.wh.secret'),
      file('link/.wh.directory'),
      file('link/.wh..wh..opq'),
    ];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
    expect(
      await unpackInto(root, [archive(symlink('link', outside)), archive(...entries.slice(1))]),
    ).toBeUndefined();
  });

  it('a hard link to a file behind a link finds nothing', async () => {
    const error = await unpackInto(root, [
      archive(symlink('link', outside), hardLink('stolen', 'link/secret')),
    ]);
    expect(error).toContain('it is a hard link to "link/secret", which does not exist');
  });

  it('directories with attributes', async () => {
    const entries = [
      symlink('link', outside),
      directory('link/directory', { mode: 0o777, uid: 7, mtime: 1 }),
    ];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
  });
});

describe('a last part that is a link is replaced, never followed', () => {
  it.each<[string, Member]>([
    ['a file', file('link')],
    ['a file with set-user-id', file('link', { mode: 0o4777, uid: 7 })],
    ['a directory', directory('link/', { mode: 0o777, uid: 7, mtime: 1 })],
    ['a symbolic link', symlink('link', 'x')],
    ['a fifo', { name: 'link', type: '6', mode: 0o777, uid: 7, mtime: 1 }],
    ['a whiteout', file('.wh.link')],
    ['a hard link', hardLink('link', 'first')],
  ])('by %s', async (_, entry) => {
    for (const target of [join(outside, 'secret'), join(outside, 'directory'), outside]) {
      expect(
        await unpackInto(root, [archive(file('first'), symlink('link', target), entry)]),
      ).toBeUndefined();
      expect(
        await unpackInto(root, [archive(file('first'), symlink('link', target)), archive(entry)]),
      ).toBeUndefined();
    }
  });

  it('a directory over a link, then files in it', async () => {
    const entries = [symlink('link', outside), directory('link/', { mode: 0o777 }), file('link/secret')];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
    expect(tree(root)).toEqual({ 'link/': '', 'link/secret': 'evil' });
  });
});

describe('what was known of a directory is forgotten when it goes (cache poisoning)', () => {
  it.each<[string, Member[]]>([
    ['replaced by a link', [symlink('d', '../outside')]],
    ['replaced by a link under another spelling of its name', [symlink('./d/', '../outside')]],
    ['removed by a whiteout, then a link', [file('.wh.d'), symlink('d', '../outside')]],
    ['emptied with its parent, then a link', [file('.wh..wh..opq'), symlink('d', '../outside')]],
    ['replaced by a file, then a link', [file('d'), symlink('d', '../outside')]],
    ['replaced by a hard link to a link', [symlink('l', '../outside'), hardLink('d', 'l')]],
  ])('%s', async (_, entries) => {
    const known = [directory('d/'), directory('d/directory/'), file('d/x')];
    for (const layers of [
      [[...known, ...entries, file('d/secret'), file('d/directory/x')]],
      [known, [...entries, file('d/secret'), file('d/directory/x')]],
    ]) {
      expect(
        await unpackInto(
          root,
          layers.map((members) => archive(...members)),
        ),
      ).toBeUndefined();
    }
  });

  it('attributes kept for the end do not reach what a link points to', async () => {
    const entries = [
      directory('d/', { mode: 0o777, mtime: 1 }),
      directory('d/directory/', { mode: 0o777 }),
      symlink('d', '../outside'),
    ];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
  });
});

describe('hard links to links', () => {
  it('share the link, so that neither owner nor mode nor content of its target change', async () => {
    const entries = [
      symlink('link', join(outside, 'secret')),
      { ...hardLink('hard', 'link'), mode: 0o4777, uid: 7, gid: 7, mtime: 1 },
      file('hard'),
      hardLink('again', 'link'),
    ];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
    expect(tree(root)).toMatchObject({ hard: 'evil', again: `-> ${join(outside, 'secret')}` });
  });

  it('a file written over a hard link does not change the file it was linked to', async () => {
    const entries = [file('a', { content: 'kept' }), hardLink('b', 'a'), file('b')];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
    expect(tree(root)).toEqual({ a: 'kept', b: 'evil' });
  });

  it('a link of a file to itself is an error, and not the loss of the file', async () => {
    expect(await unpackInto(root, [archive(file('a'), hardLink('a', 'a'))])).toContain('cannot unpack "a"');
  });
});

describe('what was there before', () => {
  it('links that lie in the root already are not followed out of it', async () => {
    mkdirSync(root);
    symlinkSync(outside, join(root, 'etc'));
    symlinkSync(join(outside, 'secret'), join(root, 'secret'));
    expect(
      await unpackInto(root, [archive(file('etc/secret'), file('secret'), file('etc/.wh.directory'))]),
    ).toBeUndefined();
  });

  it('and is removed without following links when unpacking fails', async () => {
    mkdirSync(root);
    symlinkSync(outside, join(root, 'etc'));
    expect(await unpackInto(root, [archive(file('..'))])).toBeDefined();
    expect(tree(root)).toEqual({});
  });
});

describe('names that mean something elsewhere are only names here', () => {
  it.each([
    'C:/x',
    'C:../x',
    '..\\outside\\secret',
    '\\\\host\\share',
    'con',
    'a:b',
    '~/x',
    '-rf',
    'größe',
    'gr\u006f\u0308\u00dfe',
  ])('%s', async (name) => {
    expect(await unpackInto(root, [archive(file(name))])).toBeUndefined();
    expect(readFileSync(join(root, name), 'utf8')).toBe('evil');
  });

  it('names that differ in case or in Unicode form are different files', async () => {
    const names = ['link', 'LINK', '\u00e9', 'e\u0301', 'ß', 'ss'];
    expect(
      await unpackInto(root, [archive(symlink('Link', outside), ...names.map((name) => file(name)))]),
    ).toBeUndefined();
    expect(Object.keys(tree(root))).toHaveLength(7);
  });
});

describe('bombs', () => {
  it('a sparse file of a terabyte costs nothing', async () => {
    const pax = { 'GNU.sparse.map': '0,4', 'GNU.sparse.numblocks': '1', 'GNU.sparse.size': String(2 ** 40) };
    expect(await unpackInto(root, [archive(file('big', { pax }))])).toBeUndefined();
    expect(lstatSync(join(root, 'big'))).toMatchObject({ size: 2 ** 40 });
    expect(lstatSync(join(root, 'big')).blocks).toBeLessThan(1000);
  });

  it.each<[string, Member]>([
    ['a name', { pax: { path: 'd/'.repeat(500_000) }, type: '5' }],
    ['a link text', { name: 'l', type: '2', pax: { linkpath: 'd/'.repeat(500_000) } }],
    ['a hard link', { name: 'l', type: '1', pax: { linkpath: 'd/'.repeat(500_000) } }],
  ])('%s of a megabyte is refused, and does not become a message of a megabyte', async (_, entry) => {
    const error = await unpackInto(root, [archive(entry)]);
    expect(error).toMatch(/ is too long: 1000000 bytes$/);
    expect(error?.length).toBeLessThan(1000);
    expect(tree(root)).toEqual({});
  });
});
