// Known attacks on programs that unpack archives, node-tar's published advisories among them, one test each.
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

describe('names that lead out of the root', () => {
  it.each<[string, Member]>([
    ['a file with ..', file('../outside/secret')],
    ['a file with .. after a directory', file('a/../../outside/secret')],
    ['a file with an absolute name with ..', file('/../outside/secret')],
    ['a file with a pax path', file('harmless', { pax: { path: '../outside/secret' } })],
    ['a directory', directory('../outside/directory', { mode: 0o777 })],
    ['the directory around the root', directory('..', { mode: 0o777 })],
    ['a symbolic link', symlink('../outside/link', 'x')],
    ['a hard link', hardLink('../outside/link', 'x')],
    ['a fifo', { name: '../outside/fifo', type: '6' }],
    ['a device', { name: '../outside/device', type: '3' }],
    ['a whiteout', file('../outside/.wh.secret')],
    ['an opaque marker', file('../outside/.wh..wh..opq')],
    ['a file in the neighbour whose path starts like the root', file('../root-neighbour/secret')],
    ['a hard link to a file outside', hardLink('link', '../outside/secret')],
    ['a hard link to the neighbour', hardLink('link', '../root-neighbour/secret')],
    ['a hard link to a file outside with an absolute name', hardLink('link', '/../outside/secret')],
  ])('refuses %s', async (_, entry) => {
    const error = await unpackInto(root, [archive(file('first'), entry)]);
    expect(error).toMatch(/: cannot unpack ".*": ".*" leads out of the image's root directory$/);
    expect(tree(root)).toEqual({});
  });
});

describe('the root directory', () => {
  it.each<[string, Member]>([
    ['a file', file('.')],
    ['a symbolic link', symlink('./', '../outside')],
    ['a symbolic link whose name cleans to nothing', symlink('a/..', '../outside')],
    ['a hard link', hardLink('/', 'first')],
  ])('does not replace the root by %s', async (_, entry) => {
    const error = await unpackInto(root, [archive(file('first'), entry)]);
    expect(error).toContain("it would replace the image's root directory");
    expect(lstatSync(root).isDirectory()).toBe(true);
  });

  it.each(['.wh.', '.wh..', '.wh...', 'a/.wh...'])(
    'removes neither the root nor its parent by the whiteout %s',
    async (name) => {
      expect(await unpackInto(root, [archive(file('first'), file('a/b')), archive(file(name))])).toContain(
        'names no file to remove',
      );
    },
  );
});

describe('links that lead out of the root', () => {
  const ways = (target: string): [string, string][] => [
    ['absolute', join(place.directory, 'outside', target)],
    ['relative', `../outside/${target}`],
    ['far up', `${'../'.repeat(12)}${join(place.directory, 'outside', target).slice(1)}`],
  ];

  it('follows a link to a directory inside the root for a file', async () => {
    for (const [name, target] of ways('')) {
      expect(
        await unpackInto(root, [archive(symlink(name, target), file(`${name}/secret`))]),
      ).toBeUndefined();
      expect(tree(root)).toMatchObject({ [name]: `-> ${target}` });
    }
  });

  it('follows a chain of links inside the root for a file', async () => {
    const chain = [symlink('a', outside), symlink('b', 'a'), symlink('d/c', '../b'), file('d/c/secret')];
    expect(await unpackInto(root, [archive(...chain)])).toBeUndefined();
    expect(tree(join(root, outside))).toEqual({ secret: 'evil' });
  });

  it('follows a link to .. inside the root for a file', async () => {
    expect(await unpackInto(root, [archive(symlink('up', '..'), file('up/outside/secret'))])).toBeUndefined();
    expect(tree(root)).toEqual({ 'outside/': '', 'outside/secret': 'evil', up: '-> ..' });
  });

  it('follows nested links to . inside the root for a file', async () => {
    const entries = [symlink('x', '.'), symlink('x/x/y', '../../..'), file('y/outside/secret')];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
    expect(readFileSync(join(root, 'outside/secret'), 'utf8')).toBe('evil');
  });

  it('follows links inside the root for whiteouts and opaque markers', async () => {
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

  it('does not hard link a file outside through a link', async () => {
    const error = await unpackInto(root, [
      archive(symlink('link', outside), hardLink('stolen', 'link/secret')),
    ]);
    expect(error).toContain('it is a hard link to "link/secret", which does not exist');
  });

  it('follows links inside the root for directories with attributes', async () => {
    const entries = [
      symlink('link', outside),
      directory('link/directory', { mode: 0o777, uid: 7, mtime: 1 }),
    ];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
  });
});

describe('an entry whose name is taken by a link', () => {
  it.each<[string, Member]>([
    ['a file', file('link')],
    ['a file with set-user-id', file('link', { mode: 0o4777, uid: 7 })],
    ['a directory', directory('link/', { mode: 0o777, uid: 7, mtime: 1 })],
    ['a symbolic link', symlink('link', 'x')],
    ['a fifo', { name: 'link', type: '6', mode: 0o777, uid: 7, mtime: 1 }],
    ['a whiteout', file('.wh.link')],
    ['a hard link', hardLink('link', 'first')],
  ])('replaces a link of the same name by %s and does not follow it', async (_, entry) => {
    for (const target of [join(outside, 'secret'), join(outside, 'directory'), outside]) {
      expect(
        await unpackInto(root, [archive(file('first'), symlink('link', target), entry)]),
      ).toBeUndefined();
      expect(
        await unpackInto(root, [archive(file('first'), symlink('link', target)), archive(entry)]),
      ).toBeUndefined();
    }
  });

  it('replaces a link by a directory that takes later files', async () => {
    const entries = [symlink('link', outside), directory('link/', { mode: 0o777 }), file('link/secret')];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
    expect(tree(root)).toEqual({ 'link/': '', 'link/secret': 'evil' });
  });
});

describe('the cache of directories (cache poisoning)', () => {
  it.each<[string, Member[]]>([
    ['is replaced by a link', [symlink('d', '../outside')]],
    ['is replaced by a link under another spelling of its name', [symlink('./d/', '../outside')]],
    ['is removed by a whiteout and replaced by a link', [file('.wh.d'), symlink('d', '../outside')]],
    [
      'is removed by an opaque marker and replaced by a link',
      [file('.wh..wh..opq'), symlink('d', '../outside')],
    ],
    ['is replaced by a file and then by a link', [file('d'), symlink('d', '../outside')]],
    ['is replaced by a hard link to a link', [symlink('l', '../outside'), hardLink('d', 'l')]],
  ])('forgets a directory that %s', async (_, entries) => {
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

  it('does not set attributes at the end on the target of a link that replaced a directory', async () => {
    const entries = [
      directory('d/', { mode: 0o777, mtime: 1 }),
      directory('d/directory/', { mode: 0o777 }),
      symlink('d', '../outside'),
    ];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
  });
});

describe('hard links', () => {
  it('shares a link that is hard linked: neither owner nor mode nor content of its target change', async () => {
    const entries = [
      symlink('link', join(outside, 'secret')),
      { ...hardLink('hard', 'link'), mode: 0o4777, uid: 7, gid: 7, mtime: 1 },
      file('hard'),
      hardLink('again', 'link'),
    ];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
    expect(tree(root)).toMatchObject({ hard: 'evil', again: `-> ${join(outside, 'secret')}` });
  });

  it('replaces a hard link by a file without a change of the file it was linked to', async () => {
    const entries = [file('a', { content: 'kept' }), hardLink('b', 'a'), file('b')];
    expect(await unpackInto(root, [archive(...entries)])).toBeUndefined();
    expect(tree(root)).toEqual({ a: 'kept', b: 'evil' });
  });

  it('keeps a file that is hard linked to itself, by whatever name and in whatever layer', async () => {
    for (const link of [hardLink('d/a', 'd/a'), hardLink('./d//a', '/d/../d/a'), hardLink('d/a', 'e/a')]) {
      const lower = [file('d/a', { content: 'kept' }), symlink('e', 'd')];
      expect(await unpackInto(root, [archive(...lower, link)])).toBeUndefined();
      expect(tree(root)).toEqual({ 'd/': '', 'd/a': 'kept', e: '-> d' });
      expect(await unpackInto(root, [archive(...lower), archive(link)])).toBeUndefined();
      expect(tree(root)).toEqual({ 'd/': '', 'd/a': 'kept', e: '-> d' });
    }
  });

  it('refuses a hard link that would replace the directory of its target', async () => {
    expect(await unpackInto(root, [archive(file('d/a'), hardLink('d', 'd/a'))])).toContain(
      'cannot unpack "d": it is a hard link to "d/a", which it would replace',
    );
  });
});

describe('links that are in the root before unpacking', () => {
  it('follows no link that was there before out of the root', async () => {
    mkdirSync(root);
    symlinkSync(outside, join(root, 'etc'));
    symlinkSync(join(outside, 'secret'), join(root, 'secret'));
    expect(
      await unpackInto(root, [archive(file('etc/secret'), file('secret'), file('etc/.wh.directory'))]),
    ).toBeUndefined();
  });

  it('removes links that were there before without following them when unpacking fails', async () => {
    mkdirSync(root);
    symlinkSync(outside, join(root, 'etc'));
    expect(await unpackInto(root, [archive(file('..'))])).toBeDefined();
    expect(tree(root)).toEqual({});
  });
});

describe('names with a meaning on other systems', () => {
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
  ])('unpacks a file with the plain name %s', async (name) => {
    expect(await unpackInto(root, [archive(file(name))])).toBeUndefined();
    expect(readFileSync(join(root, name), 'utf8')).toBe('evil');
  });

  it('unpacks names that differ in case or in Unicode form as different files', async () => {
    const names = ['link', 'LINK', '\u00e9', 'e\u0301', 'ß', 'ss'];
    expect(
      await unpackInto(root, [archive(symlink('Link', outside), ...names.map((name) => file(name)))]),
    ).toBeUndefined();
    expect(Object.keys(tree(root))).toHaveLength(7);
  });
});

describe('bombs', () => {
  it('unpacks a sparse file of a terabyte without using space', async () => {
    const pax = { 'GNU.sparse.map': '0,4', 'GNU.sparse.numblocks': '1', 'GNU.sparse.size': String(2 ** 40) };
    expect(await unpackInto(root, [archive(file('big', { pax }))])).toBeUndefined();
    expect(lstatSync(join(root, 'big'))).toMatchObject({ size: 2 ** 40 });
    expect(lstatSync(join(root, 'big')).blocks).toBeLessThan(1000);
  });

  it.each<[string, Member]>([
    ['a name', { pax: { path: 'd/'.repeat(500_000) }, type: '5' }],
    ['a target of a symbolic link', { name: 'l', type: '2', pax: { linkpath: 'd/'.repeat(500_000) } }],
    ['a target of a hard link', { name: 'l', type: '1', pax: { linkpath: 'd/'.repeat(500_000) } }],
  ])('refuses %s of a megabyte with a short message', async (_, entry) => {
    const error = await unpackInto(root, [archive(entry)]);
    expect(error).toMatch(/ is too long: 1000000 bytes$/);
    expect(error?.length).toBeLessThan(1000);
    expect(tree(root)).toEqual({});
  });
});
