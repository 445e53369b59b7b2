// in with each format: its requests, its files, and what it does with files that exist already.
import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runIn } from '../../src/command/in.ts';
import { transferConcurrency } from '../../src/concurrency.ts';
import { digestHex, digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { startBlobHost } from '../support/blob-host.ts';
import type { FaultRule } from '../support/fault.ts';
import { contentOf } from '../support/image-files.ts';
import {
  attestationOf,
  buildImage,
  buildIndex,
  descriptorOf,
  emptyImage,
  type Image,
  type Index,
  jsonDocument,
  type Root,
  seed,
} from '../support/images.ts';
import { buildLayer, file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const repository = 'team/app';

function imageFor(architecture: string, more: object = {}): Promise<Image> {
  return buildImage({
    layers: [[file('base')], [file('name', architecture)]],
    platform: { os: 'linux', architecture },
    run: { Labels: { 'org.a': architecture } },
    annotations: { 'note.b': architecture },
    ...more,
  });
}

async function platforms(): Promise<Index> {
  const amd64 = await imageFor('amd64');
  return buildIndex([amd64, buildIndex([await imageFor('arm64')]), await attestationOf(amd64)]);
}

interface Get {
  readonly params?: object | undefined;
  readonly source?: object | undefined;
  readonly directory: string;
  readonly tag?: string;
}

async function get(registry: TestRegistry, root: Root, { params, source, directory, tag = 'v1' }: Get) {
  return await runCommand(runIn, {
    request: {
      source: { repository: `${registry.host}/${repository}`, ...source },
      params,
      version: { tag, digest: root.digest },
    },
    directory,
  });
}

/** Starts a registry with a root, and creates an empty directory for it. */
async function prepare(root: Root, faults: readonly FaultRule[] = []) {
  const registry = await startRegistry({ faults });
  seed(registry, repository, 'v1', root);
  return { registry, directory: await temporaryDirectory() };
}

/** The requests of a get after the ping, by the names of their content. */
function asked({ requests }: TestRegistry, names: Readonly<Record<string, string>>): string[] {
  return requests
    .filter(({ path }) => path !== '/v2/')
    .map(({ path }) => {
      const [kind = '', digest = ''] = path.split('/').slice(-2);
      return `${kind} ${names[digest] ?? digest}`;
    });
}

const layout = (directory: string, ...path: readonly string[]) => join(directory, 'oci', ...path);
const blob = (directory: string, { digest }: { digest: `sha256:${string}` }) =>
  layout(directory, 'blobs', 'sha256', digestHex(digest));
const sorted = async (path: string) => (await readdir(path)).sort();

describe('the requests of a get', () => {
  const namesOf = (index: Index, image: Image) => ({
    [index.digest]: 'index',
    [image.digest]: 'image',
    [image.config.digest]: 'config',
    [image.layers[0]?.digest ?? '']: 'base',
    [image.layers[1]?.digest ?? '']: 'top',
  });

  it.each<[string, Get['params'], Get['source'], string[]]>([
    ['rootfs', {}, {}, ['manifests index', 'manifests image', 'blobs base', 'blobs top', 'blobs config']],
    [
      'oci',
      { format: 'oci' },
      {},
      ['manifests index', 'manifests image', 'blobs config', 'blobs base', 'blobs top'],
    ],
    [
      'oci with label_regex',
      { format: 'oci' },
      { label_regex: 'org' },
      ['manifests index', 'manifests image', 'blobs config', 'blobs base', 'blobs top'],
    ],
    ['skip_download', { skip_download: true }, {}, ['manifests index']],
    ['skip_download with an unknown format', { skip_download: true, format: 'zip' }, {}, ['manifests index']],
    [
      'skip_download with annotation_regex',
      { skip_download: true },
      { annotation_regex: 'note' },
      ['manifests index', 'manifests image'],
    ],
    [
      'skip_download with label_regex',
      { skip_download: true },
      { label_regex: 'org' },
      ['manifests index', 'manifests image', 'blobs config'],
    ],
  ])('%s requests only what it needs, in order', async (_name, params, source, expected) => {
    const image = await imageFor('amd64');
    const index = buildIndex([await imageFor('arm64'), image]);
    const { registry, directory } = await prepare(index);
    await using _ = registry;
    expect(await get(registry, index, { params, source, directory })).toMatchObject({
      answer: expect.any(String),
    });
    expect(asked(registry, namesOf(index, image))).toEqual(expected);
  });

  it('oci-layout requests a child before its content, and nothing twice', async () => {
    const index = await platforms();
    const { registry, directory } = await prepare(index);
    await using _ = registry;
    await get(registry, index, { params: { format: 'oci-layout' }, directory });
    const requests = asked(registry, {});
    expect(requests).toHaveLength(new Set(requests).size);
    expect(requests.map((request) => request.split(' ')[1]).sort()).toEqual(
      [...new Set(contentOf(index).map(({ digest }) => digest))].sort(),
    );
    const place = (digest: string) => requests.findIndex((request) => request.endsWith(digest));
    const [first] = index.children as Image[];
    expect(place(first?.digest ?? '')).toBe(1);
  });

  it('oci-layout requests layers before their config', async () => {
    const names = Array.from({ length: transferConcurrency }, (_, layer) => `layer-${layer}`);
    const image = await buildImage({ layers: names.map((layer) => [file(layer)]) });
    // As many requests as run at a time are held until all of them are there, in whatever order they arrive.
    const together = Promise.withResolvers<void>();
    let arrived = 0;
    const fault = () => {
      arrived++;
      if (arrived === names.length) {
        together.resolve();
      }
      return { kind: 'hold', until: together.promise } as const;
    };
    const { registry, directory } = await prepare(image, [{ path: /\/blobs\//, times: names.length, fault }]);
    await using _ = registry;
    await get(registry, image, { params: { format: 'oci-layout' }, directory });
    expect(asked(registry, { [image.config.digest]: 'config' }).at(-1)).toBe('blobs config');
  });

  it.each(['oci', 'oci-layout', 'rootfs'])(
    '%s requests manifest and config of an image without layers',
    async (format) => {
      const image = emptyImage();
      const { registry, directory } = await prepare(image);
      await using _ = registry;
      await get(registry, image, { params: { format }, directory, source: { label_regex: '.' } });
      expect(asked(registry, { [image.digest]: 'image', [image.config.digest]: 'config' })).toEqual([
        'manifests image',
        'blobs config',
      ]);
    },
  );
});

describe('the metadata of a get', () => {
  const cases = ['rootfs', 'oci', 'oci-layout'].map((format) => ({ format }));
  it.each([...cases, { skip_download: true }])(
    'has labels and annotations of the image with %j',
    async (params) => {
      const index = await platforms();
      const { registry, directory } = await prepare(index);
      await using _ = registry;
      const source = { label_regex: '^org', annotation_regex: '^note', platform: { architecture: 'arm64' } };
      const nested = buildIndex([await imageFor('amd64'), await imageFor('arm64')]);
      seed(registry, repository, 'nested', nested);
      const { answer } = await get(registry, nested, { params, source, directory });
      expect(JSON.parse(answer ?? '').metadata.slice(2)).toEqual([
        { name: 'org.a', value: 'arm64' },
        { name: 'note.b', value: 'arm64' },
      ]);
      const paths = registry.requests.map(({ path }) => path).filter((path) => path !== '/v2/');
      expect(paths).toHaveLength(new Set(paths).size);
    },
  );
});

describe('the files of a get', () => {
  it.each<[object, string[]]>([
    [{}, ['digest', 'labels.json', 'metadata.json', 'repository', 'rootfs', 'tag']],
    [{ format: 'oci' }, ['digest', 'image.tar', 'labels.json', 'repository', 'tag']],
    [{ format: 'oci-layout' }, ['digest', 'oci', 'repository', 'tag']],
    [{ skip_download: true }, ['digest', 'repository', 'tag']],
    [{ skip_download: true, format: 'oci' }, ['digest', 'repository', 'tag']],
  ])('with %j replace those of an earlier get with another format', async (params, expected) => {
    const image = await imageFor('amd64');
    const { registry, directory } = await prepare(image);
    await using _ = registry;
    for (const other of [{ format: 'oci' }, { format: 'oci-layout' }, {}]) {
      await get(registry, image, { params: other, directory });
    }
    await mkdir(layout(directory, 'blobs', 'sha256'), { recursive: true });
    await writeFile(join(directory, 'image.tar'), 'of an earlier version');
    await writeFile(join(directory, 'image.tar.partial'), 'of an interrupted get');
    await get(registry, image, { params, directory });
    expect(await sorted(directory)).toEqual(expected);
    expect(await readFile(join(directory, 'digest'), 'utf8')).toBe(image.digest);
  });

  it.each([{}, { format: 'oci' }, { format: 'oci-layout' }, { skip_download: true }])(
    'with %j replace no files of the user',
    async (params) => {
      const image = await imageFor('amd64');
      const { registry, directory } = await prepare(image);
      await using _ = registry;
      const own = { rootfs: 'rootfs', oci: 'image.tar', 'oci-layout': 'oci' }[params.format ?? 'rootfs'];
      const others = ['rootfs', 'image.tar', 'oci'].filter((name) => params.skip_download || name !== own);
      for (const name of others) {
        await mkdir(join(directory, name));
        await writeFile(join(directory, name, 'mine'), 'mine');
      }
      expect((await get(registry, image, { params, directory })).answer).toBeDefined();
      for (const name of others) {
        expect(await readFile(join(directory, name, 'mine'), 'utf8')).toBe('mine');
      }
    },
  );

  it('are in a layout of an index the index itself and everything below it', async () => {
    const index = await platforms();
    const { registry, directory } = await prepare(index);
    await using _ = registry;
    await get(registry, index, { params: { format: 'oci-layout' }, directory });
    expect(await sorted(layout(directory))).toEqual(['blobs', 'index.json', 'oci-layout']);
    expect(digestOf(await readFile(layout(directory, 'index.json')))).toBe(index.digest);
    expect(await readFile(layout(directory, 'oci-layout'), 'utf8')).toBe(
      '{\n    "imageLayoutVersion": "1.0.0"\n}',
    );
    const below = index.children.flatMap(contentOf);
    for (const content of below) {
      expect(await readFile(blob(directory, content))).toEqual(content.bytes);
    }
    expect(await readdir(layout(directory, 'blobs', 'sha256'))).toHaveLength(
      new Set(below.map(({ digest }) => digest)).size,
    );
  });

  it.each<[string, object, object]>([
    [
      'its annotations and artifact type',
      { annotations: { b: '2', a: '1' }, manifest: { artifactType: 'x/y' } },
      { annotations: { a: '1', b: '2' }, artifactType: 'x/y' },
    ],
    ["its config's type", { format: 'docker' }, { artifactType: mediaTypes.dockerConfig }],
  ])('are in a layout of an image an index that lists it with %s', async (_name, options, listed) => {
    const image = await buildImage({ layers: [[file('a')]], ...options });
    const { registry, directory } = await prepare(image);
    await using _ = registry;
    await get(registry, image, { params: { format: 'oci-layout' }, directory });
    const { mediaType, digest, bytes } = image;
    expect(await readFile(layout(directory, 'index.json'), 'utf8')).toBe(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [{ mediaType, size: bytes.length, digest, ...listed }],
      }),
    );
    expect(await readFile(layout(directory, 'single-image-digest'), 'utf8')).toBe(digest);
    const modeOf = async (path: string) => (await lstat(path)).mode & 0o777;
    const umask = process.umask();
    expect(await modeOf(layout(directory, 'index.json'))).toBe(0o777 & ~umask);
    expect(await modeOf(blob(directory, image))).toBe(0o666 & ~umask);
    expect(await modeOf(blob(directory, image.config))).toBe(0o666 & ~umask);
    expect(await modeOf(blob(directory, image.layers[0] ?? image))).toBe(0o600);
  });

  it('include in a layout what an index lists besides images', async () => {
    const image = await imageFor('amd64');
    const other = jsonDocument('application/vnd.example+json', { any: 'thing' });
    const index = jsonDocument(mediaTypes.ociIndex, {
      schemaVersion: 2,
      manifests: [descriptorOf(image), descriptorOf(other)],
    });
    const { registry, directory } = await prepare(image);
    await using _ = registry;
    registry.putBlob(repository, other.bytes);
    registry.putManifest(repository, 'v2', index.mediaType, index.bytes);
    await get(registry, { ...index, children: [] }, { params: { format: 'oci-layout' }, directory });
    expect(await readFile(blob(directory, other))).toEqual(other.bytes);
  });

  it('cannot be a layout of a root that is neither image nor index', async () => {
    const { config, ...others } = emptyImage();
    const manifest = jsonDocument('text/plain', { config: descriptorOf(config) });
    const image = { ...others, ...manifest, config };
    const { registry, directory } = await prepare(image);
    await using _ = registry;
    const { answer, stderr } = await get(registry, image, { params: { format: 'oci-layout' }, directory });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('unsupported media type "text/plain"');
    expect(await get(registry, image, { params: { format: 'oci' }, directory })).toMatchObject({
      answer: expect.any(String),
    });
  });

  it('can be a tarball of an artifact whose config is its layer', async () => {
    const empty = jsonDocument('application/vnd.oci.empty.v1+json', {});
    const artifact = jsonDocument(mediaTypes.ociManifest, {
      schemaVersion: 2,
      config: descriptorOf(empty),
      layers: [descriptorOf(empty)],
    });
    const image: Image = { ...artifact, config: empty, layers: [], entry: {} };
    const { registry, directory } = await prepare(image);
    await using _ = registry;
    await get(registry, image, { params: { format: 'oci' }, directory });
    const text = await readFile(join(directory, 'image.tar'), 'latin1');
    expect(text).toContain(`"Layers":["${digestHex(empty.digest)}.tar.gz"]`);
    expect(text.indexOf(`${digestHex(empty.digest)}.tar.gz`)).toBe(2 * 512);
  });
});

describe('the foreign layers of a get', () => {
  it.each([{}, { format: 'oci' }, { format: 'oci-layout' }])(
    'are fetched from their URL with %j',
    async (params) => {
      await using host = await startBlobHost();
      const layer = await buildLayer([file('name', 'foreign')], { mediaType: mediaTypes.dockerForeignLayer });
      const url = host.put(layer.bytes);
      const plain = await buildImage({ format: 'docker', layers: [layer] });
      const image: Image = {
        ...plain,
        ...jsonDocument(mediaTypes.dockerManifest, {
          ...JSON.parse(plain.bytes.toString()),
          layers: [descriptorOf(layer, { urls: [url] })],
        }),
        layers: [],
      };
      const { registry, directory } = await prepare(image);
      await using _ = registry;
      expect(await get(registry, image, { params, directory })).toMatchObject({ answer: expect.any(String) });
      expect(host.journal.requests).toHaveLength(1);
      const archive = 'format' in params && params.format === 'oci';
      const places = { rootfs: join(directory, 'rootfs', 'name'), layout: blob(directory, layer) };
      if (archive) {
        const text = await readFile(join(directory, 'image.tar'), 'latin1');
        expect(text).toContain(`"LayerSources":{"${layer.diffId}":{"mediaType":"${layer.mediaType}"`);
      } else {
        const path = 'format' in params ? places.layout : places.rootfs;
        expect(await readFile(path)).toEqual('format' in params ? layer.bytes : Buffer.from('foreign'));
      }
    },
  );
});

describe('a get into an existing layout', () => {
  const params = { format: 'oci-layout' };

  it('keeps right blobs, fetches damaged ones again, and removes all other files', async () => {
    const [one, two] = [await imageFor('amd64'), await imageFor('arm64')];
    const index = buildIndex([one, two]);
    const { registry, directory } = await prepare(index);
    await using _ = registry;
    await get(registry, index, { params, directory });
    const [base, top] = one.layers;
    const cut = blob(directory, top ?? one);
    const changed = blob(directory, two.layers[1] ?? two);
    await writeFile(cut, (await readFile(cut)).subarray(0, 10));
    await writeFile(changed, Buffer.alloc((await readFile(changed)).length));
    await writeFile(layout(directory, 'blobs', 'sha256', 'f'.repeat(64)), 'of another image');
    await writeFile(`${cut}.partial`, 'of an interrupted get');
    await writeFile(layout(directory, 'index.json'), 'of another image');
    await writeFile(layout(directory, 'other'), '');
    await mkdir(layout(directory, 'blobs', 'sha512'));
    const before = registry.requests.length;
    await get(registry, index, { params, directory });
    const again = registry.requests.slice(before).map(({ path }) => path.split('/').at(-1));
    // Both manifests are needed to find the content below them; nothing else that is right is requested.
    expect(again.slice(1).sort()).toEqual(
      [index, one, two, top, two.layers[1]].map((content) => content?.digest).sort(),
    );
    expect(again).not.toContain(base?.digest);
    expect(await sorted(layout(directory))).toEqual(['blobs', 'index.json', 'oci-layout']);
    expect(await readdir(layout(directory, 'blobs'))).toEqual(['sha256']);
    for (const content of index.children.flatMap(contentOf)) {
      expect(await readFile(blob(directory, content))).toEqual(content.bytes);
    }
    expect(await readdir(layout(directory, 'blobs', 'sha256'))).not.toContain('f'.repeat(64));
  });

  it('sends one request if the layout of an index is complete', async () => {
    const index = await platforms();
    const { registry, directory } = await prepare(index);
    await using _ = registry;
    await get(registry, index, { params, directory });
    const before = registry.requests.length;
    await get(registry, index, { params, directory });
    expect(registry.requests.slice(before).map(({ path }) => path)).toEqual([
      '/v2/',
      `/v2/${repository}/manifests/${index.digest}`,
    ]);
  });

  it.each<[string, (directory: string) => Promise<unknown>]>([
    ['a file instead of the layout', (directory) => writeFile(layout(directory), '')],
    ['a link instead of the layout', (directory) => symlink('/nonexistent', layout(directory))],
    [
      'a link to elsewhere instead of the blobs',
      async (directory) => {
        await mkdir(join(directory, 'elsewhere', 'sha256'), { recursive: true });
        await mkdir(layout(directory));
        await symlink(join(directory, 'elsewhere'), layout(directory, 'blobs'));
      },
    ],
    [
      'a directory instead of index.json',
      (directory) => mkdir(layout(directory, 'index.json', 'in it'), { recursive: true }),
    ],
  ])('replaces %s', async (_name, plant) => {
    const image = await imageFor('amd64');
    const { registry, directory } = await prepare(image);
    await using _ = registry;
    await plant(directory);
    expect(await get(registry, image, { params, directory })).toMatchObject({ answer: expect.any(String) });
    expect(digestOf(await readFile(blob(directory, image)))).toBe(image.digest);
    expect((await lstat(layout(directory, 'blobs'))).isDirectory()).toBe(true);
    expect(await readdir(join(directory, 'elsewhere', 'sha256')).catch(() => [])).toEqual([]);
  });

  it('replaces a directory or a link in the place of a blob', async () => {
    const image = await imageFor('amd64');
    const { registry, directory } = await prepare(image);
    await using _ = registry;
    const [base = image, top = image] = image.layers;
    await mkdir(join(blob(directory, base), 'in it'), { recursive: true });
    await writeFile(join(directory, 'kept'), top.bytes);
    await symlink(join(directory, 'kept'), blob(directory, top));
    expect(await get(registry, image, { params, directory })).toMatchObject({ answer: expect.any(String) });
    for (const content of [base, top]) {
      expect((await lstat(blob(directory, content))).isFile()).toBe(true);
      expect(await readFile(blob(directory, content))).toEqual(content.bytes);
    }
  });
});

describe('a get that fails', () => {
  it.each(['oci', 'oci-layout'])(
    'leaves no files of the format %s, nor of an earlier get',
    async (format) => {
      const image = await imageFor('amd64');
      const path = `/v2/${repository}/blobs/${image.layers[1]?.digest}`;
      const { registry, directory } = await prepare(image);
      await using _ = registry;
      await get(registry, image, { params: { format }, directory });
      await get(registry, image, { params: {}, directory });
      registry.faults.add({ method: 'GET', path, fault: { kind: 'flip' } });
      const { answer, stderr } = await get(registry, image, { params: { format }, directory });
      expect(answer).toBeUndefined();
      expect(stderr).toContain('digest mismatch');
      expect(stderr).not.toContain('this is a bug');
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it('names the path that cannot be written', async () => {
    const image = await imageFor('amd64');
    const { registry, directory } = await prepare(image);
    await using _ = registry;
    await chmod(directory, 0o500);
    const { answer, stderr } = await get(registry, image, { params: { format: 'oci' }, directory });
    await chmod(directory, 0o700);
    if (process.getuid?.() !== 0) {
      expect(answer).toBeUndefined();
      expect(stderr).toContain(`cannot write ${join(directory, 'image.tar.partial')}`);
    }
  });
});

describe('a get after a 429', () => {
  it('starts a layout over and keeps its complete blobs', async () => {
    const layers = await Promise.all(
      Array.from({ length: 12 }, (_, number) => buildLayer([file(`file-${number}`)])),
    );
    const index = buildIndex([
      await buildImage({ layers: layers.slice(0, 6) }),
      await buildImage({ layers }),
    ]);
    const last = `/v2/${repository}/blobs/${layers.at(-1)?.digest}`;
    const fault = { kind: 'status', status: 429 } as const;
    const { registry, directory } = await prepare(index, [{ method: 'GET', path: last, times: 2, fault }]);
    await using _ = registry;
    const result = await get(registry, index, { params: { format: 'oci-layout' }, directory });
    expect(result.answer).toEqual(expect.any(String));
    const count = (path: string) => registry.journal.select({ method: 'GET', path }).length;
    expect(count('/v2/')).toBe(3);
    expect(count(last)).toBe(3);
    expect(count(`/v2/${repository}/manifests/${index.digest}`)).toBe(3);
    // Complete since the first attempt, with its manifest.
    expect(count(`/v2/${repository}/manifests/${index.children[0]?.digest}`)).toBe(1);
    for (const { digest } of layers.slice(0, 6)) {
      expect(count(`/v2/${repository}/blobs/${digest}`)).toBe(1);
    }
    for (const content of index.children.flatMap(contentOf)) {
      expect(await readFile(blob(directory, content))).toEqual(content.bytes);
    }
  });

  it('starts a tarball over', async () => {
    const image = await imageFor('amd64');
    const path = `/v2/${repository}/blobs/${image.layers[1]?.digest}`;
    const { registry, directory } = await prepare(image, [
      { method: 'GET', path, times: 1, fault: { kind: 'status', status: 429 } },
    ]);
    await using _ = registry;
    await get(registry, image, { params: { format: 'oci' }, directory });
    const restarted = await readFile(join(directory, 'image.tar'));
    await get(registry, image, { params: { format: 'oci' }, directory });
    expect(restarted).toEqual(await readFile(join(directory, 'image.tar')));
  });
});
