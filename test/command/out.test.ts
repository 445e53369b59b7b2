// out on a fake clock: what it refuses, what it sends, what it retries, and what exists already.
import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { runOut } from '../../src/command/out.ts';
import { digestHex, digestOf } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import type { Fault, FaultRule } from '../support/fault.ts';
import { dockerArchive, writeOciLayout } from '../support/image-files.ts';
import { buildImage, buildIndex, descriptorOf, type Image, type Root, seed } from '../support/images.ts';
import { buildLayer, file, tarOf } from '../support/layers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { type CommandOptions, runCommand } from '../support/run-command.ts';
import { startOrderedServer } from '../support/strict-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const name = 'team/image';
const uploads = new RegExp(`^/v2/${name}/blobs/uploads/.+`);
const manifestOf = (reference: string) => `/v2/${name}/manifests/${reference}`;

let image: Image;
let sources: string;

beforeEach(async () => {
  sources = await temporaryDirectory();
  image = await buildImage({
    format: 'docker',
    layers: [[file('a', 'a'.repeat(3_000_000))], [file('b', 'b')]],
  });
});

async function put(
  registry: { readonly host: string },
  request: { source?: object; params?: object; root?: Root } & Partial<CommandOptions> = {},
) {
  const { source, params, root = image, ...others } = request;
  await writeOciLayout(join(sources, 'oci'), root, {
    singleImageDigest: !('children' in root),
  });
  return await runCommand(runOut, {
    request: {
      source: { repository: `${registry.host}/${name}`, tag: 'v1', ...source },
      params: { image: 'oci', ...params },
    },
    directory: sources,
    ...others,
  });
}

/** Waits until requests on this machine have arrived. */
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    await nextTurn();
  }
}

/** Methods and paths, without the ids of uploads. */
function traffic({ requests }: TestRegistry): string[] {
  return requests.map(
    ({ method, path }) => `${method} ${uploads.test(path) ? 'upload' : path.replace(`/v2/${name}/`, '')}`,
  );
}

