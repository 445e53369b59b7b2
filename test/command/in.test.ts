// in when things go wrong: nothing stays that could pass for an image, and what may pass is asked for again.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runIn } from '../../src/command/in.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import type { Fault, FaultRule } from '../support/fault.ts';
import {
  buildImage,
  buildIndex,
  descriptorOf,
  type Image,
  jsonDocument,
  type Root,
  seed,
} from '../support/images.ts';
import { buildLayer, directory, file } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type CommandOptions, runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/image';

let image: Image;
let target: string;

beforeEach(async () => {
  target = await temporaryDirectory();
  image = await buildImage({
    layers: [
      [directory('bin'), file('bin/tool', 'x'.repeat(100_000))],
      [file('etc/motd', 'hello'), directory('locked', { mode: 0o500 }), file('locked/file', '')],
    ],
    run: { Env: ['A=1'] },
  });
});

const manifestPath = (root: Root = image) => `/v2/${name}/manifests/${root.digest}`;
const blobPath = (digest: string | undefined) => `/v2/${name}/blobs/${digest}`;
const configPath = () => blobPath(image.config.digest);
const layerPath = (position: number) => blobPath(image.layers[position]?.digest);

async function get(
  registry: TestRegistry,
  options: { root?: Root; source?: object; params?: object; put?: Root } & Partial<CommandOptions> = {},
) {
  const { root = image, source, params, put = root, ...others } = options;
  seed(registry, name, 'latest', put);
  return await runCommand(runIn, {
    request: {
      source: { repository: `${registry.host}/${name}`, ...source },
      ...(params ? { params } : {}),
      version: { tag: 'latest', digest: root.digest },
    },
    directory: target,
    ...others,
  });
}

function expectNothing(): void {
  expect(readdirSync(target)).toEqual([]);
}

/** What an earlier get of the same directory left. */
function leaveEarlierGet(): void {
  mkdirSync(join(target, 'rootfs', 'bin'), { recursive: true });
  writeFileSync(join(target, 'rootfs', 'bin', 'old'), 'old');
  for (const file of ['tag', 'digest', 'repository', 'metadata.json', 'labels.json']) {
    writeFileSync(join(target, file), 'old');
  }
}

describe('content that is not what was asked for', () => {
  const flip: Fault = { kind: 'flip' };

  it.each<[string, () => string, Fault, string]>([
    ['the manifest', manifestPath, flip, 'does not match requested digest'],
    ['the first layer', () => layerPath(0), flip, 'digest mismatch'],
    ['the last layer', () => layerPath(1), flip, 'digest mismatch'],
    ['the config', configPath, flip, 'digest mismatch'],
    ['a layer of another length', () => layerPath(1), { kind: 'oversize', extra: 7 }, 'the registry offers'],
    [
      'a layer with more than its size',
      () => layerPath(1),
      { kind: 'oversize', extra: 7, chunked: true },
      'size mismatch',
    ],
    [
      'a config with more than its size',
      configPath,
      { kind: 'oversize', extra: 7, chunked: true },
      'size mismatch',
    ],
  ])(
    '%s fails the get and leaves nothing, not even of an earlier one',
    async (_name, path, fault, reason) => {
      leaveEarlierGet();
      await using registry = await startRegistry({ faults: [{ method: 'GET', path: path(), fault }] });
      const { answer, stderr } = await get(registry);
      expect(answer).toBeUndefined();
      expect(stderr).toContain(reason);
      expect(stderr).not.toContain('this is a bug');
      expectNothing();
    },
  );

  it.each<[string, () => string]>([
    ['the manifest', manifestPath],
    ['the last layer', () => layerPath(1)],
    ['the config', configPath],
  ])(
    '%s starts the get over at its first request, and the tree is that of the second attempt',
    async (_name, path) => {
      await using registry = await startRegistry({
        faults: [{ method: 'GET', path: path(), times: 1, fault: flip }],
      });
      const { answer } = await get(registry);
      expect(answer).toBeDefined();
      expect(registry.journal.lines.filter((line) => line === 'GET /v2/')).toHaveLength(2);
      expect(readFileSync(join(target, 'rootfs', 'etc', 'motd'), 'utf8')).toBe('hello');
    },
  );

  it.each<[string, () => string]>([
    ['a layer', () => layerPath(1)],
    ['the config', configPath],
    ['the manifest', manifestPath],
  ])('%s that is missing fails the get and leaves nothing', async (_name, path) => {
    leaveEarlierGet();
    await using registry = await startRegistry({
      faults: [{ method: 'GET', path: path(), fault: { kind: 'status', status: 404 } }],
    });
    const { answer, stderr } = await get(registry);
    expect(answer).toBeUndefined();
    expect(stderr).toContain('NOT_FOUND: answered with 404');
    expectNothing();
  });

  it('a config that is no JSON fails the get after its layers, and leaves nothing', async () => {
    await using registry = await startRegistry();
    const config = {
      mediaType: mediaTypes.ociConfig,
      bytes: Buffer.from('no'),
      digest: registry.putBlob(name, 'no'),
    };
    const manifest = jsonDocument(mediaTypes.ociManifest, {
      schemaVersion: 2,
      config: descriptorOf(config),
      layers: image.layers.map((layer) => descriptorOf(layer)),
    });
    const { answer, stderr } = await get(registry, { root: { ...image, ...manifest, config } });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('is not a JSON document');
    expect(registry.journal.select({ path: layerPath(1) })).toHaveLength(1);
    expectNothing();
  });

  it('a layer that is no archive fails the get and leaves nothing', async () => {
    await using registry = await startRegistry();
    const root = await buildImage({
      layers: [[file('a')], await buildLayer(Buffer.from('this is no archive'.repeat(100)))],
    });
    const { answer, stderr } = await get(registry, { root });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`cannot unpack layer ${root.layers[1]?.digest}`);
    expectNothing();
  });

  it('a layer cut off when it was pushed is no transient error', async () => {
    await using registry = await startRegistry();
    const whole = image.layers[0]?.bytes ?? Buffer.alloc(0);
    const half = whole.subarray(0, whole.length >> 1);
    const cut = { ...(await buildLayer([])), bytes: half, digest: registry.putBlob(name, half) };
    const clock = createFakeClock();
    const { answer, stderr } = await get(registry, { root: await buildImage({ layers: [cut] }), clock });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('ends early');
    expect(registry.journal.select({ path: blobPath(cut.digest) })).toHaveLength(1);
    expectNothing();
  });
});

