// out of images that exist already: promoted from another repository, or assembled into an index.

import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runOut } from '../../src/command/out.ts';
import { digestHex } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { dockerArchive } from '../support/image-files.ts';
import {
  attestationOf,
  buildImage,
  buildIndex,
  descriptorOf,
  type Image,
  type Index,
  type Root,
  seed,
} from '../support/images.ts';
import { listLayer, seedList } from '../support/layer-lists.ts';
import { file } from '../support/layers.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const destination = 'prod/app';

let registry: TestRegistry;
let directory: string;

beforeEach(async () => {
  registry = await registryForTest();
  directory = await temporaryDirectory();
});

async function put(params: object, source: object = {}, to: TestRegistry = registry) {
  const result = await runCommand(runOut, {
    request: { source: { repository: `${to.host}/${destination}`, ...source }, params },
    directory,
  });
  const answer = result.answer === undefined ? undefined : JSON.parse(result.answer);
  return { answer, text: result.stderr.replaceAll('\x1b', '') };
}

const imageFor = (architecture: string, content = architecture) =>
  buildImage({ platform: { os: 'linux', architecture }, layers: [[file(content)]] });

const at = (tag: string, on: TestRegistry = registry) => on.manifest(destination, tag);

async function staged(root: Root, tag = 'change_1_latest'): Promise<string> {
  seed(registry, 'staging/app', tag, root);
  return `${registry.host}/staging/app:${tag}`;
}

/** What is read of the entries of an index. */
interface Entry {
  readonly digest: string;
  readonly platform?: { readonly architecture: string };
}

