// Images on disk that are not what they seem, and layers with rare entries, through the executables.
import { execFileSync } from 'node:child_process';
import { lstat, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseIndex } from '../../src/oci/image-index.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { canCallSystem, getAttribute, setAttribute } from '../support/extended-attributes.ts';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, descriptorOf, type Image, seed } from '../support/images.ts';
import { buildLayer, compress, file, hardLink as hardLinkEntry, tarOf } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runExecutable } from '../support/run.ts';
import { archive, type Member } from '../support/tar-builder.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { tree } from '../support/unpacking.ts';

const [one, two] = [await tarOf([file('one')]), await tarOf([file('two')])];

async function putTarball(registry: TestRegistry, diffIds: string[], layers: Record<string, Buffer>) {
  const directory = await temporaryDirectory();
  const config = JSON.stringify(diffIds.length === 0 ? {} : { rootfs: { diff_ids: diffIds } });
  const manifest = [{ Config: 'config.json', RepoTags: null, Layers: Object.keys(layers) }];
  const files = Object.entries(layers).map(([name, bytes]) => file(name, bytes));
  const tarball = await tarOf([
    file('config.json', config),
    ...files,
    file('manifest.json', JSON.stringify(manifest)),
  ]);
  await writeFile(join(directory, 'image.tar'), tarball);
  return await runExecutable('out', {
    request: {
      source: { repository: `${registry.host}/team/image`, tag: '1.0' },
      params: { image: 'image.tar' },
    },
    directory,
  });
}

describe('out of a tarball whose layers are not those of its config', () => {
  it.each<[string, string[], Record<string, Buffer>, string]>([
    ['plain layers without diff ids', [], { 'l.tar': one }, '1 layer(s) but the config has 0 diff id(s)'],
    ['a diff id too few', [digestOf(one)], { '1.tar': one, '2.tar': two }, '2 layer(s) but the config has 1'],
    [
      'a diff id too many',
      [digestOf(one), digestOf(two)],
      { '1.tar.gz': compress(one, 'gzip') },
      '1 layer(s) but the config has 2',
    ],
    ['a plain layer of another image', [digestOf(one)], { '1.tar': two }, 'does not match its diff id'],
    [
      'a gzip layer of another image',
      [digestOf(one)],
      { '1.tar.gz': compress(two, 'gzip') },
      'does not match its diff id',
    ],
  ])('refuses %s before the first request', async (_, diffIds, layers, message) => {
    await using registry = await startRegistry();
    const { status, stderr } = await putTarball(registry, diffIds, layers);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
    expect(registry.requests).toEqual([]);
  });
});

describe('out of a tarball with layers of different compression', () => {
  it.each([
    ['gzip and plain', 'gzip', 'none', 'docker'],
    ['plain and gzip', 'none', 'gzip', 'docker'],
    ['zstd and plain', 'zstd', 'none', 'oci'],
  ] as const)('pushes %s layers with the media types of their bytes', async (_, first, second, format) => {
    await using registry = await startRegistry();
    const { status } = await putTarball(registry, [digestOf(one), digestOf(two)], {
      first: compress(one, first),
      second: compress(two, second),
    });
    expect(status).toBe(0);
    const pushed = registry.manifest('team/image', '1.0');
    const { layers } = parseManifest(pushed?.bytes ?? Buffer.alloc(0), 'the manifest');
    expect(pushed?.mediaType).toContain(format);
    expect(layers.map(({ mediaType }) => mediaType.replace(/.*[.+]/, ''))).toEqual(
      [first, second].map((compression) => (compression === 'zstd' ? 'zstd' : 'gzip')),
    );
  });
});