describe('a put that is refused before any request', () => {
  const layout = (change: (directory: string) => void) => async () => {
    await writeOciLayout(join(sources, 'broken'), image, { singleImageDigest: true });
    change(join(sources, 'broken'));
  };
  const tarball = async (content: Uint8Array | string) => writeFileSync(join(sources, 'broken'), content);
  const manifestJson = async (document: unknown) =>
    tarball(
      await tarOf([
        file('manifest.json', typeof document === 'string' ? document : JSON.stringify(document)),
      ]),
    );

  it.each<[string, () => Promise<void>, string]>([
    ['an empty file', () => tarball(''), 'the file is empty'],
    ['a gzip tarball', async () => tarball(gzipSync(await dockerArchive(image))), 'compressed with gzip'],
    ['a text file', () => tarball('this is no image\n'.repeat(100)), 'could not load image from path'],
    [
      'a truncated tarball',
      async () => tarball((await dockerArchive(image)).subarray(0, 700_000)),
      'could not load image from path',
    ],
    [
      'an OCI layout in a tarball',
      async () => tarball(await tarOf([file('oci-layout', '{}'), file('index.json', '{}')])),
      'it is an OCI layout',
    ],
    [
      'a tarball without manifest.json',
      async () => tarball(await tarOf([file('a')])),
      'manifest.json not found',
    ],
    ['a manifest.json that is not JSON', () => manifestJson('{'), 'manifest.json'],
    ['a manifest.json that is not a list', () => manifestJson({}), 'manifest.json'],
    ['a manifest.json without images', () => manifestJson([]), 'manifest.json'],
    ['a manifest.json that is null', () => manifestJson('null'), 'manifest.json'],
    [
      'a manifest.json with two images',
      () =>
        manifestJson([
          { Config: 'a', Layers: [] },
          { Config: 'b', Layers: [] },
        ]),
      'must contain only a single image',
    ],
    [
      'a manifest.json with a missing config',
      () => manifestJson([{ Config: 'a', Layers: [] }]),
      'could not load image from path',
    ],
    [
      'a tarball with a missing layer',
      async () => {
        const config = JSON.stringify({ rootfs: { type: 'layers', diff_ids: [image.layers[0]?.diffId] } });
        const saved = [{ Config: 'config', RepoTags: null, Layers: ['missing.tar'] }];
        await tarball(await tarOf([file('config', config), file('manifest.json', JSON.stringify(saved))]));
      },
      'missing.tar',
    ],
    [
      'a directory without index.json',
      layout((path) => rmSync(join(path, 'index.json'))),
      'it has no index.json',
    ],
    [
      'a layout with a broken index',
      layout((path) => writeFileSync(join(path, 'index.json'), '[')),
      'is not a JSON document',
    ],
    ['a layout with a missing blob', layout((path) => rmSync(blob(path))), 'is missing from the OCI layout'],
    [
      'a layout with a truncated blob',
      layout((path) => writeFileSync(blob(path), 'cut')),
      'bytes where its descriptor says',
    ],
    [
      'a layout with a link as a blob',
      layout((path) => {
        rmSync(blob(path));
        symlinkSync('/etc/passwd', blob(path));
      }),
      'is a symbolic link',
    ],
    [
      'a layout with a changed manifest',
      layout((path) =>
        writeFileSync(
          blob(path, image.digest),
          image.bytes.toString().replace('schemaVersion', 'schemaversion'),
        ),
      ),
      'digest mismatch',
    ],
    [
      'a single-image-digest that is not in the layout',
      layout((path) => writeFileSync(join(path, 'single-image-digest'), `sha256:${'0'.repeat(64)}`)),
      'not an image of the layout',
    ],
    [
      'a single-image-digest with a line feed',
      layout((path) => writeFileSync(join(path, 'single-image-digest'), `${image.digest}\n`)),
      'not even a line feed',
    ],
  ])('is explained for %s', async (_name, prepare, reason) => {
    await prepare();
    await using registry = await startRegistry();
    const { answer, stderr } = await runCommand(runOut, {
      request: { source: { repository: `${registry.host}/${name}`, tag: 'a' }, params: { image: 'broken' } },
      directory: sources,
    });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('this is a bug');
    expect(registry.requests).toEqual([]);
  });

  function blob(path: string, digest: string = image.layers[1]?.digest ?? ''): string {
    return join(path, 'blobs', 'sha256', digest.slice('sha256:'.length));
  }

  it.each<[string, object, object, string]>([
    ['an invalid version', {}, { version: '1.2.3.4' }, 'invalid semantic version: "1.2.3.4"'],
    ['no tag', { tag: '' }, {}, 'no tag specified'],
    ['tag_prefix without additional_tags', {}, { tag_prefix: 'a-' }, 'tag_prefix can only be used'],
    [
      'tag_prefix with an empty file of tags',
      {},
      { tag_prefix: 'a-', additional_tags: 'empty' },
      'tag_prefix can only be used',
    ],
    ['a missing file of tags', {}, { additional_tags: 'nowhere' }, 'could not parse additional tags'],
    ['a directory as file of tags', {}, { additional_tags: 'oci' }, 'could not parse additional tags'],
    [
      'a tag with a slash',
      { tag: 'a/../../other/manifests/b' },
      {},
      'source.tag: no registry can have the tag',
    ],
    ['a tag that is too long', { tag: 'a'.repeat(129) }, {}, '129 characters'],
    [
      'a version with build metadata',
      {},
      { version: '1.2.3+b' },
      'params.version: no registry can have the tag',
    ],
    [
      'an invalid additional tag',
      {},
      { additional_tags: 'bad' },
      'params.additional_tags: no registry can have the tag',
    ],
    ['no match of the glob', {}, { image: 'n*' }, 'no files match glob'],
    ['several matches of the glob', {}, { image: '*' }, 'too many files/directories match glob'],
    ['an invalid glob', {}, { image: '[' }, 'is not a valid pattern'],
    ['an invalid repository', { repository: 'Upper/Case' }, {}, 'could not resolve repository'],
    ['an invalid certificate', { ca_certs: ['nonsense'] }, {}, 'ca_certs[0]'],
  ])('is explained for %s', async (_name, source, params, reason) => {
    writeFileSync(join(sources, 'empty'), ' \n');
    writeFileSync(join(sources, 'bad'), 'good b:ad\n');
    await using registry = await startRegistry();
    const { answer, stderr } = await put(registry, { source, params: { bump_aliases: true, ...params } });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('this is a bug');
    expect(registry.requests).toEqual([]);
  });
});