describe('a put with from', () => {
  it('copies an index byte for byte under all tags of the put, by mounts on the same registry', async () => {
    const index = buildIndex([await imageFor('amd64'), await imageFor('arm64')]);
    const { answer } = await put({ from: await staged(index), version: '1.2.3', bump_aliases: true });
    expect(answer.version).toEqual({ tag: '1.2.3', digest: index.digest });
    expect(registry.tags(destination)).toEqual(['1', '1.2', '1.2.3', 'latest']);
    expect(at('1.2.3')?.bytes).toEqual(index.bytes);
    expect(registry.journal.select({ method: 'GET', path: /staging\/app\/blobs/ })).toEqual([]);
    expect(registry.journal.select({ method: 'PATCH' })).toEqual([]);
  });

  it('streams blobs from another registry, each once', async () => {
    const image = await imageFor('amd64');
    const from = await staged(image);
    const other = await registryForTest();
    const { answer } = await put({ from, tags: ['1.0'] }, {}, other);
    expect(answer.version.digest).toBe(image.digest);
    expect(at('1.0', other)?.bytes).toEqual(image.bytes);
    expect(registry.journal.select({ method: 'GET', path: /blobs/ })).toHaveLength(2);
  });

  it('sends nothing but the tag when the destination holds the image', async () => {
    const image = await imageFor('amd64');
    const from = await staged(image);
    seed(registry, destination, 'old', image);
    await put({ from, tags: ['new'], referrers: false });
    const writes = registry.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    expect(writes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `PUT /v2/${destination}/manifests/new`,
    ]);
    expect(registry.journal.select({ path: /blobs/ })).toEqual([]);
  });

  it('takes the image that a get fetched, by its digest', async () => {
    const image = await imageFor('amd64');
    await staged(image);
    await mkdir(join(directory, 'base'));
    await writeFile(join(directory, 'base/repository'), `${registry.host}/staging/app`);
    await writeFile(join(directory, 'base/digest'), image.digest);
    const { answer } = await put({ from: { get: 'base' }, tags: ['1.0'] });
    expect(answer.version.digest).toBe(image.digest);
  });

  it('refuses a directory whose files are not regular, and does not wait for them', async () => {
    await mkdir(join(directory, 'base'));
    await writeFile(join(directory, 'base', 'repository'), `${registry.host}/staging/app`);
    execFileSync('mkfifo', [join(directory, 'base', 'digest')]);
    const { answer, text } = await put({ from: { get: 'base' }, version: '1.2.3' });
    expect(answer).toBeUndefined();
    expect(text).toContain('is not the directory of a get: it is not a regular file');
  });

  it('brings signatures along before the first tag moves, unless referrers is false', async () => {
    const image = await imageFor('amd64');
    const from = await staged(image);
    const tag = `sha256-${digestHex(image.digest)}.sig`;
    seed(registry, 'staging/app', tag, await imageFor('amd64', 'signature'));
    await put({ from, tags: ['without'], referrers: false });
    expect(registry.tags(destination)).toEqual(['without']);
    await put({ from, tags: ['with'] });
    expect(registry.tags(destination)).toEqual([tag, 'with', 'without'].sort());
    const puts = registry.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
    expect(puts.at(-1)).toBe(`/v2/${destination}/manifests/with`);
  });

  it('adds signatures to those of the destination, and leaves another SBOM there with a warning', async () => {
    const image = await imageFor('amd64');
    const from = await staged(image);
    const [sig, sbom] = ['sig', 'sbom'].map((kind) => `sha256-${digestHex(image.digest)}.${kind}`);
    const [built, accepted] = [listLayer('built'), listLayer('accepted')];
    seedList(registry, 'staging/app', String(sig), [built]);
    seedList(registry, destination, String(sig), [accepted]);
    const offered = seedList(registry, 'staging/app', String(sbom), [built]);
    const held = seedList(registry, destination, String(sbom), [accepted]);
    const { text } = await put({ from, tags: ['1.0'] });
    expect(JSON.parse(String(at(String(sig))?.bytes)).layers).toEqual([
      accepted.descriptor,
      built.descriptor,
    ]);
    expect(at(String(sbom))?.digest).toBe(held.digest);
    expect(text).toMatch(/WARN.*sha256-[0-9a-f]+\.sbom stays on/);
    expect(text).toContain(`stays on ${held.digest}: the source has ${offered.digest} there`);
    const writes = () =>
      registry.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD').length;
    const written = writes();
    await put({ from, tags: ['1.0'] });
    expect(writes()).toBe(written);
  });

  it('keeps only the platforms that are asked for, with what is attested of them, in a new index', async () => {
    const [amd64, arm64] = [await imageFor('amd64'), await imageFor('arm64')];
    const attestation = await attestationOf(arm64);
    const index = buildIndex([amd64, arm64, attestation]);
    const { answer, text } = await put({
      from: await staged(index),
      tags: ['1.0'],
      platforms: ['linux/arm64'],
    });
    const kept = JSON.parse(String(at('1.0')?.bytes));
    expect(kept.manifests.map(({ digest }: { digest: string }) => digest)).toEqual([
      arm64.digest,
      attestation.digest,
    ]);
    expect(answer.version.digest).not.toBe(index.digest);
    expect(text).toContain(answer.version.digest);
  });

  it('fails before it writes anything when a platform is missing, and names those on offer', async () => {
    const from = await staged(buildIndex([await imageFor('amd64')]));
    const { answer, text } = await put({ from, tags: ['1.0'], platforms: ['linux/s390x'] });
    expect(answer).toBeUndefined();
    expect(text).toContain('no child with platform linux/s390x in index');
    expect(registry.tags(destination)).toEqual([]);
  });

  it('fails where an index in the index would bring all its platforms, whatever is asked for', async () => {
    const inner = buildIndex([await imageFor('amd64'), await imageFor('arm64')]);
    const from = await staged(buildIndex([inner]));
    const { answer, text } = await put({ from, tags: ['1.0'], platforms: ['linux/amd64'] });
    expect(answer).toBeUndefined();
    expect(text).toContain(`it lists the index ${inner.digest}, which states no platform`);
    expect(registry.tags(destination)).toEqual([]);
  });

  it.each(['application/json', 'text/plain', undefined])(
    'recognises an index and its images that are served as %s',
    async (type) => {
      const index = buildIndex([await imageFor('amd64'), await imageFor('arm64')]);
      const from = await staged(index);
      const headers = { 'content-type': type };
      registry.faults.add({
        method: 'GET',
        path: /staging\/app\/manifests/,
        fault: { kind: 'headers', headers },
      });
      const { answer } = await put({ from, version: '1.2.3' });
      expect(answer.version).toEqual({ tag: '1.2.3', digest: index.digest });
      expect(at('1.2.3')?.mediaType).toBe(index.mediaType);
      const kept = await put({ from, version: '1.2.4', platforms: ['linux/arm64'] });
      expect(kept.text).not.toContain('ERRO');
    },
  );

  it('fails when the image does not exist, and says where', async () => {
    const { answer, text } = await put({ from: `${registry.host}/staging/app:gone`, tags: ['1.0'] });
    expect(answer).toBeUndefined();
    expect(text).toContain(`reading ${registry.host}/staging/app of params.from`);
  });

  it('does not send the password of the source to another registry', async () => {
    const secured = await registryForTest({
      auth: { kind: 'basic', user: 'user', password: 'secret-1' },
    });
    const image = await imageFor('amd64');
    const from = await staged(image);
    const { answer, text } = await put(
      { from, tags: ['1.0'] },
      { username: 'user', password: 'secret-1' },
      secured,
    );
    expect(answer?.version.digest, text).toBe(image.digest);
    expect(registry.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
  });
});