describe('a directory that holds what it should not', () => {
  it('links in the place of results are replaced, never followed', async () => {
    const elsewhere = await temporaryDirectory();
    writeFileSync(join(elsewhere, 'file'), 'precious');
    symlinkSync(elsewhere, join(target, 'rootfs'));
    symlinkSync(join(elsewhere, 'file'), join(target, 'digest'));
    await using registry = await startRegistry();
    expect(await get(registry)).toMatchObject({ answer: expect.any(String) });
    expect(readdirSync(elsewhere)).toEqual(['file']);
    expect(readFileSync(join(elsewhere, 'file'), 'utf8')).toBe('precious');
    expect(lstatSync(join(target, 'rootfs')).isDirectory()).toBe(true);
    expect(readFileSync(join(target, 'digest'), 'utf8')).toBe(image.digest);
  });

  it('a directory in the place of a file is replaced', async () => {
    mkdirSync(join(target, 'metadata.json', 'deep'), { recursive: true });
    await using registry = await startRegistry();
    expect(await get(registry)).toMatchObject({ answer: expect.any(String) });
    expect(lstatSync(join(target, 'metadata.json')).isFile()).toBe(true);
  });

  it('what belongs to nobody stays', async () => {
    writeFileSync(join(target, 'note'), 'mine');
    await using registry = await startRegistry();
    await get(registry);
    expect(readFileSync(join(target, 'note'), 'utf8')).toBe('mine');
  });

  it('a file that can not be written takes the tree along', async () => {
    await using registry = await startRegistry();
    const made = new Promise<void>((resolve) => {
      registry.faults.add({
        path: configPath(),
        // By then everything was cleared and unpacked.
        fault: {
          kind: 'hold',
          until: registry.journal.arrived({ path: configPath() }).then(() => {
            mkdirSync(join(target, 'labels.json'));
            resolve();
          }),
        },
      });
    });
    const { answer, stderr } = await get(registry);
    await made;
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`writing into ${JSON.stringify(target)}`);
    expect(stderr).not.toContain('this is a bug');
    expectNothing();
  });
});

describe('a directory that vanishes', () => {
  it.each<[string, () => string]>([
    ['before the layers', () => layerPath(0)],
    ['before the files', configPath],
  ])('%s is no bug of ours', async (_name, path) => {
    await using registry = await startRegistry();
    const gone = registry.journal.arrived({ path: path() }).then(() => rmSync(target, { recursive: true }));
    registry.faults.add({ path: path(), fault: { kind: 'hold', until: gone } });
    const { answer, stderr } = await get(registry);
    expect(answer).toBeUndefined();
    expect(stderr).toContain(target);
    expect(stderr).toContain('ENOENT');
    expect(stderr).not.toContain('this is a bug');
    expect(existsSync(target)).toBe(false);
  });
});

describe('the platform', () => {
  it('of the machine is the default', async () => {
    const images = await Promise.all(
      ['amd64', 'riscv64'].map((architecture) =>
        buildImage({ layers: [[file('name', architecture)]], platform: { os: 'linux', architecture } }),
      ),
    );
    await using registry = await startRegistry();
    const platform = { os: 'linux', architecture: 'riscv64' };
    await get(registry, { root: buildIndex(images), platform });
    expect(readFileSync(join(target, 'rootfs/name'), 'utf8')).toBe('riscv64');
  });
});