describe('a put of content that exists', () => {
  it('does not upload blobs that exist', async () => {
    await using registry = await startRegistry();
    const layer = image.layers[0];
    registry.putBlob(name, layer?.bytes ?? '');
    const { stderr } = await put(registry);
    expect(registry.journal.select({ method: 'POST' })).toHaveLength(2);
    expect(stderr).toContain(` existing blob: ${layer?.digest}\n`);
    expect(stderr).toContain(` pushed blob: ${image.layers[1]?.digest}\n`);
  });

  it('does not upload images of an index that exist, nor their blobs', async () => {
    const other = await buildImage({ layers: [[file('c')]] });
    const index = buildIndex([image, other]);
    await using registry = await startRegistry();
    seed(registry, name, undefined, other);
    await put(registry, { root: index });
    expect(registry.journal.select({ path: `/v2/${name}/blobs/${other.layers[0]?.digest}` })).toEqual([]);
    expect(registry.journal.select({ method: 'PUT', path: manifestOf(other.digest) })).toEqual([]);
    expect(registry.manifest(name, 'v1')?.digest).toBe(index.digest);
  });

  it('moves only tags that point at another digest', async () => {
    await using registry = await startRegistry();
    seed(registry, name, 'v1', image);
    seed(registry, name, 'old', await buildImage());
    writeFileSync(join(sources, 'tags'), 'old new v1');
    const { answer, stderr } = await put(registry, { params: { additional_tags: 'tags' } });
    const moved = registry.journal.select({ method: 'PUT' }).map(({ path }) => path);
    expect(moved.sort()).toEqual(['new', 'old'].map(manifestOf));
    expect(stderr).toContain(` existing manifest: v1@${image.digest}\n`);
    expect(JSON.parse(answer ?? '').metadata[1].value).toBe('v1 old new v1');
  });

  it('answers nothing when the registry says that it stored another manifest', async () => {
    await using registry = await startRegistry();
    const stored = digestOf(Buffer.from('changed'));
    const headers = { 'docker-content-digest': stored };
    registry.faults.add({
      method: 'PUT',
      path: manifestOf('v1'),
      fault: { kind: 'status', status: 201, headers },
    });
    const { answer, stderr } = await put(registry);
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`the registry says that it stored ${stored}, but ${image.digest} was sent`);
  });

  it('publishes the root after everything below it', async () => {
    await using registry = await startRegistry();
    const other = await buildImage({ layers: [[file('c')]] });
    await put(registry, { root: buildIndex([image, other]) });
    const lines = traffic(registry);
    const last = lines.lastIndexOf('PUT upload');
    expect(lines.slice(last + 1).filter((line) => line.startsWith('PUT'))).not.toHaveLength(0);
    expect(lines.at(-1)).toBe('PUT manifests/v1');
    expect(registry.openUploads).toBe(0);
  });

  it('does not upload a blob if POST responds 201', async () => {
    await using registry = await startRegistry();
    registry.faults.add({ method: 'POST', times: 1, fault: { kind: 'status', status: 201 } });
    for (const { bytes } of [image.config, ...image.layers]) {
      registry.putBlob(name, bytes);
    }
    // The registry responds 404 to HEAD of a blob that it has.
    registry.faults.add({
      method: 'HEAD',
      path: `/v2/${name}/blobs/${image.layers[1]?.digest}`,
      fault: { kind: 'status', status: 404 },
    });
    const { stderr } = await put(registry);
    expect(stderr).toContain(` mounted blob: ${image.layers[1]?.digest}\n`);
    expect(registry.journal.select({ method: 'PATCH' })).toEqual([]);
  });
});

describe('the foreign layers of a put', () => {
  it.each([mediaTypes.dockerForeignLayer, mediaTypes.ociForeignLayerGzip])(
    'are listed in the manifest and not uploaded: %s',
    async (mediaType) => {
      const foreign = await buildLayer([file('windows')], { mediaType });
      const root = await buildImage({ format: 'docker', layers: [foreign, [file('a')]] });
      await using registry = await startRegistry();
      const { answer, stderr } = await put(registry, { root });
      expect(answer, stderr).toBeDefined();
      expect(registry.manifest(name, 'v1')?.bytes).toEqual(root.bytes);
      expect(registry.journal.lines.filter((line) => line.includes(foreign.digest))).toEqual([]);
    },
  );
});

