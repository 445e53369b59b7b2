// Comparing images: what counts as a difference, and how whiteouts, links and lists of packages are read.
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { pairImages } from '../../src/compare/compare-images.ts';
import type { ContentReader } from '../../src/content/content-graph.ts';
import { graphSource } from '../../src/content/graph-source.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { contentOf } from '../support/image-files.ts';
import {
  attestationOf,
  buildImage,
  buildIndex,
  descriptorOf,
  type ImageOptions,
  isIndex,
  jsonDocument,
  type Root,
} from '../support/images.ts';
import { buildLayer, directory, file, hardLink, type LayerEntry, symlink } from '../support/layers.ts';

function sourceOf(root: Root) {
  const content = [root, ...contentOf(root)];
  const find = (digest: string) => {
    const found = content.find((each) => each.digest === digest);
    if (!found) {
      throw new Error(`no ${digest}`);
    }
    return found;
  };
  const reader: ContentReader = {
    name: 'test',
    document: async ({ descriptor }) => find(descriptor.digest),
    open: async ({ descriptor }) => Readable.from([find(descriptor.digest).bytes]),
  };
  const { mediaType, bytes, digest } = root;
  return graphSource(
    reader,
    { descriptor: { mediaType, size: bytes.length, digest }, kind: isIndex(root) ? 'index' : 'manifest' },
    { foreign: 'skip', listedBlobs: 'refuse' },
  );
}

async function compare(a: Root, b: Root, times = false) {
  const pair = await pairImages(sourceOf(a), sourceOf(b), { times });
  return {
    documents: pair.differences.map(({ where, what }) => `${where} ${what}`),
    all: (await pair.allDifferences()).map(
      ({ where, what, a: ofA, b: ofB }) => `${where} ${what}: ${ofA ?? '-'} | ${ofB ?? '-'}`,
    ),
  };
}

/** An image without layers whose config is a JSON value, or a text. */
function withConfig(value: object | string, mediaType: string = mediaTypes.ociConfig, manifest = {}): Root {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const config = { mediaType, bytes, digest: digestOf(bytes) };
  const members = { schemaVersion: 2, config: descriptorOf(config), layers: [], ...manifest };
  return { ...jsonDocument(mediaTypes.ociManifest, members), config, layers: [], entry: {} };
}

const image = (options: ImageOptions = {}) => buildImage({ layers: [[file('a', 'one')]], ...options });