describe('patterns', () => {
  it.each(['label_regex', 'annotation_regex'])(
    '%s that is none is told before anything is touched',
    async (key) => {
      leaveEarlierGet();
      await using registry = await startRegistry();
      const { answer, stderr } = await get(registry, { source: { [key]: '(' } });
      expect(answer).toBeUndefined();
      expect(stderr).toContain(`source.${key}`);
      expect(registry.requests).toEqual([]);
      expect(readFileSync(join(target, 'rootfs', 'bin', 'old'), 'utf8')).toBe('old');
      expect(readFileSync(join(target, 'digest'), 'utf8')).toBe('old');
    },
  );

  it("annotations are those of the platform's image, not of the index", async () => {
    const child = await buildImage({ annotations: { note: 'of the image' } });
    const index = buildIndex([child], { annotations: { note: 'of the index' } });
    await using registry = await startRegistry();
    const { answer } = await get(registry, { root: index, source: { annotation_regex: 'note' } });
    expect(JSON.parse(answer ?? '').metadata.slice(2)).toEqual([{ name: 'note', value: 'of the image' }]);
  });
});

describe('failures that pass', () => {
  const status = (code: number, more: object = {}): Fault => ({ kind: 'status', status: code, ...more });
  const rule = (path: string | RegExp, fault: Fault, times = 1): FaultRule => ({
    method: 'GET',
    path,
    times,
    fault,
  });

  it.each<[string, () => FaultRule, string[]]>([
    ['429 to the ping', () => rule('/v2/', status(429)), ['/v2/', '/v2/', 'm', 'l', 'l', 'c']],
    ['500 to the ping', () => rule('/v2/', status(500)), ['/v2/', '/v2/', 'm', 'l', 'l', 'c']],
    [
      '429 to the manifest',
      () => rule(manifestPath(), status(429)),
      ['/v2/', 'm', '/v2/', 'm', 'l', 'l', 'c'],
    ],
    ['503 to the manifest', () => rule(manifestPath(), status(503)), ['/v2/', 'm', 'm', 'l', 'l', 'c']],
    [
      'a reset of the manifest',
      () => rule(manifestPath(), { kind: 'reset' }),
      ['/v2/', 'm', 'm', 'l', 'l', 'c'],
    ],
    [
      'a cut manifest',
      () => rule(manifestPath(), { kind: 'truncate', after: 10 }),
      ['/v2/', 'm', 'm', 'l', 'l', 'c'],
    ],
    ['500 to the config', () => rule(configPath(), status(500)), ['/v2/', 'm', 'l', 'l', 'c', 'c']],
    [
      'a reset within the config',
      () => rule(configPath(), { kind: 'reset', after: 10 }),
      ['/v2/', 'm', 'l', 'l', 'c', 'c'],
    ],
    ['502 to a layer', () => rule(layerPath(1), status(502)), ['/v2/', 'm', 'l', 'l', 'l', 'c']],
    [
      'a reset within a layer',
      () => rule(layerPath(0), { kind: 'reset', after: 200 }),
      ['/v2/', 'm', 'l', 'l', 'l', 'c'],
    ],
    [
      'a layer that ends early',
      () => rule(layerPath(0), { kind: 'truncate', after: 200 }),
      ['/v2/', 'm', 'l', 'l', 'l', 'c'],
    ],
  ])('%s: the request is made again, or all of it', async (_name, fault, expected) => {
    await using registry = await startRegistry({ faults: [fault()] });
    const clock = createFakeClock();
    const { answer, stderr } = await get(registry, { clock });
    expect(answer, stderr).toBeDefined();
    const short = registry.requests.map(({ path }) =>
      path === '/v2/' ? path : path.includes('/manifests/') ? 'm' : path === configPath() ? 'c' : 'l',
    );
    expect(short).toEqual(expected);
    expect(stderr.match(/WARN.*transient error: .*; retrying in /g)).toHaveLength(1);
    expect(readFileSync(join(target, 'rootfs/bin/tool'), 'utf8')).toBe('x'.repeat(100_000));
    expect(registry.faults.exhausted).toBe(true);
  });

  it('429 in the middle of the layers starts over with an empty tree', async () => {
    await using registry = await startRegistry({ faults: [rule(layerPath(1), status(429))] });
    const { answer } = await get(registry);
    expect(answer).toBeDefined();
    expect(registry.journal.select({ path: layerPath(0) })).toHaveLength(2);
    expect(existsSync(join(target, 'rootfs/locked/file'))).toBe(true);
  });

  it('a Retry-After is waited for', async () => {
    const fault = status(429, { headers: { 'retry-after': '42' } });
    await using registry = await startRegistry({ faults: [rule(manifestPath(), fault)] });
    const clock = createFakeClock();
    await get(registry, { clock });
    expect(Math.max(...clock.waits)).toBe(42_000);
  });

  it('a limit that does not end is told within the hour that upstream waits', async () => {
    await using registry = await startRegistry({ faults: [rule(manifestPath(), status(429), 1e6)] });
    const clock = createFakeClock();
    const start = clock.now();
    leaveEarlierGet();
    const { answer, stderr } = await get(registry, { clock });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('TOOMANYREQUESTS');
    expect(clock.now() - start).toBeGreaterThan(50 * 60_000);
    expect(clock.now() - start).toBeLessThan(70 * 60_000);
    expectNothing();
  });

  it.each<[string, Fault]>([
    ['401', status(401)],
    ['403', status(403)],
    ['501', status(501)],
  ])('%s is told at once', async (_name, fault) => {
    await using registry = await startRegistry({ faults: [rule(manifestPath(), fault, 1e6)] });
    const { answer, stderr } = await get(registry);
    expect(answer).toBeUndefined();
    expect(stderr).not.toContain('retrying');
    expect(registry.journal.select({ path: manifestPath() })).toHaveLength(1);
  });

  it('a digest that was just pushed may take some seconds to show up', async () => {
    await using registry = await startRegistry({ faults: [rule(manifestPath(), status(404), 3)] });
    const clock = createFakeClock();
    const { answer, stderr } = await get(registry, { clock });
    expect(answer).toBeDefined();
    expect(stderr).toContain('is not there (yet); asking again');
    expect(registry.journal.select({ path: '/v2/' })).toHaveLength(1);
  });

  it('but not longer than a quarter of a minute, and not at all in tests', async () => {
    const asked = async (waits: 'real' | 'shrunk') => {
      await using registry = await startRegistry({ faults: [rule(manifestPath(), status(404), 1e6)] });
      const clock = createFakeClock();
      const start = clock.now();
      expect(await get(registry, { clock, waits })).toMatchObject({ answer: undefined });
      return {
        requests: registry.journal.select({ path: manifestPath() }).length,
        waited: clock.now() - start,
      };
    };
    const { requests, waited } = await asked('real');
    expect(requests).toBeGreaterThan(3);
    expect(waited).toBeLessThan(20_000);
    expect(await asked('shrunk')).toMatchObject({ requests: 1 });
  });

  it('a token that expires on the way is renewed', async () => {
    await using registry = await startRegistry({
      auth: { kind: 'bearer', credentials: { user: 'user', password: 'secret' }, usesPerToken: 2 },
    });
    const { answer, stderr } = await get(registry, { source: { username: 'user', password: 'secret' } });
    expect(answer, stderr).toBeDefined();
    expect(registry.tokens.length).toBeGreaterThan(1);
    expect(
      registry.tokens.every(({ granted }) => granted.every(({ actions }) => actions.join() === 'pull')),
    ).toBe(true);
  });
});