describe('the aliases of a put', () => {
  it('are computed from all pages of the tag list', async () => {
    await using registry = await startRegistry({ pageSize: 2, tagOrder: 'created' });
    for (const tag of ['a', 'b', 'c', '0.1.0', 'd', '1.3.0', 'e']) {
      seed(registry, name, tag, await buildImage());
    }
    const { answer } = await put(registry, {
      source: { tag: '' },
      params: { version: '1.2.3', bump_aliases: true },
    });
    expect(JSON.parse(answer ?? '').metadata[1].value).toBe('1.2.3 1.2');
    expect(registry.journal.select({ path: `/v2/${name}/tags/list` })).toHaveLength(8);
  });

  it.each<[string, Fault, string]>([
    ['says that there is no tag', { kind: 'status', status: 200, body: { tags: null } }, 'lists no tags'],
    ['is no tag list', { kind: 'status', status: 200, body: { errors: [{ code: 'X' }] } }, 'lists no tags'],
    [
      'ends before the alias',
      { kind: 'status', status: 200, body: { tags: ['1.0.0'] }, headers: { link: '<>; rel="next"' } },
      'lists 1 other tag(s)',
    ],
  ])('do not move, and the put fails, if the tag list %s', async (_name, fault, reason) => {
    await using registry = await startRegistry({ faults: [{ path: /tags\/list$/, fault }] });
    const old = await buildImage();
    seed(registry, name, '2.0.0', old);
    seed(registry, name, 'latest', old);
    const { answer, stderr } = await put(registry, { params: { version: '1.0.8', bump_aliases: true } });
    expect(answer).toBeUndefined();
    expect(stderr).toContain(`determine aliases: the registry ${reason}`);
    expect(stderr).toContain('but the tag latest exists');
    expect(traffic(registry).filter((line) => /POST|PUT/.test(line))).toEqual([]);
  });

  it.each([true, false])(
    'stay where a newer version has put them meanwhile, in a repository that exists: %s',
    async (exists) => {
      await using registry = await startRegistry();
      if (exists) {
        seed(registry, name, '1.0.0', await buildImage());
      }
      const newer = await buildImage({ layers: [[file('newer')]] });
      const publishNewer = () => {
        for (const tag of ['2.0.0', '2.0', '2', 'latest']) {
          seed(registry, name, tag, newer);
        }
      };
      registry.faults.add({
        method: 'PATCH',
        times: 1,
        fault: () => {
          publishNewer();
          return { kind: 'pass' };
        },
      });
      const { answer = '', stderr } = await put(registry, {
        source: { tag: '' },
        params: { version: '1.1.0', bump_aliases: true },
      });
      expect(JSON.parse(answer).metadata[1].value).toBe('1.1.0 1 1.1');
      expect(registry.manifest(name, 'latest')?.digest).toBe(newer.digest);
      expect(registry.manifest(name, '1.1')?.digest).toBe(image.digest);
      expect(stderr).toContain('alias latest does not move: the repository has the newer version 2');
    },
  );

  it('move to the version if another put creates them while this one asks for tags', async () => {
    await using registry = await startRegistry();
    const older = await buildImage({ layers: [[file('older')]] });
    registry.faults.add({
      method: 'HEAD',
      times: 1,
      fault: () => {
        for (const tag of ['1.0.0', '1.0', '1', 'latest']) {
          seed(registry, name, tag, older);
        }
        return { kind: 'pass' };
      },
    });
    const { answer = '' } = await put(registry, { params: { version: '1.1.0', bump_aliases: true } });
    expect(JSON.parse(answer).metadata[1].value).toBe('v1 1.1.0 latest 1 1.1');
    expect(registry.manifest(name, 'latest')?.digest).toBe(image.digest);
  });

  it.each<[string, Fault]>([
    [
      '404 with another error code',
      { kind: 'status', status: 404, body: { errors: [{ code: 'DENIED' }, { code: 'NAME_UNKNOWN' }] } },
    ],
    ['401', { kind: 'status', status: 401 }],
    ['403', { kind: 'status', status: 403 }],
    ['not a list', { kind: 'status', status: 200, body: { tags: 'a' } }],
    [
      'continued on another host',
      { kind: 'headers', headers: { link: '<https://elsewhere.test/v2/>; rel="next"' } },
    ],
  ])('fail the put before anything is sent if the tag list is %s', async (_name, fault) => {
    await using registry = await startRegistry({ faults: [{ path: /tags\/list$/, fault }] });
    seed(registry, name, 'old', await buildImage());
    const { answer, stderr } = await put(registry, { params: { version: '1.2.3', bump_aliases: true } });
    expect(answer).toBeUndefined();
    expect(stderr).toContain('determine aliases: list repository tags');
    expect(traffic(registry).filter((line) => !line.startsWith('GET'))).toEqual([]);
  });

  it('are not computed if they are not requested', async () => {
    await using registry = await startRegistry();
    await put(registry, { params: { version: '1.2.3' } });
    await put(registry, { params: { version: '1.2.3-rc.1', bump_aliases: true } });
    expect(registry.journal.select({ path: /tags\/list$/ })).toEqual([]);
  });
});

