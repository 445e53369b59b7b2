// in on a fake clock when requests fail: what it retries, and that a failed get leaves no files.
import { execFileSync } from 'node:child_process';
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

/** Writes the files of an earlier get into the directory. */
function leaveEarlierGet(): void {
  mkdirSync(join(target, 'rootfs', 'bin'), { recursive: true });
  writeFileSync(join(target, 'rootfs', 'bin', 'old'), 'old');
  for (const file of ['tag', 'digest', 'repository', 'metadata.json', 'labels.json']) {
    writeFileSync(join(target, file), 'old');
  }
}

describe('a get of wrong content', () => {
  const flip: Fault = { kind: 'flip' };

  it.each<[string, () => string, Fault, string]>([
    ['a manifest with another digest', manifestPath, flip, 'does not match requested digest'],
    ['a first layer with another digest', () => layerPath(0), flip, 'digest mismatch'],
    ['a last layer with another digest', () => layerPath(1), flip, 'digest mismatch'],
    ['a config with another digest', configPath, flip, 'digest mismatch'],
    ['a layer with another length', () => layerPath(1), { kind: 'oversize', extra: 7 }, 'the response has'],
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
  ])('fails for %s and leaves no files, also of an earlier get', async (_name, path, fault, reason) => {
    leaveEarlierGet();
    await using registry = await startRegistry({ faults: [{ method: 'GET', path: path(), fault }] });
    const { answer, stderr } = await get(registry);
    expect(answer).toBeUndefined();
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('this is a bug');
    expectNothing();
  });

  it.each<[string, () => string]>([
    ['the manifest', manifestPath],
    ['the last layer', () => layerPath(1)],
    ['the config', configPath],
  ])(
    'starts over with the ping after a digest mismatch of %s, and unpacks the second attempt',
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
  ])('fails for %s that does not exist and leaves no files', async (_name, path) => {
    leaveEarlierGet();
    await using registry = await startRegistry({
      faults: [{ method: 'GET', path: path(), fault: { kind: 'status', status: 404 } }],
    });
    const { answer, stderr } = await get(registry);
    expect(answer).toBeUndefined();
    expect(stderr).toContain('NOT_FOUND: answered with 404');
    expectNothing();
  });

  it('fails for a config that is not JSON after its layers, and leaves no files', async () => {
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

  it('fails for a layer that is not an archive and leaves no files', async () => {
    await using registry = await startRegistry();
    const root = await buildImage({
      layers: [[file('a')], await buildLayer(Buffer.from('this is no archive'.repeat(100)))],
    });
    const { answer, stderr } = await get(registry, { root });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`cannot unpack layer ${root.layers[1]?.digest}`);
    expectNothing();
  });

  it('does not retry a layer that was truncated when it was pushed', async () => {
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

describe('a get into a directory with other files', () => {
  it('replaces links in the place of its files and does not follow them', async () => {
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

  it.each([
    ['a FIFO', (path: string) => execFileSync('mkfifo', [path])],
    ['a link to a device', (path: string) => symlinkSync('/dev/zero', path)],
  ])('replaces %s in the place of a file and does not read it', async (_name, leave) => {
    await using registry = await startRegistry();
    leave(join(target, 'digest'));
    expect((await get(registry)).answer).toBeDefined();
    expect(readFileSync(join(target, 'digest'), 'utf8')).toBe(image.digest);
  });

  it('replaces a directory in the place of a file', async () => {
    mkdirSync(join(target, 'metadata.json', 'deep'), { recursive: true });
    await using registry = await startRegistry();
    expect(await get(registry)).toMatchObject({ answer: expect.any(String) });
    expect(lstatSync(join(target, 'metadata.json')).isFile()).toBe(true);
  });

  it('keeps files with other names', async () => {
    writeFileSync(join(target, 'note'), 'mine');
    await using registry = await startRegistry();
    await get(registry);
    expect(readFileSync(join(target, 'note'), 'utf8')).toBe('mine');
  });

  it('removes the root file system if a file cannot be written', async () => {
    await using registry = await startRegistry();
    const made = new Promise<void>((resolve) => {
      registry.faults.add({
        path: configPath(),
        // The layers are unpacked by then.
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

describe('a get into a directory that is removed meanwhile', () => {
  it.each<[string, () => string]>([
    ['before the layers', () => layerPath(0)],
    ['before the files', configPath],
  ])('fails with a user error if the directory is removed %s', async (_name, path) => {
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

describe('the default platform of a get', () => {
  it('is the platform of the host', async () => {
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

describe('the patterns of a get', () => {
  it.each(['label_regex', 'annotation_regex'])(
    'fail the get before any request and any change if %s is invalid',
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

  it('match annotations of the image, not of the index', async () => {
    const child = await buildImage({ annotations: { note: 'of the image' } });
    const index = buildIndex([child], { annotations: { note: 'of the index' } });
    await using registry = await startRegistry();
    const { answer } = await get(registry, { root: index, source: { annotation_regex: 'note' } });
    expect(JSON.parse(answer ?? '').metadata.slice(2)).toEqual([{ name: 'note', value: 'of the image' }]);
  });
});

describe('a get with transient failures', () => {
  const status = (code: number, more: object = {}): Fault => ({ kind: 'status', status: code, ...more });
  const rule = (path: string | RegExp, fault: Fault, times = 1): FaultRule => ({
    method: 'GET',
    path,
    times,
    fault,
  });

  it.each<[string, () => FaultRule, string[]]>([
    ['429 for the ping', () => rule('/v2/', status(429)), ['/v2/', '/v2/', 'm', 'l', 'l', 'c']],
    ['500 for the ping', () => rule('/v2/', status(500)), ['/v2/', '/v2/', 'm', 'l', 'l', 'c']],
    [
      '429 for the manifest',
      () => rule(manifestPath(), status(429)),
      ['/v2/', 'm', '/v2/', 'm', 'l', 'l', 'c'],
    ],
    ['503 for the manifest', () => rule(manifestPath(), status(503)), ['/v2/', 'm', 'm', 'l', 'l', 'c']],
    [
      'a reset of the manifest',
      () => rule(manifestPath(), { kind: 'reset' }),
      ['/v2/', 'm', 'm', 'l', 'l', 'c'],
    ],
    [
      'a truncated manifest',
      () => rule(manifestPath(), { kind: 'truncate', after: 10 }),
      ['/v2/', 'm', 'm', 'l', 'l', 'c'],
    ],
    ['500 for the config', () => rule(configPath(), status(500)), ['/v2/', 'm', 'l', 'l', 'c', 'c']],
    [
      'a reset within the config',
      () => rule(configPath(), { kind: 'reset', after: 10 }),
      ['/v2/', 'm', 'l', 'l', 'c', 'c'],
    ],
    ['502 for a layer', () => rule(layerPath(1), status(502)), ['/v2/', 'm', 'l', 'l', 'l', 'c']],
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
  ])('retries the request, or starts over, after %s', async (_name, fault, expected) => {
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

  it('starts over with an empty root file system after a 429 between layers', async () => {
    await using registry = await startRegistry({ faults: [rule(layerPath(1), status(429))] });
    const { answer } = await get(registry);
    expect(answer).toBeDefined();
    expect(registry.journal.select({ path: layerPath(0) })).toHaveLength(2);
    expect(existsSync(join(target, 'rootfs/locked/file'))).toBe(true);
  });

  it('waits as long as Retry-After says', async () => {
    const fault = status(429, { headers: { 'retry-after': '42' } });
    await using registry = await startRegistry({ faults: [rule(manifestPath(), fault)] });
    const clock = createFakeClock();
    await get(registry, { clock });
    expect(Math.max(...clock.waits)).toBe(42_000);
  });

  it('fails after about an hour, as upstream, if 429 does not end', async () => {
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
  ])('does not retry after %s', async (_name, fault) => {
    await using registry = await startRegistry({ faults: [rule(manifestPath(), fault, 1e6)] });
    const { answer, stderr } = await get(registry);
    expect(answer).toBeUndefined();
    expect(stderr).not.toContain('retrying');
    expect(registry.journal.select({ path: manifestPath() })).toHaveLength(1);
  });

  it('retries a digest that responds 404 for some seconds', async () => {
    await using registry = await startRegistry({ faults: [rule(manifestPath(), status(404), 3)] });
    const clock = createFakeClock();
    const { answer, stderr } = await get(registry, { clock });
    expect(answer).toBeDefined();
    expect(stderr.match(/WARN.*is not in the registry \(yet\); waiting for it for up to 15 s/g)).toHaveLength(
      1,
    );
    expect(stderr.match(/WARN/g)).toHaveLength(1);
    expect(registry.journal.select({ path: '/v2/' })).toHaveLength(1);
  });

  it.each(['rootfs', 'oci', 'oci-layout'])(
    'retries blobs that respond 404 for some seconds: %s',
    async (format) => {
      const blobs = [image.config, ...image.layers].map(({ digest }) => `/v2/${name}/blobs/${digest}`);
      await using registry = await startRegistry({
        faults: blobs.map((path) => ({
          method: 'GET',
          path,
          times: 2,
          fault: { kind: 'status', status: 404 },
        })),
      });
      const clock = createFakeClock();
      const { answer, stderr } = await get(registry, { clock, params: { format } });
      expect(answer, stderr).toBeDefined();
      expect(stderr).toMatch(
        /^.*WARN.*(config|layer) sha256:\w+ is not in the registry \(yet\); waiting for it for up to 15 s/m,
      );
      expect(stderr).toMatch(/WARN.*layer sha256:\w+ is not in the registry/);
    },
  );

  it('fails if a blob responds 404 for more than 15 s, or at once with TEST=true', async () => {
    const path = `/v2/${name}/blobs/${image.layers[0]?.digest}`;
    const asked = async (waits: 'real' | 'shrunk') => {
      await using registry = await startRegistry({
        faults: [{ path, fault: { kind: 'status', status: 404 } }],
      });
      const { answer } = await get(registry, { clock: createFakeClock(), waits });
      expect(answer).toBeUndefined();
      return registry.journal.select({ path }).length;
    };
    expect(await asked('real')).toBe(9);
    expect(await asked('shrunk')).toBe(1);
  });

  it.each(['rootfs', 'oci', 'oci-layout'])(
    'waits 15 s for all blobs together that respond 404, not for each: %s',
    async (format) => {
      const blobs = [image.config, ...image.layers].map(({ digest }) => blobPath(digest));
      await using registry = await startRegistry({
        faults: blobs.map((path) => rule(path, status(404), 5)),
      });
      const clock = createFakeClock();
      const { answer } = await get(registry, { clock, params: { format } });
      expect(answer).toBeUndefined();
      expect(clock.waits.filter((wait) => wait >= 1_000)).toEqual([...Array(7).fill(2_000), 1_000]);
    },
  );

  it('fails if a digest responds 404 for more than 15 s, or at once with TEST=true', async () => {
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

  it('renews a token that expires between requests', async () => {
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

describe('a get from a mirror', () => {
  it.each<[string, Fault]>([
    ['refuses', { kind: 'status', status: 403 }],
    ['serves wrong content', { kind: 'flip' }],
  ])('skips a mirror that %s and leaves none of its files', async (_name, fault) => {
    // The origin cannot be reached here: its failure is reported.
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

  it.each(['http://mirror.test', 'mirror.test/path'])(
    'fails for the invalid host %s of a mirror before any request',
    async (host) => {
      const { answer, stderr } = await runCommand(runIn, {
        request: {
          source: { repository: name, registry_mirror: { host } },
          version: { digest: image.digest },
        },
        directory: target,
      });
      expect(answer).toBeUndefined();
      expect(stderr).toContain('registry_mirror.host must be a host');
    },
  );
});

describe('a get by a user who is not root', () => {
  it('does not change the owner of files', async () => {
    const root = await buildImage({ layers: [[file('a', '', { uid: 1234, gid: 1234 })]] });
    await using registry = await startRegistry();
    await get(registry, { root, userId: 1000 });
    const { uid } = lstatSync(join(target, 'rootfs/a'));
    expect(uid).toBe(process.getuid?.());
  });
});