describe('out of a layout that is not what it seems', () => {
  async function putLayout(registry: TestRegistry, change: (layout: string, image: Image) => Promise<void>) {
    const directory = await temporaryDirectory();
    const image = await buildImage({ layers: [[file('a')]] });
    const layout = join(directory, 'layout');
    await writeOciLayout(layout, image, { tag: '1.0' });
    await change(layout, image);
    return await runExecutable('out', {
      request: {
        source: { repository: `${registry.host}/team/image`, tag: '1.0' },
        params: { image: 'layout' },
      },
      directory,
    });
  }
  const writeIndex = (layout: string, index: object) =>
    writeFile(join(layout, 'index.json'), JSON.stringify(index));
  const moveAndLink = async (path: string, elsewhere: string) => {
    await rename(path, elsewhere);
    await symlink(elsewhere, path);
  };

  it.each<[string, (layout: string, image: Image) => Promise<void>, string]>([
    ['whose index is empty', (layout) => writeIndex(layout, { manifests: [] }), 'lists no image'],
    [
      'whose index has layers (CVE-2021-41190)',
      (layout, image) => writeIndex(layout, { manifests: [descriptorOf(image)], layers: [] }),
      'is ambiguous',
    ],
    [
      'whose index.json is a link',
      (layout) => moveAndLink(join(layout, 'index.json'), join(layout, 'other.json')),
      'index.json is a symbolic link',
    ],
    [
      'whose blobs are elsewhere',
      (layout) => moveAndLink(join(layout, 'blobs/sha256'), join(layout, '../elsewhere')),
      'blobs/sha256 is a symbolic link',
    ],
    [
      'whose index.json is a fifo',
      async (layout) => {
        await rm(join(layout, 'index.json'));
        execFileSync('mkfifo', [join(layout, 'index.json')]);
      },
      'index.json is not a regular file',
    ],
    [
      'that is a link out of the artifacts',
      async (layout) => moveAndLink(layout, join(await temporaryDirectory(), 'layout')),
      'which is not below the directory of the artifacts',
    ],
  ])('refuses a layout %s before the first request', async (_, change, message) => {
    await using registry = await startRegistry();
    const { status, stderr } = await putLayout(registry, change);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
    expect(registry.requests).toEqual([]);
  });

  it('pushes an image with two names as with one', async () => {
    await using registry = await startRegistry();
    const named = (image: Image, name: string) =>
      descriptorOf(image, { annotations: { 'org.opencontainers.image.ref.name': name } });
    const { status } = await putLayout(registry, (layout, image) =>
      writeIndex(layout, { schemaVersion: 2, manifests: [named(image, '1'), named(image, '2')] }),
    );
    expect(status).toBe(0);
    const pushed = registry.manifest('team/image', '1.0');
    expect(parseIndex(pushed?.bytes ?? Buffer.alloc(0), 'the index').manifests).toHaveLength(1);
  });
});

async function get(registry: TestRegistry, ...members: Member[][]) {
  const layers = await Promise.all(members.map((each) => buildLayer(archive(...each))));
  const image = await buildImage({ layers });
  seed(registry, 'team/image', '1.0', image);
  const directory = await temporaryDirectory();
  const { status, stderr } = await runExecutable('in', {
    request: {
      source: { repository: `${registry.host}/team/image` },
      version: { tag: '1.0', digest: image.digest },
    },
    directory,
  });
  return { status, stderr, directory };
}

async function getRootfs(registry: TestRegistry, ...members: Member[][]) {
  const { status, stderr, directory } = await get(registry, ...members);
  return { status, stderr, directory, files: status === 0 ? tree(join(directory, 'rootfs')) : {} };
}

describe('in with format rootfs of layers with rare entries', () => {
  const content = (name: string): Member => ({ name, content: name });
  const hardLink = (name: string, link: string): Member => ({ name, type: '1', link });

  it.each<[string, Member[][], Record<string, string>]>([
    [
      'a whiteout through a symbolic link of its layer',
      [
        [content('a/a'), content('b/a')],
        [{ name: 'a', type: '2', link: 'b' }, { name: 'a/.wh.a' }, { name: 'b/', type: '5' }],
      ],
      { a: '-> b', 'b/': '', 'b/a': 'b/a' },
    ],
    [
      'a device in the place of a file',
      [[content('f'), content('g')], [{ name: 'f', type: '3' }]],
      { g: 'g' },
    ],
    [
      'an opaque marker in the place of a file',
      [[content('opt')], [{ name: 'opt/.wh..wh..opq' }]],
      { 'opt/': '' },
    ],
    ['a hard link of a file to itself', [[content('f'), hardLink('f', './f')]], { f: 'f' }],
    ['a hard link to a device', [[{ name: 'd', type: '4' }, hardLink('e', 'd'), content('f')]], { f: 'f' }],
    ['a contiguous file', [[{ ...content('f'), type: '7' }]], { f: 'f' }],
    [
      'hard links of AUFS',
      [[content('.wh..wh.plnk/1.2'), hardLink('a', '.wh..wh.plnk/1.2'), { name: '.wh..wh.aufs' }]],
      { a: '.wh..wh.plnk/1.2' },
    ],
  ])('unpacks %s', async (_, members, expected) => {
    await using registry = await startRegistry();
    const { status, stderr, files } = await getRootfs(registry, ...members);
    expect(stderr).not.toContain('ERRO');
    expect(status).toBe(0);
    expect(files).toEqual(expected);
  });
});

describe.runIf(canCallSystem)('in with format rootfs', () => {
  it('creates a FIFO by a system call where the program mkfifo cannot: its name is not UTF-8', async () => {
    await using registry = await startRegistry();
    const pipe = { name: Buffer.from('run/\xff', 'latin1'), type: '6', mode: 0o622 };
    const { status, stderr, directory } = await get(registry, [pipe]);
    expect({ status, stderr: stderr.match(/skipping/g) }).toEqual({ status: 0, stderr: null });
    const found = await lstat(Buffer.from(`${directory}/rootfs/run/\xff`, 'latin1'));
    expect([found.isFIFO(), found.mode & 0o7777]).toEqual([true, 0o622]);
  });
});