describe('a put with transient failures', () => {
  const rule = (method: string, path: string | RegExp, fault: Fault, times = 1): FaultRule => ({
    method,
    path,
    times,
    fault,
  });
  const status = (code: number, more: object = {}): Fault => ({ kind: 'status', status: code, ...more });
  const anyBlob = /\/blobs\/sha256:/;

  it.each<[string, FaultRule]>([
    ['429 for the ping', rule('GET', '/v2/', status(429))],
    ['500 for the ping', rule('GET', '/v2/', status(500))],
    ['429 for HEAD of the tag', rule('HEAD', manifestOf('v1'), status(429))],
    ['503 for HEAD of the tag', rule('HEAD', manifestOf('v1'), status(503))],
    ['500 for HEAD of a blob', rule('HEAD', anyBlob, status(500))],
    ['a reset of HEAD of a blob', rule('HEAD', anyBlob, { kind: 'reset' })],
    ['429 for POST of an upload', rule('POST', /uploads\/$/, status(429))],
    ['502 for POST of an upload', rule('POST', /uploads\/$/, status(502))],
    ['429 for PATCH of an upload', rule('PATCH', uploads, status(429))],
    ['429 for PATCH before its body was read', rule('PATCH', uploads, status(429, { early: true }))],
    ['500 for PATCH before its body was read', rule('PATCH', uploads, status(500, { early: true }))],
    ['a reset of PATCH within its body', rule('PATCH', uploads, { kind: 'resetUpload', after: 100 })],
    [
      'BLOB_UPLOAD_INVALID for PATCH',
      rule('PATCH', uploads, status(400, { body: { errors: [{ code: 'BLOB_UPLOAD_INVALID' }] } })),
    ],
    ['429 for PUT of an upload', rule('PUT', uploads, status(429))],
    ['500 for PUT of an upload', rule('PUT', uploads, status(500))],
    ['a reset of PUT of an upload', rule('PUT', uploads, { kind: 'reset' })],
    ['429 for PUT of the manifest', rule('PUT', manifestOf('v1'), status(429))],
    ['503 for PUT of the manifest', rule('PUT', manifestOf('v1'), status(503))],
    ['a reset of PUT of the manifest', rule('PUT', manifestOf('v1'), { kind: 'reset' })],
  ])('succeeds after %s', async (_name, fault) => {
    await using registry = await startRegistry({ faults: [fault] });
    const { answer, stderr } = await put(registry);
    expect(answer, stderr).toBeDefined();
    expect(registry.faults.exhausted).toBe(true);
    expect(registry.manifest(name, 'v1')?.digest).toBe(image.digest);
    for (const { digest, bytes } of [image.config, ...image.layers]) {
      expect(registry.blob(name, digest)).toEqual(bytes);
    }
    expect(registry.journal.select({ path: '/v2/' }).length).toBe(fault.path === '/v2/' ? 2 : 1);
    expect(stderr).toMatch(/WARN.*transient error: .*; retrying in /);
  });

  it('does not upload a blob again that was stored although PUT responded 500', async () => {
    await using registry = await startRegistry();
    const stored = registry.journal.arrived({ method: 'PUT', path: uploads }).then(() => {
      for (const { bytes } of [image.config, ...image.layers]) {
        registry.putBlob(name, bytes);
      }
    });
    registry.faults.add(
      rule('PUT', uploads, { kind: 'hold', until: stored, next: { kind: 'status', status: 500 } }, 3),
    );
    const { answer, stderr } = await put(registry);
    expect(answer, stderr).toBeDefined();
    expect(registry.journal.select({ method: 'PATCH' })).toHaveLength(3);
  });

  it.each([429, 503])('repeats only the PUT of an upload after %i', async (code) => {
    await using registry = await startRegistry({ faults: [rule('PUT', uploads, status(code), 3)] });
    expect(await put(registry)).toMatchObject({ answer: expect.any(String) });
    expect(registry.journal.select({ method: 'PATCH' })).toHaveLength(3);
    expect(registry.journal.select({ method: 'PUT', path: uploads })).toHaveLength(6);
  });

  it.each<[string, FaultRule, string]>([
    ['403 for POST of an upload', rule('POST', /uploads\/$/, status(403), 9), 'DENIED'],
    ['401 for POST of an upload', rule('POST', /uploads\/$/, status(401), 9), 'UNAUTHORIZED'],
    ['413 for PATCH of an upload', rule('PATCH', uploads, status(413, { body: 'too large' }), 9), '413'],
    [
      '400 for PUT of an upload',
      rule('PUT', uploads, status(400, { body: { errors: [{ code: 'DIGEST_INVALID' }] } }), 9),
      'DIGEST_INVALID',
    ],
    [
      '400 for PUT of the manifest',
      rule('PUT', manifestOf('v1'), status(400, { body: { errors: [{ code: 'MANIFEST_INVALID' }] } }), 9),
      'MANIFEST_INVALID',
    ],
    ['405 for PUT of the manifest', rule('PUT', manifestOf('v1'), status(405, { body: '' }), 9), '405'],
  ])('fails at once after %s and tags nothing', async (_name, fault, reason) => {
    await using registry = await startRegistry({ faults: [fault] });
    const { answer, stderr } = await put(registry);
    expect(answer).toBeUndefined();
    expect(stderr).toContain('pushing image failed');
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('retrying');
    expect(registry.tags(name)).toEqual([]);
  });

  it.each([400, 401, 403, 404, 405, 406, 410, 501])('goes on after %i for HEAD of the tag', async (code) => {
    await using registry = await startRegistry({ faults: [rule('HEAD', manifestOf('v1'), status(code), 9)] });
    expect(await put(registry)).toMatchObject({ answer: expect.any(String) });
    expect(registry.tags(name)).toEqual(['v1']);
  });

  it.each<[string, Fault]>([
    ['without a digest', { kind: 'headers', headers: { 'docker-content-digest': undefined } }],
    ['with a malformed digest', { kind: 'headers', headers: { 'docker-content-digest': 'sha256:a' } }],
  ])('goes on after a response %s to HEAD of the tag', async (_name, fault) => {
    await using registry = await startRegistry({ faults: [rule('HEAD', manifestOf('v1'), fault, 9)] });
    seed(registry, name, 'v1', image);
    expect(await put(registry)).toMatchObject({ answer: expect.any(String) });
    expect(registry.journal.select({ method: 'PUT', path: manifestOf('v1') })).toHaveLength(1);
  });

  it.each([400, 401, 403, 405, 406, 501])('uploads every blob after %i for HEAD of blobs', async (code) => {
    await using registry = await startRegistry({ faults: [rule('HEAD', anyBlob, status(code), 9)] });
    for (const blob of [image.config, ...image.layers]) {
      registry.putBlob(name, blob.bytes);
    }
    const { answer, stderr } = await put(registry);
    expect(answer, stderr).toBeDefined();
    expect(registry.journal.select({ method: 'PATCH' })).toHaveLength(3);
    expect(registry.tags(name)).toEqual(['v1']);
  });

  it('puts an index whose HEAD requests are all refused', async () => {
    await using registry = await startRegistry({ faults: [{ method: 'HEAD', fault: status(401) }] });
    const { answer, stderr } = await put(registry, { root: buildIndex([image]) });
    expect(answer, stderr).toBeDefined();
    expect(registry.tags(name)).toEqual(['v1']);
  });

  describe.each([400, 404])('and the status %i for a manifest whose blobs are unknown', (code) => {
    const unknown = status(code, {
      body: { errors: [{ code: 'MANIFEST_BLOB_UNKNOWN', message: 'no blob' }] },
    });

    it('repeats the PUT for some seconds', async () => {
      await using registry = await startRegistry({ faults: [rule('PUT', manifestOf('v1'), unknown, 2)] });
      const clock = createFakeClock();
      const start = clock.now();
      const { answer, stderr } = await put(registry, { clock });
      expect(answer, stderr).toBeDefined();
      expect(registry.journal.select({ method: 'PATCH' })).toHaveLength(3);
      expect(clock.now() - start).toBeLessThan(10_000);
    });

    it('uploads the blobs again although HEAD finds them', async () => {
      await using registry = await startRegistry();
      for (const blob of [image.config, ...image.layers]) {
        registry.putBlob(name, blob.bytes);
      }
      const uploaded = () => registry.journal.select({ method: 'PATCH' }).length === 3;
      registry.faults.add({
        method: 'PUT',
        path: manifestOf('v1'),
        fault: () => (uploaded() ? undefined : unknown),
      });
      const { answer, stderr } = await put(registry);
      expect(answer, stderr).toBeDefined();
      expect(stderr).toContain('does not have all content that it said it has; sending everything again');
      expect(registry.journal.select({ method: 'PUT', path: manifestOf('v1') })).toHaveLength(6);
    });

    it('fails within seconds with the error of the registry', async () => {
      await using registry = await startRegistry({ faults: [rule('PUT', manifestOf('v1'), unknown, 99)] });
      const clock = createFakeClock();
      const start = clock.now();
      const { answer, stderr } = await put(registry, { clock });
      expect(answer).toBeUndefined();
      expect(stderr).toMatch(
        /pushing image failed: writing tag\(s\) v1 of \S+: PUT \S+: MANIFEST_BLOB_UNKNOWN: no blob/,
      );
      expect(clock.now() - start).toBeLessThan(30_000);
      expect(registry.tags(name)).toEqual([]);
    });
  });

  it('fails within an hour if the registry does not recover', async () => {
    await using registry = await startRegistry({ faults: [rule('PATCH', uploads, status(503), 1e6)] });
    const clock = createFakeClock();
    const start = clock.now();
    const { answer } = await put(registry, { clock });
    expect(answer).toBeUndefined();
    expect(clock.now() - start).toBeLessThan(60 * 60_000);
    expect(registry.journal.select({ method: 'PATCH' }).length).toBeLessThan(60);
  });

  it('renews a token that expires between requests, and repeats the upload', async () => {
    await using registry = await startRegistry({
      auth: { kind: 'bearer', credentials: { user: 'user', password: 'secret' }, usesPerToken: 3 },
    });
    const { answer, stderr } = await put(registry, { source: { username: 'user', password: 'secret' } });
    expect(answer, stderr).toBeDefined();
    expect(registry.tokens.length).toBeGreaterThan(2);
    expect(registry.manifest(name, 'v1')?.digest).toBe(image.digest);
  });
});