describe('a mirror', () => {
  it.each<[string, Fault]>([
    ['refuses', { kind: 'status', status: 403 }],
    ['serves other bytes', { kind: 'flip' }],
  ])('that %s is passed over, and nothing of it stays', async (_name, fault) => {
    // The origin can't be reached here: its failure is the one that is told.
    await using mirror = await startRegistry({ faults: [{ path: /\/blobs\//, fault }] });
    seed(mirror, name, 'latest', image);
    const { answer, stderr } = await runCommand(runIn, {
      request: {
        source: { repository: name, registry_mirror: { host: mirror.host } },
        version: { tag: 'latest', digest: image.digest },
      },
      directory: target,
      environment: { HTTPS_PROXY: 'http://127.0.0.1:1' },
    });
    expect(answer).toBeUndefined();
    expect(stderr).toMatch(/WARN.*download from mirror .* failed/);
    expect(stderr).toMatch(/ERRO.*download failed: .*https:\/\/index\.docker\.io\/v2\//);
    expectNothing();
  });

  it.each(['http://mirror.test', 'mirror.test/path'])('host %s is told before any traffic', async (host) => {
    const { answer, stderr } = await runCommand(runIn, {
      request: {
        source: { repository: name, registry_mirror: { host } },
        version: { digest: image.digest },
      },
      directory: target,
    });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('registry_mirror.host must be a host');
  });
});

describe('whoever is not root', () => {
  it('gives no file to anybody', async () => {
    const root = await buildImage({ layers: [[file('a', '', { uid: 1234, gid: 1234 })]] });
    await using registry = await startRegistry();
    await get(registry, { root, userId: 1000 });
    const { uid } = lstatSync(join(target, 'rootfs/a'));
    expect(uid).toBe(process.getuid?.());
  });
});