describe('a put with manifests', () => {
  it('assembles an index in the order of the list, with platforms from the configs', async () => {
    const [arm64, amd64] = [await imageFor('arm64'), await imageFor('amd64')];
    await writeFile(join(directory, 'amd64.tar'), await dockerArchive(amd64, { layout: 'compressed' }));
    const { answer, text } = await put({
      manifests: [await staged(arm64, '1.0-arm64'), { image: 'amd64.tar', annotations: { built: 'here' } }],
      tags: ['1.0'],
      annotations: { 'org.opencontainers.image.version': '1.0' },
    });
    expect(answer, text).toBeDefined();
    const index = JSON.parse(String(at('1.0')?.bytes));
    expect(index.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(index.annotations).toEqual({ 'org.opencontainers.image.version': '1.0' });
    expect(
      index.manifests.map(({ platform }: { platform: { architecture: string } }) => platform.architecture),
    ).toEqual(['arm64', 'amd64']);
    expect(index.manifests[1].annotations).toEqual({ built: 'here' });
    for (const { digest } of index.manifests) {
      expect(at(digest)).toBeDefined();
    }
  });

  it('refuses two images for one platform', async () => {
    const [one, two] = [await imageFor('amd64', '1'), await imageFor('amd64', '2')];
    const { answer, text } = await put({
      manifests: [await staged(one, 'a'), await staged(two, 'b')],
      tags: ['1.0'],
    });
    expect(answer).toBeUndefined();
    expect(text).toContain('two images of params.manifests are for linux/amd64');
    expect(registry.tags(destination)).toEqual([]);
  });

  it('takes the entries of an index only when asked to', async () => {
    const inner: Index = buildIndex([await imageFor('amd64'), await imageFor('arm64')]);
    const ref = await staged(inner, 'multi');
    expect((await put({ manifests: [ref], tags: ['1.0'] })).text).toContain(
      'params.manifests[0] is an index, not an image',
    );
    const { answer } = await put({ manifests: [ref], flatten: true, tags: ['1.0'] });
    expect(answer).toBeDefined();
    const index = JSON.parse(String(at('1.0')?.bytes));
    expect(index.manifests).toHaveLength(2);
  });

  it('takes the images of indexes in an index, none of which stays an index, each with its platform', async () => {
    const [amd64, arm64, s390x] = [await imageFor('amd64'), await imageFor('arm64'), await imageFor('s390x')];
    // An index states no platform of an index in it.
    const ref = await staged(buildIndex([buildIndex([amd64, buildIndex([arm64])]), s390x]), 'multi');
    await put({ manifests: [ref], flatten: true, tags: ['1.0'] });
    const { manifests } = JSON.parse(String(at('1.0')?.bytes));
    expect(manifests.map((entry: Entry) => [entry.digest, entry.platform?.architecture])).toEqual([
      [amd64.digest, 'amd64'],
      [arm64.digest, 'arm64'],
      [s390x.digest, 's390x'],
    ]);
    const twice = await put({ manifests: [ref, await staged(arm64, 'again')], flatten: true, tags: ['2.0'] });
    expect(twice.text).toContain('two images of params.manifests are for linux/arm64');
    expect(at('2.0')).toBeUndefined();
  });
});

describe('an index that a put assembles', () => {
  const entriesAt = (tag: string) => JSON.parse(String(at(tag)?.bytes)).manifests;

  it.each([
    ['docker', 'docker', 'application/vnd.docker.distribution.manifest.list.v2+json'],
    ['docker', 'oci', 'application/vnd.oci.image.index.v1+json'],
  ] as const)('of a %s and a %s image has the type %s', async (first, second, mediaType) => {
    const images = await Promise.all(
      [first, second].map((format, number) =>
        buildImage({ format, platform: { os: 'linux', architecture: number === 0 ? 'amd64' : 'arm64' } }),
      ),
    );
    const manifests = await Promise.all(images.map((image, number) => staged(image, `part-${number}`)));
    const { answer, text } = await put({ manifests, tags: ['1.0'] });
    expect(answer, text).toBeDefined();
    expect(at('1.0')?.mediaType).toBe(mediaType);
    expect(JSON.parse(String(at('1.0')?.bytes)).mediaType).toBe(mediaType);
  });

  it('has the platform that is given instead of the one in the config', async () => {
    const ref = await staged(await imageFor('amd64'));
    await put({ manifests: [{ ref, platform: { architecture: 'arm', variant: 'v7' } }], tags: ['1.0'] });
    expect(entriesAt('1.0')).toMatchObject([
      { platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
    ]);
  });

  it('keeps only the platforms that are asked for', async () => {
    const [amd64, arm64] = [await imageFor('amd64'), await imageFor('arm64')];
    const manifests = [await staged(amd64, 'a'), await staged(arm64, 'b')];
    await put({ manifests, platforms: ['linux/arm64'], tags: ['1.0'] });
    expect(entriesAt('1.0')).toMatchObject([{ digest: arm64.digest }]);
  });

  it('is not pushed without a platform that is asked for, and says which there are', async () => {
    const manifests = [
      await staged(await imageFor('amd64'), 'a'),
      await staged(await imageFor('arm64'), 'b'),
    ];
    const platforms = ['linux/arm64', 'linux/s390x'];
    const { answer, text } = await put({ manifests, platforms, tags: ['1.0'] });
    expect(answer).toBeUndefined();
    expect(text).toContain(
      'no image of params.manifests is for the platform linux/s390x; they are for: linux/amd64, linux/arm64',
    );
    expect(registry.tags(destination)).toEqual([]);
  });

  it('is not pushed when one of its images cannot be read', async () => {
    const ref = await staged(await imageFor('amd64'));
    const missing = `${registry.host}/staging/app:missing`;
    const { answer, text } = await put({ manifests: [ref, missing], tags: ['1.0'] });
    expect(answer).toBeUndefined();
    expect(text).toContain('/v2/staging/app/manifests/missing');
    expect(registry.tags(destination)).toEqual([]);
  });
});

describe('the options of a put', () => {
  let image: Image;

  beforeEach(async () => {
    image = await imageFor('amd64');
  });

  it('end every tag with the time when it is to be unique', async () => {
    const { answer } = await put({
      from: await staged(image),
      version: '1.2.3',
      bump_aliases: true,
      unique_suffix: 'timestamp',
    });
    expect(answer.version.tag).toBe('1.2.3-202601010000');
    expect(registry.tags(destination)).toEqual(
      ['1', '1.2', '1.2.3', 'latest'].map((tag) => `${tag}-202601010000`),
    );
  });

  it('delete the temporary tag at the source after success', async () => {
    const from = await staged(image);
    seed(registry, 'staging/app', 'change_2_latest', image);
    await put({ from, tags: ['1.0'], cleanup: { tags: ['change_1_latest'], in: 'source' } });
    expect(registry.tags('staging/app')).toEqual(['change_2_latest']);
    expect(at('1.0')?.bytes).toEqual(image.bytes);
  });

  it('delete tags that match a pattern and are old enough', async () => {
    const old = await buildImage({ created: '2025-12-01T00:00:00Z', layers: [[file('old')]] });
    const young = await buildImage({ created: '2025-12-31T23:00:00Z', layers: [[file('young')]] });
    seed(registry, destination, 'change_old', old);
    seed(registry, destination, 'change_young', young);
    seed(registry, destination, 'other', old);
    await put({
      from: await staged(image),
      tags: ['1.0'],
      cleanup: { pattern: '^change_', older_than: '24h' },
    });
    expect(registry.tags(destination)).toEqual(['1.0', 'change_young', 'other']);
  });

  it.each([
    [false, 'warns'],
    [true, 'fails'],
  ])('let a clean-up that cannot delete warn, or fail when it is strict (%s)', async (strict) => {
    registry.faults.add({ method: 'DELETE', path: /./, fault: { kind: 'status', status: 405 } });
    const from = await staged(image);
    const cleanup = { tags: ['change_1_latest'], in: 'source', strict };
    const { answer, text } = await put({ from, tags: ['1.0'], cleanup });
    expect(answer === undefined).toBe(strict);
    expect(text).toContain('change_1_latest');
    expect(at('1.0')?.digest).toBe(image.digest);
    expect(registry.tags('staging/app')).toEqual(['change_1_latest']);
  });

  it.each([
    [false, 'warns'],
    [true, 'fails'],
  ])('let the age of an image that cannot be read warn, or fail when it is strict (%s)', async (strict) => {
    const from = await staged(image);
    registry.putManifest(destination, 'change_9', image.mediaType, '{"schemaVersion":2}');
    const cleanup = { pattern: '^change_9', older_than: '1m', strict };
    const { answer, text } = await put({ from, tags: ['1.0'], cleanup });
    expect(answer === undefined).toBe(strict);
    expect(text).toContain(':change_9 was not deleted: ');
  });

  it('warn of a signature that is listed, but is not there', async () => {
    const from = await staged(image);
    const tag = `sha256-${digestHex(image.digest)}.sig`;
    seed(registry, 'staging/app', tag, image);
    registry.faults.add({
      method: 'GET',
      path: `/v2/staging/app/manifests/${tag}`,
      fault: { kind: 'status', status: 404 },
    });
    const { answer, text } = await put({ from, tags: ['1.0'] });
    expect(answer).toBeDefined();
    expect(text).toContain(`/staging/app:${tag} is listed, but the registry answers that it does not exist`);
  });

  it('bring only the referrers whose types match', async () => {
    const from = await staged(image);
    const referrerOf = async (artifactType: string) => {
      const referrer = await buildImage({ manifest: { artifactType, subject: descriptorOf(image) } });
      seed(registry, 'staging/app', undefined, referrer);
      registry.putManifest(
        'staging/app',
        `sha256-${digestHex(image.digest)}`,
        'application/vnd.oci.image.index.v1+json',
        JSON.stringify({ schemaVersion: 2, manifests: [...listed, referrer].map((each) => entryOf(each)) }),
      );
      listed.push(referrer);
      return referrer;
    };
    const entryOf = (each: Image) =>
      descriptorOf(each, { artifactType: JSON.parse(String(each.bytes)).artifactType });
    const listed: Image[] = [];
    const [sbom, other] = [
      await referrerOf('application/spdx+json'),
      await referrerOf('application/x-other'),
    ];
    await put({ from, tags: ['1.0'], referrers: ['application/spdx*'] });
    expect(at(sbom.digest)).toBeDefined();
    expect(at(other.digest)).toBeUndefined();
  });

  it('annotate the manifest of an image, whose config and layers stay', async () => {
    await writeFile(join(directory, 'image.tar'), await dockerArchive(image, { layout: 'compressed' }));
    await put({ image: 'image.tar', tags: ['plain'] });
    await put({ image: 'image.tar', tags: ['1.0'], annotations: { team: 'a' } });
    const [plain, annotated] = ['plain', '1.0'].map((tag) => JSON.parse(String(at(tag)?.bytes)));
    expect(annotated.annotations).toEqual({ team: 'a' });
    const digests = ({ config, layers }: { config: object; layers: readonly object[] }) =>
      [config, ...layers].map((each) => ('digest' in each ? each.digest : undefined));
    expect(digests(annotated)).toEqual(digests(plain));
  });

  it('put tags back when one of them fails, and publish nothing half', async () => {
    const before = await imageFor('amd64', 'before');
    seed(registry, destination, '1', before);
    const path = /manifests\/1\.2\.3$/;
    registry.faults.add({ method: 'PUT', path, fault: { kind: 'status', status: 403 } });
    const from = await staged(image);
    const { answer, text } = await put({ from, tags: ['1', '2', '1.2.3'] });
    expect(answer).toBeUndefined();
    expect(text).toContain('1.2.3');
    expect(registry.tags(destination)).toEqual(['1']);
    expect(at('1')?.digest).toBe(before.digest);
  });

  it('refuse a destination that is not allowed, before any request', async () => {
    const { answer, text } = await put({
      from: `${registry.host}/staging/app:x`,
      tags: ['1.0'],
      allow_repositories: ['/staging/'],
    });
    expect(answer).toBeUndefined();
    expect(text).toContain(`params.allow_repositories does not allow ${registry.host}/${destination}`);
    expect(registry.requests).toEqual([]);
  });

  it.each([
    [{ from: 'a.example/bb:1', image: 'x' }, 'params.image and params.from are both set'],
    [{ image: 'x', allow_repositories: [''] }, 'the pattern of params.allow_repositories is empty'],
    [{ image: 'x', allow_repositories: [] }, 'params.allow_repositories has no pattern'],
    [{ image: 'x', allow_repositories: null }, 'params.allow_repositories has no pattern'],
    [{ from: 'a.example/bb' }, 'params.from names no tag and no digest'],
    [{ from: { repository: 'a.example/bb' } }, 'params.from has neither a tag nor a digest'],
    [
      { image: 'x', platforms: ['linux/amd64'] },
      'params.platforms is set without params.from or params.manifests',
    ],
    [{ from: 'a.example/bb:1', platforms: ['amd64'] }, 'params.platforms: "amd64" is not a platform'],
    [
      { manifests: [{ ref: 'a.example/bb:1', image: 'x' }] },
      'params.manifests[0] must have exactly one of ref, image and get',
    ],
    [{ image: 'x', unique_suffix: 'random' }, "must be 'timestamp'"],
    [{ image: 'x', referrers: true }, 'params.referrers is set without params.from'],
    [{ image: 'x', cleanup: { pattern: '^a' } }, 'params.cleanup.pattern is set without older_than'],
    [
      { image: 'x', cleanup: { tags: ['a'], in: 'source' } },
      'params.cleanup.in is source, but params.from is not set',
    ],
    [{ from: 'a.example/bb:1', annotations: { a: 'b' } }, 'params.annotations has no effect on params.from'],
  ])('refuse %j before any request', async (params, message) => {
    const { answer, text } = await put({ tags: ['1.0'], ...params });
    expect(answer).toBeUndefined();
    expect(text).toContain(message);
    expect(registry.requests).toEqual([]);
  });
});

describe('a put with only_if_changed', () => {
  const writeImage = async (image: Image) =>
    writeFile(join(directory, 'image.tar'), await dockerArchive(image, { layout: 'compressed' }));
  const build = (content: string, created: string) => buildImage({ layers: [[file('a', content)]], created });
  const pushes = () => registry.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
  const params = { image: 'image.tar', version: '1.0.0', bump_aliases: true, only_if_changed: true };

  it('pushes nothing when only the time of creation differs, and answers what is published', async () => {
    const published = await build('1', '2030-01-01T00:00:00Z');
    seed(registry, destination, '1.0.0', published);
    await writeImage(await build('1', '2031-01-01T00:00:00Z'));
    const { answer, text } = await put(params);
    expect(answer?.version, text).toEqual({ tag: '1.0.0', digest: published.digest });
    expect(answer.metadata).toContainEqual({ name: 'tags', value: '1.0.0' });
    expect(text).toContain(`nothing pushed: tag 1.0.0 has the same image, ${published.digest}`);
    expect(pushes()).toEqual([]);
  });

  it('reads only the manifest of what is published when the digests are the same', async () => {
    const image = await imageFor('amd64');
    const from = await staged(image);
    seed(registry, destination, '1.0.0', image);
    const { answer } = await put({ from, tags: ['1.0.0'], only_if_changed: true });
    expect(answer.version).toEqual({ tag: '1.0.0', digest: image.digest });
    expect(registry.journal.select({ path: /blobs/ })).toEqual([]);
    expect(pushes()).toEqual([]);
  });

  it('pushes an image that differs, and logs in what', async () => {
    seed(registry, destination, '1.0.0', await build('1', '2030-01-01T00:00:00Z'));
    const image = await build('2', '2030-01-01T00:00:00Z');
    await writeImage(image);
    const { text } = await put(params);
    expect(text).toMatch(/the image of tag 1\.0\.0 differs in 2 points:/);
    expect(text).toMatch(
      /files \/a: file 0644 0:0 1 bytes sha256:\w{64} -> file 0644 0:0 1 bytes sha256:\w{64}/,
    );
    expect(registry.tags(destination)).toEqual(['1', '1.0', '1.0.0', 'latest']);
    expect(JSON.parse(String(at('1.0.0')?.bytes)).config.digest).toBe(image.config.digest);
  });

  it('pushes when the first tag does not exist, and when what it holds cannot be compared to the end', async () => {
    await writeImage(await build('1', '2030-01-01T00:00:00Z'));
    expect((await put(params)).answer?.version.tag).toBe('1.0.0');
    const broken = await buildImage({ layers: [[file('other')]] });
    seed(registry, destination, '2.0.0', broken);
    registry.faults.add({
      method: 'GET',
      path: new RegExp(`blobs/${broken.layers[0]?.digest}`),
      fault: { kind: 'status', status: 404 },
    });
    const { answer, text } = await put({ ...params, version: '2.0.0' });
    expect(answer?.version.tag, text).toBe('2.0.0');
    expect(text).toContain('packages and files were not compared');
  });

  it('fails when what is published cannot be read, and says what was attempted', async () => {
    await writeImage(await build('1', '2030-01-01T00:00:00Z'));
    registry.faults.add({ path: /manifests\/1\.0\.0/, fault: { kind: 'status', status: 403 } });
    const { answer, text } = await put(params);
    expect(answer).toBeUndefined();
    expect(text).toContain('params.only_if_changed: reading the image of the tag 1.0.0');
  });

  it.each<[string, (image: Image) => void, string]>([
    [
      'is no document',
      () => registry.putManifest(destination, '1.0.0', mediaTypes.ociManifest, 'x'),
      ' is not a JSON document',
    ],
    [
      'has lost its config',
      ({ mediaType, bytes }) => registry.putManifest(destination, '1.0.0', mediaType, bytes),
      ': BLOB_UNKNOWN',
    ],
  ])('fails when the published image %s, and says what to do', async (_, publish, message) => {
    const image = await build('1', '2030-01-01T00:00:00Z');
    publish(await build('2', '2030-01-01T00:00:00Z'));
    await writeImage(image);
    const { answer, text } = await put(params);
    expect(answer).toBeUndefined();
    expect(text).toContain('params.only_if_changed: comparing with the image of the tag 1.0.0: ');
    expect(text).toContain(message);
    expect(text).toContain('hint: put once without only_if_changed, which replaces the image of the tag');
    expect(pushes()).toEqual([]);
  });
});