describe('the location of an upload', () => {
  const ping = { method: 'GET', path: '/v2/', reply: { status: 200 } } as const;
  const single = async () => await buildImage({ layers: [] });

  const upTo = async (location: string | undefined) => {
    const root = await single();
    const server = await startOrderedServer([
      ping,
      { method: 'HEAD', path: manifestOf('v1'), reply: { status: 404 } },
      { method: 'HEAD', path: `/v2/${name}/blobs/${root.config.digest}`, reply: { status: 404 } },
      {
        method: 'POST',
        path: `/v2/${name}/blobs/uploads/`,
        reply: { status: 202, ...(location === undefined ? {} : { headers: { location } }) },
      },
    ]);
    return { root, server };
  };

  it('fails the put if it is missing', async () => {
    const { root, server } = await upTo(undefined);
    await using _closed = server;
    const { answer, stderr } = await put(server, { root });
    server.assertSatisfied();
    expect(answer).toBeUndefined();
    expect(stderr).toContain('the response has no Location header');
  });

  it.each([
    'http://127.0.0.2:1/a',
    'http://10.0.0.1/upload',
    'http://[::1]:1/a',
    'http://169.254.169.254/latest',
  ])('fails the put if it is the private address %s', async (location) => {
    const { root, server } = await upTo(location);
    await using _closed = server;
    const { answer, stderr } = await put(server, { root });
    server.assertSatisfied();
    expect(answer).toBeUndefined();
    expect(stderr).toContain('refused to upload to the private address');
  });

  it('can be on another host, which gets no credentials', async () => {
    const root = await single();
    await using store = await startOrderedServer([
      {
        method: 'PATCH',
        path: '/store',
        reply: () => ({ status: 202, headers: { location: '/close?token=1&digest=old&_a=%2f' } }),
      },
      { method: 'PUT', path: '/close', reply: { status: 201 } },
    ]);
    await using server = await startOrderedServer([
      ping,
      { method: 'HEAD', path: manifestOf('v1'), reply: { status: 404 } },
      { method: 'HEAD', path: `/v2/${name}/blobs/${root.config.digest}`, reply: { status: 404 } },
      {
        method: 'POST',
        path: `/v2/${name}/blobs/uploads/`,
        reply: { status: 202, headers: { location: `http://localhost:${store.port}/store?a=b%2Fc` } },
      },
      { method: 'PUT', path: manifestOf('v1'), reply: { status: 201 } },
    ]);
    const { answer, stderr } = await put(server, { root, source: { username: 'user', password: 'secret' } });
    server.assertSatisfied();
    store.assertSatisfied();
    expect(answer, stderr).toBeDefined();
    expect(store.journal.requests.map(({ authorized }) => authorized)).toEqual([false, false]);
    expect(server.journal.requests.map(({ authorized }) => authorized)).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
    const [patch, close] = store.journal.requests;
    expect(patch?.headers['content-length']).toBe(String(root.config.bytes.length));
    expect(String(patch?.query)).toBe('a=b%2Fc');
    expect(String(close?.query)).toBe(`_a=%2F&digest=${encodeURIComponent(root.config.digest)}&token=1`);
  });
});