describe('configs and layers', () => {
  it('takes images with other times of creation, annotations and compression for the same', async () => {
    const plain = await buildLayer([file('a', 'one')], { compression: 'none' });
    const a = await image();
    const b = await image({ created: '2031-05-05T00:00:00Z', annotations: { x: 'y' }, layers: [plain] });
    expect(a.digest).not.toBe(b.digest);
    expect(await compare(a, b)).toEqual({ documents: [], all: [] });
  });

  it('counts times of creation where they are asked for', async () => {
    const { documents } = await compare(
      await image(),
      await image({ created: '2031-05-05T00:00:00Z' }),
      true,
    );
    expect(documents).toEqual(['config created', 'config history[0].created']);
  });

  it('takes a member that is null for one that is missing', async () => {
    const [a, b] = [await image({ run: { User: 'x', Cmd: null } }), await image({ run: { User: 'x' } })];
    expect((await compare(a, b)).documents).toEqual([]);
  });

  it('names each value of the config that differs', async () => {
    const a = await image({ run: { Env: ['A=1', 'B=2'], Labels: { v: '1' } } });
    const b = await image({ run: { Env: ['A=1'], Labels: { v: '2' }, User: 'app' } });
    expect((await compare(a, b)).all).toEqual([
      'config config.Env[1]: "B=2" | -',
      'config config.Labels.v: "1" | "2"',
      'config config.User: - | "app"',
    ]);
  });

  it.each<[string, object, object, string[]]>([
    [
      'a key with a dot and a member',
      { config: { User: 'root' } },
      { 'config.User': 'root' },
      ['config config.User: "root" | -', 'config ["config.User"]: - | "root"'],
    ],
    [
      'a key with an index and a list',
      { config: { Env: ['A=1'] } },
      { config: { 'Env[0]': 'A=1' } },
      ['config config.Env[0]: "A=1" | -', 'config config["Env[0]"]: - | "A=1"'],
    ],
    [
      'a label with a dot and a label that is no text',
      { config: { Labels: { 'a.b': '1' } } },
      { config: { Labels: { a: { b: '1' } } } },
      ['config config.Labels.a.b: "1" | -', 'config config.Labels.a: - | {"b":"1"}'],
    ],
    [
      'null and its name in a list',
      { config: { Cmd: [null] } },
      { config: { Cmd: ['null'] } },
      ['config config.Cmd[0]: null | "null"'],
    ],
    [
      'a member with the name of the diff ids',
      {},
      { 'rootfs.diff_ids': 1 },
      ['config ["rootfs.diff_ids"]: - | 1'],
    ],
    [
      'a member with the name of a time',
      {},
      { 'history[0].created': 1 },
      ['config ["history[0].created"]: - | 1'],
    ],
  ])('tells %s apart', async (_, a, b, expected) => {
    const { all } = await compare(withConfig(a), withConfig(b));
    expect(all.toSorted()).toEqual(expected.toSorted());
  });

  it('counts the diff ids of a config that does not list one for each layer', async () => {
    const { all } = await compare(
      withConfig({ rootfs: { diff_ids: [`sha256:${'a'.repeat(64)}`] } }),
      withConfig({ rootfs: { diff_ids: [`sha256:${'b'.repeat(64)}`] } }),
    );
    expect(all).toEqual([expect.stringMatching(/^config rootfs.diff_ids\[0\]: "sha256:a+" \| "sha256:b+"$/)]);
  });

  it('refuses a config that is nested too deep, without a stack overflow', async () => {
    const depth = 200_000;
    const deep = withConfig(`{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    await expect(compare(deep, withConfig({}))).rejects.toThrow(/^config sha256:\w+$/);
  });

  it('tells artifacts of different types apart, although all of their content is the same', async () => {
    const type = (configType: string, manifest = {}) => withConfig({}, configType, manifest);
    const empty = 'application/vnd.oci.empty.v1+json';
    expect((await compare(type('x/a'), type('x/b'))).all).toEqual(['artifact type: x/a | x/b']);
    expect(
      (await compare(type(empty, { artifactType: 'x/c' }), type(empty, { artifactType: 'x/d' }))).all,
    ).toEqual(['artifact type: x/c | x/d']);
  });

  it('does not believe a config that calls other layers the same', async () => {
    const a = await image();
    const forged = await buildLayer([file('a', 'evil')]);
    const { diffId } = await buildLayer([file('a', 'one')]);
    const b = await image({ layers: [{ ...forged, diffId }] });
    const { documents, all } = await compare(a, b);
    expect(documents).toEqual([]);
    expect(all).toEqual([
      `layers 001: ${diffId} | ${forged.diffId}`,
      expect.stringMatching(
        /^files \/a: file 0644 0:0 3 bytes sha256:\w+ \| file 0644 0:0 4 bytes sha256:\w+$/,
      ),
    ]);
  });

  it('fails for a layer that is no content at all, although its config calls it the same', async () => {
    const truncated = await buildLayer([file('a', 'one')]);
    const bytes = truncated.bytes.subarray(0, 20);
    const b = await image({ layers: [{ ...truncated, bytes, digest: digestOf(bytes) }] });
    await expect(compare(await image(), b)).rejects.toThrow(`reading layer ${digestOf(bytes)}`);
  });

  it('leaves out of an index only what is marked as an attestation', async () => {
    const marked = (entryAnnotations: Record<string, string>) => image({ entryAnnotations });
    const a = buildIndex([await marked({ 'vnd.docker.reference.type': 'other' })]);
    expect((await compare(a, buildIndex([]))).all).toEqual(['platforms linux/amd64: present | -']);
  });

  it('compares an index platform by platform, without what is attested of it', async () => {
    const arm = (name: string) =>
      buildImage({ platform: { os: 'linux', architecture: 'arm64' }, layers: [[file(name)]] });
    const amd = await image();
    const a = buildIndex([amd, await arm('x'), await attestationOf(amd)]);
    const b = buildIndex([amd, await arm('y')]);
    expect((await compare(a, b)).all).toEqual([
      expect.stringMatching(/^linux\/arm64 layers 001: sha256:/),
      expect.stringMatching(/^linux\/arm64 files \/x: file 0644 0:0 0 bytes sha256:\w+ \| -$/),
      expect.stringMatching(/^linux\/arm64 files \/y: - \| file/),
    ]);
    expect((await compare(a, buildIndex([amd]))).all).toEqual(['platforms linux/arm64: present | -']);
  });
});

describe('files', () => {
  const files = async (a: readonly LayerEntry[][], b: readonly LayerEntry[][], times = false) => {
    const { all } = await compare(await buildImage({ layers: a }), await buildImage({ layers: b }), times);
    return all
      .filter((line) => / ?files \//.test(line))
      .map((line) => line.replace(/sha256:(\w{4})\w+/g, '$1'));
  };

  it.each<[string, readonly LayerEntry[][], readonly LayerEntry[][], string[]]>([
    [
      'other content',
      [[file('a', '1')]],
      [[file('a', '2')]],
      ['files /a: file 0644 0:0 1 bytes 6b86 | file 0644 0:0 1 bytes d473'],
    ],
    [
      'another mode',
      [[file('a', '', { mode: 0o600 })]],
      [[file('a')]],
      ['files /a: file 0600 0:0 0 bytes e3b0 | file 0644 0:0 0 bytes e3b0'],
    ],
    [
      'another owner',
      [[file('a', '', { uid: 7 })]],
      [[file('a')]],
      ['files /a: file 0644 7:0 0 bytes e3b0 | file 0644 0:0 0 bytes e3b0'],
    ],
    [
      'another link target',
      [[symlink('a', 'x')]],
      [[symlink('a', 'y')]],
      ['files /a: symlink 0777 0:0 to x | symlink 0777 0:0 to y'],
    ],
    ['another time', [[file('a', '', { mtime: new Date(5000) })]], [[file('a')]], []],
    [
      'a whiteout',
      [[file('d/a'), file('d/b')], [file('d/.wh.a')]],
      [[file('d/a'), file('d/b')]],
      ['files /d/a: - | file 0644 0:0 0 bytes e3b0'],
    ],
    [
      'an opaque directory after its new files',
      [[file('d/a')], [file('d/b'), file('d/.wh..wh..opq')]],
      [[file('d/b')]],
      [],
    ],
    [
      'a directory in the place of which a file comes',
      [[directory('d'), file('d/a')], [file('d')]],
      [[file('d')]],
      [],
    ],
    ['names that begin with ./', [[file('./a')]], [[file('a')]], []],
    ['names with .. in them', [[file('x/../a')]], [[file('a')]], []],
    [
      'names through a link of a lower layer',
      [[symlink('lib', 'usr/lib'), file('usr/lib/a', '1')], [file('lib/a', '2')]],
      [[symlink('lib', '/usr/lib'), file('usr/lib/a', '2')]],
      ['files /lib: symlink 0777 0:0 to usr/lib | symlink 0777 0:0 to /usr/lib'],
    ],
    [
      'names through a link that comes, changes and goes within a layer',
      [
        [
          file('d/a'),
          symlink('l', 'd'),
          file('l/b'),
          symlink('l', 'e'),
          file('l/c'),
          directory('l'),
          file('l/d'),
          directory('.'),
        ],
      ],
      [[file('d/a'), file('d/b'), file('e/c'), directory('l'), file('l/d')]],
      [],
    ],
    [
      'whiteouts and hard links through a link',
      [
        [symlink('lib', 'usr/lib'), file('usr/lib/a'), file('usr/lib/b', '1')],
        [file('lib/.wh.a'), hardLink('c', 'lib/b')],
      ],
      [[symlink('lib', 'usr/lib'), file('usr/lib/b', '1'), file('c', '1')]],
      [],
    ],
    [
      'a whiteout that a link of its layer hides',
      [[file('usr/lib/a')], [symlink('lib', 'usr/lib'), file('lib/.wh.a')]],
      [[file('usr/lib/a'), symlink('lib', 'usr/lib')]],
      [],
    ],
    [
      'a file in the place of a directory of its layer',
      [[directory('d'), file('d/a'), file('d')]],
      [[file('d')]],
      [],
    ],
    [
      'the files of AUFS, and links to them',
      [
        [
          file('.wh..wh.aufs'),
          directory('.wh..wh.plnk'),
          file('.wh..wh.plnk/1.2', 'x'),
          hardLink('a', '.wh..wh.plnk/1.2'),
        ],
      ],
      [[file('a', 'x')]],
      [],
    ],
  ])('reads %s', async (_, a, b, expected) => {
    expect(await files(a, b)).toEqual(expected);
  });

  it.each<[string, LayerEntry, string]>([
    ['a whiteout of nothing', file('.wh.'), 'the whiteout ".wh." names no file to remove'],
    ['a whiteout of the directory above', file('d/.wh...'), 'the whiteout ".wh..." names no file to remove'],
    ['a name that leads out', file('../a'), '"../a" leads out of the image\'s root directory'],
    ['a hard link to nothing', hardLink('a', 'b'), 'the hard link "a" leads to a file that is not there'],
    ['a cycle of links', file('x/a'), 'too many symbolic links in the path of "x/a"'],
  ])('refuses %s', async (_, entry, message) => {
    const failed = files([[symlink('x', 'y'), symlink('y', 'x')], [entry]], [[]]);
    await expect(failed).rejects.toMatchObject({ cause: { message } });
  });

  it('counts times of modification where they are asked for', async () => {
    const found = await files([[file('a', '', { mtime: new Date(5000) })]], [[file('a')]], true);
    expect(found).toEqual([
      'files /a: file 0644 0:0 0 bytes e3b0 1970-01-01T00:00:05.000Z | file 0644 0:0 0 bytes e3b0 2020-01-01T00:00:00.000Z',
    ]);
  });
});

describe('packages', () => {
  const dpkg = (version: string, status = 'install ok installed') =>
    `Package: libc6\nStatus: ${status}\nArchitecture: amd64\nVersion: ${version}\nDescription: C\n library\n\nPackage: old\nStatus: deinstall ok config-files\nVersion: 1\n`;
  it.each([
    [
      'dpkg',
      'var/lib/dpkg/status',
      dpkg('2.36-9'),
      dpkg('2.36-10'),
      'packages libc6:amd64: 2.36-9 | 2.36-10',
    ],
    [
      'distroless dpkg',
      'var/lib/dpkg/status.d/base',
      'Package: base-files\nVersion: 12\nArchitecture: all\n',
      'Package: base-files\nVersion: 13\nArchitecture: all\n',
      'packages base-files:all: 12 | 13',
    ],
    [
      'apk',
      'lib/apk/db/installed',
      'C:Q1=\nP:musl\nV:1.2.4-r2\nA:x86_64\n\nP:zlib\nV:1-r0\nA:x86_64\n',
      'P:musl\nV:1.2.5-r0\nA:x86_64\n\n',
      'packages musl:x86_64: 1.2.4-r2 | 1.2.5-r0\npackages zlib:x86_64: 1-r0 | -',
    ],
    [
      'rpm',
      'var/lib/rpmmanifest/container-manifest-2',
      'glibc\t2.35-3.cm2\t1\t2\tMariner\t0\tglibc\tx86_64\t0\tglibc.src.rpm\n',
      'glibc\t2.35-4.cm2\t1\t2\tMariner\t0\tglibc\tx86_64\t0\tglibc.src.rpm\n',
      'packages glibc:x86_64: 2.35-3.cm2 | 2.35-4.cm2',
    ],
  ])('reads the list of %s', async (_, path, a, b, expected) => {
    const { all } = await compare(
      await buildImage({ layers: [[file(path, a)]] }),
      await buildImage({ layers: [[file(path, b)]] }),
    );
    expect(all.filter((line) => line.startsWith('packages')).join('\n')).toBe(expected);
  });

  it('takes several versions of a package in another order for the same', async () => {
    const list = (...versions: string[]) =>
      file('var/lib/rpmmanifest/container-manifest-2', versions.map((each) => `kernel\t${each}\n`).join(''));
    const { all } = await compare(
      await buildImage({ layers: [[list('1', '2')]] }),
      await buildImage({ layers: [[list('2', '1', '2')]] }),
    );
    expect(all.filter((line) => line.startsWith('packages'))).toEqual([]);
  });

  it('reads the list of a higher layer that comes through a link as the same list', async () => {
    const installed = (version: string) => `P:musl\nV:${version}\n\n`;
    const { all } = await compare(
      await buildImage({
        layers: [
          [symlink('lib', 'usr/lib'), file('usr/lib/apk/db/installed', installed('1'))],
          [file('lib/apk/db/installed', installed('2'))],
        ],
      }),
      await buildImage({ layers: [[file('lib/apk/db/installed', installed('1'))]] }),
    );
    expect(all.filter((line) => line.startsWith('packages'))).toEqual(['packages musl: 2 | 1']);
  });

  it('forgets the list of a layer that a higher one replaces or removes', async () => {
    const base = [file('var/lib/dpkg/status', dpkg('1'))];
    const { all } = await compare(
      await buildImage({ layers: [base, [file('var/lib/dpkg/.wh.status')]] }),
      await buildImage({ layers: [base, [file('var/lib/dpkg/status', dpkg('2'))]] }),
    );
    expect(all.filter((line) => line.startsWith('packages'))).toEqual(['packages libc6:amd64: - | 2']);
  });
});