describe.runIf(canCallSystem)('in with format rootfs of files with extended attributes', () => {
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
  const members: Member[] = [
    {
      name: 'bin/ping',
      content: 'x',
      mode: 0o755,
      pax: {
        'SCHILY.xattr.security.capability': capability,
        'SCHILY.xattr.user.größe': 'a\0b',
        'SCHILY.xattr.user.empty': '',
        'SCHILY.xattr.trusted.overlay.opaque': 'y',
        'SCHILY.xattr.security.selinux': 'label',
      },
    },
    { name: 'data/', type: '5', mode: 0o500, pax: { 'SCHILY.xattr.user.of': 'directory' } },
  ];

  async function isAllowed(name: string, value: Buffer): Promise<boolean> {
    const path = join(await temporaryDirectory(), 'probe');
    await writeFile(path, '');
    return setAttribute(path, name, value);
  }

  it.each([
    ['windows', 1],
    ['linux', 0],
  ])(
    'fails at a hard link in another letter case, and mentions Windows if the image is for %s',
    async (os, times) => {
      await using registry = await startRegistry();
      const platform = { os, architecture: 'amd64' };
      const layer = [file('Files/Windows/a.dll'), hardLinkEntry('Files/b.dll', 'Files/windows/a.dll')];
      const image = await buildImage({ layers: [layer], platform });
      seed(registry, 'team/image', '1.0', image);
      const { status, stderr } = await runExecutable('in', {
        request: {
          source: { repository: `${registry.host}/team/image` },
          version: { tag: '1.0', digest: image.digest },
        },
        directory: await temporaryDirectory(),
      });
      expect(status).toBe(1);
      expect(stderr).toContain('hard link to "Files/windows/a.dll", which does not exist');
      expect(stderr.match(/extract image: it is an image for Windows/g) ?? []).toHaveLength(times);
      expect(stderr.match(/^hint: .*params.format to oci or oci-layout/gm) ?? []).toHaveLength(times);
    },
  );

  it('sets file capabilities and user attributes, and none of the building machine', async () => {
    await using registry = await startRegistry();
    const { status, stderr, directory } = await getRootfs(registry, members);
    expect(status).toBe(0);
    const ping = join(directory, 'rootfs/bin/ping');
    if (await isAllowed('user.test', Buffer.from('x'))) {
      expect(getAttribute(ping, 'user.größe')).toEqual(Buffer.from('a\0b'));
      expect(getAttribute(ping, 'user.empty')).toEqual(Buffer.alloc(0));
      expect(getAttribute(join(directory, 'rootfs/data'), 'user.of')).toEqual(Buffer.from('directory'));
    }
    if (await isAllowed('security.capability', capability)) {
      expect(getAttribute(ping, 'security.capability')).toEqual(capability);
      expect(stderr).not.toContain('extended attribute');
    }
    for (const name of ['trusted.overlay.opaque', 'security.selinux']) {
      expect(getAttribute(ping, name)).toBeUndefined();
    }
  });

  it('warns once when attributes cannot be set', async () => {
    await using registry = await startRegistry();
    const many = [1, 2, 3].map((number) => ({
      name: `f${number}`,
      pax: { 'SCHILY.xattr.user.large': 'x'.repeat(70_000) },
    }));
    const { status, stderr } = await getRootfs(registry, many);
    expect(status).toBe(0);
    expect(stderr.match(/extended attribute/g)).toHaveLength(1);
    expect(stderr).toContain(
      '3 extended attribute(s) are not set, for example "user.large" of "f1": the system refused it',
    );
  });
});

describe('in with format oci-layout over what an earlier step has left', () => {
  it.each(['oci', 'oci/blobs', 'oci/blobs/sha256'])(
    'writes a whole layout when %s is a link',
    async (name) => {
      await using registry = await startRegistry();
      const image = await buildImage({ layers: [[file('a')]] });
      seed(registry, 'team/image', '1.0', image);
      const directory = await temporaryDirectory();
      const get = () =>
        runExecutable('in', {
          request: {
            source: { repository: `${registry.host}/team/image` },
            version: { tag: '1.0', digest: image.digest },
            params: { format: 'oci-layout' },
          },
          directory,
        });
      expect((await get()).status).toBe(0);
      const elsewhere = join(await temporaryDirectory(), 'elsewhere');
      await rename(join(directory, name), elsewhere);
      await symlink(elsewhere, join(directory, name));
      expect((await get()).status).toBe(0);
      expect((await lstat(join(directory, name))).isDirectory()).toBe(true);
      expect(await readdir(join(directory, 'oci/blobs/sha256'))).toHaveLength(3);
    },
  );
});