describe('a put of manifests with a subject', () => {
  const subject = { mediaType: mediaTypes.ociManifest, size: 7, digest: `sha256:${'1'.repeat(64)}` } as const;
  const fallback = `sha256-${digestHex(subject.digest)}`;
  const referring = (title: string, more: object = {}) =>
    buildImage({ layers: [], annotations: { title }, manifest: { subject, ...more } });

  it('pushes no fallback tag to a registry with the referrers API', async () => {
    await using registry = await startRegistry({ referrers: true });
    await put(registry, { root: await referring('a') });
    expect(registry.tags(name)).toEqual(['v1']);
  });

  it('lists each manifest once under the fallback tag and keeps its entries', async () => {
    await using registry = await startRegistry();
    const [first, second] = [await referring('a'), await referring('b', { artifactType: 'test/type' })];
    await put(registry, { root: first });
    await put(registry, { root: second, source: { tag: 'v2' } });
    await put(registry, { root: second, source: { tag: 'v3' } });
    const stored = registry.manifest(name, fallback);
    expect(stored?.mediaType).toBe(mediaTypes.ociIndex);
    const expected = [
      { ...descriptorOf(first), annotations: { title: 'a' }, artifactType: first.config.mediaType },
      { ...descriptorOf(second), annotations: { title: 'b' }, artifactType: 'test/type' },
    ].sort((a, b) => (a.digest < b.digest ? -1 : 1));
    expect(JSON.parse(String(stored?.bytes)).manifests).toEqual(expected);
  });

  it('lists all manifests of an index under the fallback tag', async () => {
    const children = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((title) => referring(title)));
    await using registry = await startRegistry();
    const { answer, stderr } = await put(registry, { root: buildIndex(children) });
    expect(answer, stderr).toBeDefined();
    const { manifests } = JSON.parse(String(registry.manifest(name, fallback)?.bytes));
    expect(manifests.map(({ digest }: { digest: string }) => digest)).toEqual(
      children.map(({ digest }) => digest).sort(),
    );
  });

  it('lists an index with a subject under the fallback tag', async () => {
    const index = buildIndex([await buildImage()]);
    const bytes = Buffer.from(
      JSON.stringify({ ...JSON.parse(String(index.bytes)), subject, artifactType: 'test/index' }),
    );
    const root = { ...index, bytes, digest: digestOf(bytes) };
    await using registry = await startRegistry();
    const { answer, stderr } = await put(registry, { root });
    expect(answer, stderr).toBeDefined();
    const { manifests } = JSON.parse(String(registry.manifest(name, fallback)?.bytes));
    expect(manifests).toEqual([{ ...descriptorOf(root), artifactType: 'test/index' }]);
  });
});

describe('the temporary files of a put', () => {
  it.each([true, false])('are removed whether the put succeeds: %s', async (succeeds) => {
    const temporary = await temporaryDirectory();
    writeFileSync(join(sources, 'image.tar'), await dockerArchive(image));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = temporary;
    try {
      await using registry = await startRegistry({
        faults: succeeds ? [] : [{ method: 'PATCH', fault: { kind: 'status', status: 403 } }],
      });
      const { answer } = await runCommand(runOut, {
        request: {
          source: { repository: `${registry.host}/${name}`, tag: 'a' },
          params: { image: 'image.tar' },
        },
        directory: sources,
      });
      expect(answer !== undefined).toBe(succeeds);
    } finally {
      process.env.TMPDIR = before ?? '';
      if (before === undefined) {
        delete process.env.TMPDIR;
      }
    }
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('the concurrency of a put', () => {
  const layersOf = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, position) =>
        buildLayer([file(`f${position}`)], { format: 'docker' }),
      ),
    );

  it('uploads four blobs at once', async () => {
    const root = await buildImage({ format: 'docker', layers: await layersOf(12) });
    await using registry = await startRegistry();
    // The responses are held until four requests have arrived.
    const four = registry.journal.arrived({ method: 'PATCH' }, 4).then(manyTurns);
    registry.faults.add({ method: 'PATCH', times: 4, fault: { kind: 'hold', until: four } });
    expect(await put(registry, { root })).toMatchObject({ answer: expect.any(String) });
    expect(registry.journal.maxConcurrent({ method: 'PATCH' })).toBe(4);
  });

  it.each(['layout', 'classic', 'compressed'] as const)(
    'aborts the other uploads after one fails, and reports the first failure (%s)',
    async (kind) => {
      const big = Array.from({ length: 4 }, (_, position) =>
        file('big', Buffer.alloc(4_000_000, `${position}-`)),
      );
      const root = await buildImage({
        format: 'docker',
        layers: await Promise.all(
          big.map((entry) => buildLayer([entry], { compression: kind === 'layout' ? 'none' : 'gzip' })),
        ),
      });
      if (kind !== 'layout') {
        writeFileSync(join(sources, 'image.tar'), await dockerArchive(root, { layout: kind }));
      }
      await using registry = await startRegistry();
      const others = registry.journal.arrived({ method: 'PATCH' }, 4);
      registry.faults.add(
        {
          method: 'PATCH',
          times: 1,
          fault: { kind: 'hold', until: others, next: { kind: 'status', status: 403 } },
        },
        { method: 'PATCH', fault: { kind: 'stallUpload', after: 1 } },
      );
      const params = kind === 'layout' ? {} : { image: 'image.tar' };
      const { answer, stderr } = await put(registry, { root, params });
      expect(answer).toBeUndefined();
      expect(stderr).toContain('pushing image failed');
      expect(stderr).toContain('DENIED: answered with 403');
      expect(stderr).not.toContain('this is a bug');
      expect(registry.tags(name)).toEqual([]);
    },
  );
});

describe('a put of an image that changes meanwhile', () => {
  it.each(['content', 'length', 'existence'])(
    'fails soon and tags nothing if the %s of a blob changes',
    async (change) => {
      const digest = image.layers[0]?.digest ?? '';
      const path = join(sources, 'oci', 'blobs', 'sha256', digest.slice('sha256:'.length));
      await using registry = await startRegistry();
      const changed = registry.journal.arrived({ method: 'HEAD', path: manifestOf('v1') }).then(() => {
        const size = image.layers[0]?.bytes.length ?? 0;
        if (change === 'existence') {
          rmSync(path);
        } else {
          writeFileSync(path, Buffer.alloc(change === 'content' ? size : size - 10, 'x'));
        }
      });
      registry.faults.add({
        method: 'HEAD',
        path: manifestOf('v1'),
        fault: { kind: 'hold', until: changed },
      });
      const clock = createFakeClock();
      const start = clock.now();
      const { answer, stderr } = await put(registry, { clock });
      expect(answer).toBeUndefined();
      expect(stderr).toContain(path);
      expect(stderr).not.toContain('this is a bug');
      expect(registry.journal.select({ method: 'PATCH' }).length).toBeLessThan(10);
      expect(clock.now() - start).toBeLessThan(60_000);
      expect(registry.tags(name)).toEqual([]);
    },
  );
});
