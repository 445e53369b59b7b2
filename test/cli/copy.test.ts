// registry-image copy: between registries, OCI layouts and tarballs, with referrers, the source read once.
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, buildIndex, descriptorOf, type Image, jsonDocument, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { imageWith, registryWith, textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const [one, two] = await Promise.all([imageWith('1'), imageWith('2')]);
const bare = ({ digest }: { readonly digest: string }) => `sha256-${digest.slice(7)}`;

async function copy(...args: readonly string[]) {
  const { code, json, stderr } = await runCliJson(['copy', ...args]);
  const edges = (json.edges ?? []) as {
    destination: string;
    tag: string | null;
    outcome: string;
    reason: string;
  }[];
  return {
    code,
    stderr,
    summary: json.summary,
    edges,
    outcomes: edges.map(({ tag, outcome }) => `${tag} ${outcome}`),
  };
}

/** The answer of a registry that does not mount: an upload. */
const opensUpload = {
  kind: 'status',
  status: 202,
  headers: { location: '/v2/prod/app/blobs/uploads/open' },
  body: '',
} as const;

const lines = (registry: TestRegistry) => registry.journal.lines.filter((line) => line !== 'GET /v2/');

describe('between registries', () => {
  it('looks up the tags of the destination while the source still answers', async () => {
    const source = await registryWith({ 'team/app:1.0': one });
    const target = await registryWith();
    const asked = Promise.withResolvers<void>();
    target.faults.add({
      method: 'HEAD',
      path: /manifests\/1\.0/,
      fault: () => {
        asked.resolve();
        return undefined;
      },
    });
    const fault = { kind: 'hold', until: asked.promise } as const;
    source.faults.add({ method: 'GET', path: /manifests\/1\.0/, times: 1, fault });
    const { code, outcomes } = await copy(`${source.host}/team/app:1.0`, `${target.host}/prod/app`);
    expect({ code, outcomes }).toEqual({ code: 0, outcomes: ['1.0 copied'] });
  });

  it('fails by the source alone when its destination fails too, and asks that once', async () => {
    const source = await registryWith();
    const target = await registryWith();
    target.faults.add({ path: /manifests/, fault: { kind: 'status', status: 403 } });
    const { code, stdout, stderr } = await runCli([
      'copy',
      `${source.host}/team/app:1.0`,
      `${target.host}/prod/app`,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`GET ${source.url}/v2/team/app/manifests/1.0`);
    expect(stderr).not.toContain(target.host);
    expect(target.journal.select({ method: 'HEAD' }).length).toBeLessThanOrEqual(1);
  });

  it('copies to several places, with further tags, and reads each blob once', async () => {
    const image = await buildImage({ layers: [[file('big', randomBytes(400_000))], [file('b')]] });
    const source = await registryWith({ 'team/app:1.0': image });
    const [first, second] = [await registryWith(), await registryWith()];
    const { code, outcomes, edges } = await copy(
      `${source.host}/team/app:1.0`,
      `${first.host}/a/app`,
      `${second.host}/b/app:2.0`,
      ...['--tag', 'x', '--tag', 'y'],
    );
    expect(code).toBe(0);
    expect(outcomes).toEqual(['x copied', 'y copied', '2.0 copied', 'x copied', 'y copied']);
    expect(edges[2]).toEqual({
      source: `${source.host}/team/app`,
      destination: `${second.host}/b/app`,
      digest: image.digest,
      tag: '2.0',
      outcome: 'copied',
      reason: '',
    });
    expect(first.tags('a/app')).toEqual(['x', 'y']);
    expect(second.manifest('b/app', '2.0')?.bytes).toEqual(image.bytes);
    expect(source.journal.select({ method: 'GET', path: /blobs/ })).toHaveLength(3);
  });

  it('uses the tag of the source where none is named, and none for a digest', async () => {
    const source = await registryWith({ 'team/app:1.0': one });
    const destination = await registryWith();
    expect((await copy(`${source.host}/team/app:1.0`, `${destination.host}/a`)).stderr).toContain(
      'repository must be between 2 and 255 characters',
    );
    expect((await copy(`${source.host}/team/app:1.0`, `${destination.host}/a/app`)).outcomes).toEqual([
      '1.0 copied',
    ]);
    const digest = await copy(`${source.host}/team/app@${one.digest}`, `${destination.host}/b/app`);
    expect(digest.outcomes).toEqual(['null copied']);
    expect(destination.digests('b/app')).toEqual([one.digest]);
    const again = await copy(`${source.host}/team/app@${one.digest}`, `${destination.host}/b/app`);
    expect(again.outcomes).toEqual(['null present']);
  });

  it('moves a tag, and says where it was', async () => {
    const source = await registryWith({ 'team/app:1.0': one });
    const destination = await registryWith({ 'a/app:latest': two });
    const { outcomes, edges } = await copy(`${source.host}/team/app:1.0`, `${destination.host}/a/app:latest`);
    expect(outcomes).toEqual(['latest copied']);
    expect(edges[0]?.reason).toBe(`was on ${two.digest}`);
    expect(destination.manifest('a/app', 'latest')?.digest).toBe(one.digest);
    const again = await copy(`${source.host}/team/app:1.0`, `${destination.host}/a/app:latest`);
    expect(again).toMatchObject({ code: 0, outcomes: ['latest present'] });
  });

  it('adds a tag in the same repository by two requests', async () => {
    const registry = await registryWith({ 'team/app:1.0': one });
    const name = `${registry.host}/team/app`;
    const { outcomes } = await copy(`${name}:1.0`, `${name}:latest`);
    expect(outcomes).toEqual(['latest tagged']);
    expect(lines(registry)).toEqual(['GET /v2/team/app/manifests/1.0', 'PUT /v2/team/app/manifests/latest']);
    expect(registry.manifest('team/app', 'latest')?.digest).toBe(one.digest);
  });

  it('mounts blobs on the same registry', async () => {
    const registry = await registryWith({ 'team/app:1.0': one });
    await copy(`${registry.host}/team/app:1.0`, `${registry.host}/prod/app`);
    expect(registry.manifest('prod/app', '1.0')?.bytes).toEqual(one.bytes);
    expect(registry.journal.select({ method: 'GET', path: /blobs/ })).toEqual([]);
    expect(registry.journal.select({ method: 'PUT', path: /blobs/ })).toEqual([]);
  });

  it('sends one request for a blob that it mounts, and reads the manifest once', async () => {
    const registry = await registryWith({ 'team/app:1.0': one });
    await copy(`${registry.host}/team/app:1.0`, `${registry.host}/prod/app`);
    const blobs = [one.config, ...one.layers];
    expect(registry.journal.select({ path: /blobs/ }).map(({ method }) => method)).toEqual(
      blobs.map(() => 'POST'),
    );
    expect(lines(registry).filter((line) => line.startsWith('GET /v2/team/app/manifests/'))).toHaveLength(1);
  });

  it('leaves no upload open where a registry refuses to mount a blob that is there', async () => {
    const refused = { method: 'POST', path: /uploads/, times: 2, fault: opensUpload } as const;
    const registry = await registryWith({ 'team/app:1.0': one }, { faults: [refused] });
    for (const { bytes } of [one.config, ...one.layers]) {
      registry.putBlob('prod/app', bytes);
    }
    expect(await copy(`${registry.host}/team/app:1.0`, `${registry.host}/prod/app`)).toMatchObject({
      code: 0,
    });
    const requests = registry.journal
      .select({ path: /blobs/ })
      .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);
    expect(requests.filter((line) => line === 'DELETE open')).toHaveLength(2);
    expect(requests.filter((line) => line.startsWith('PATCH'))).toEqual([]);
  });

  it('brings an index with all of its images, and what is attached to them', async () => {
    const index = buildIndex([one, two]);
    const source = await registryWith({ 'team/app:1.0': index }, { referrers: true });
    const signature = await imageWith('signature');
    seed(source, 'team/app', `${bare(two)}.sig`, signature);
    const sbom = await referrerOf(index);
    seed(source, 'team/app', undefined, sbom);
    const destination = await registryWith({}, { referrers: true });
    expect(await copy(`${source.host}/team/app:1.0`, `${destination.host}/a/app`)).toMatchObject({ code: 0 });
    expect(destination.tags('a/app')).toEqual(['1.0', `${bare(two)}.sig`]);
    expect(destination.digests('a/app').sort()).toEqual(
      [one, two, index, sbom, signature].map(({ digest }) => digest).sort(),
    );
    const without = await registryWith();
    await copy(`${source.host}/team/app:1.0`, `${without.host}/a/app`, '--no-referrers');
    expect(without.digests('a/app')).toHaveLength(3);
  });

  it('warns of a referrer that only the index under the tag attaches, since it cannot be found afterwards', async () => {
    const [stray, real] = [await imageWith('stray'), await referrerOf(one)];
    const source = await registryWith({ 'team/app:1.0': one, 'team/app:': stray });
    seed(source, 'team/app', bare(one), buildIndex([stray, real]));
    const destination = await registryWith();
    const { code, stderr } = await copy(`${source.host}/team/app:1.0`, `${destination.host}/a/app`);
    expect(code).toBe(0);
    expect(destination.manifest('a/app', stray.digest)?.bytes).toEqual(stray.bytes);
    const warnings = stderr.split('\n').filter((line) => line.includes('names no subject'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${destination.host}/a/app: ${stray.digest} is listed as a referrer`);
  });

  it('warns of a signature that the source lists, but does not have', async () => {
    const [source, destination] = [await registryWith({ 'team/app:1': one }), await registryWith()];
    const tag = `${bare(one)}.sig`;
    seed(source, 'team/app', tag, await imageWith('signature'));
    const path = `/v2/team/app/manifests/${tag}`;
    source.faults.add({ method: 'GET', path, fault: { kind: 'status', status: 404 } });
    const { code, stderr } = await copy(`${source.host}/team/app:1`, `${destination.host}/app`);
    expect(code).toBe(0);
    expect(stderr).toContain(
      `${source.host}/team/app:${tag} is listed, but the registry answers that it does`,
    );
    expect(destination.tags('app')).toEqual(['1']);
  });

  it('finishes the other places, and exits with 1, when one fails', async () => {
    const source = await registryWith({ 'team/app:1.0': one });
    const refusing = await registryWith(
      {},
      { faults: [{ method: 'POST', fault: { kind: 'status', status: 403 } }] },
    );
    const destination = await registryWith();
    const { code, outcomes, edges, stderr } = await copy(
      `${source.host}/team/app:1.0`,
      `${refusing.host}/a/app`,
      `${destination.host}/a/app`,
    );
    expect(code).toBe(1);
    expect(outcomes).toEqual(['1.0 failed', '1.0 copied']);
    expect(edges[0]?.reason).toContain('403');
    expect(stderr).toContain(`failed ${refusing.host}/a/app:1.0`);
  });

  it('fails for a source that does not exist, with nothing on standard output', async () => {
    const source = await registryWith();
    const { code, stdout, stderr } = await runCli([
      'copy',
      `${source.host}/team/app:1.0`,
      `${source.host}/a/app`,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('MANIFEST_UNKNOWN');
    expect(stderr).toContain('hint: check the repository, tag and digest');
  });

  it('asks nothing when the settings do not allow a destination', async () => {
    const source = await registryWith({ 'team/app:1.0': one });
    const config = await textFile('settings.yaml', 'allow_destinations: [/prod/]\n');
    const args = ['copy', `${source.host}/team/app:1.0`, `${source.host}/a/app`, '--config', config];
    const { code, stderr } = await runCli(args);
    expect(code).toBe(1);
    expect(stderr).toContain(`does not allow ${source.host}/a/app`);
    expect(source.requests).toEqual([]);
  });

  it('prints a table with a summary', async () => {
    const source = await registryWith({ 'team/app:1.0': one });
    const { stdout } = await runCli(['copy', `${source.host}/team/app:1.0`, `${source.host}/a/app`]);
    expect(stdout).toMatch(
      new RegExp(`\ncopied +${source.host}/a/app:1.0 +${one.digest} .*\n1 edge: 1 copied\n$`),
    );
  });
});

async function referrerOf(subject: {
  mediaType: string;
  bytes: Buffer;
  digest: Image['digest'];
}): Promise<Image> {
  const { mediaType, bytes, digest } = subject;
  return await buildImage({
    manifest: { artifactType: 'application/spdx', subject: { mediaType, size: bytes.length, digest } },
  });
}

describe('with OCI layouts', () => {
  const entriesOf = async (directory: string) => {
    const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'));
    return (index.manifests as { digest: string; annotations?: Record<string, string> }[]).map(
      ({ digest, annotations }) => [digest, annotations?.['org.opencontainers.image.ref.name']],
    );
  };

  it('keeps digest, names and attachments on the way to a layout and back', async () => {
    const index = buildIndex([one, two]);
    const source = await registryWith({ 'team/app:1.0': index }, { referrers: true });
    const [sbom, signature] = [await referrerOf(index), await imageWith('signature')];
    const attestation = await referrerOf(sbom);
    seed(source, 'team/app', undefined, sbom);
    seed(source, 'team/app', undefined, attestation);
    seed(source, 'team/app', `${bare(one)}.sig`, signature);
    const directory = join(await temporaryDirectory(), 'layout');
    const saved = await copy(`${source.host}/team/app:1.0`, `oci:${directory}`);
    expect(saved).toMatchObject({ code: 0, outcomes: ['1.0 copied'] });
    expect(saved.edges[0]?.destination).toBe(`oci:${directory}`);
    expect(await entriesOf(directory)).toEqual(
      expect.arrayContaining([
        [index.digest, '1.0'],
        [sbom.digest, undefined],
        [attestation.digest, undefined],
        [signature.digest, `${bare(one)}.sig`],
      ]),
    );
    const destination = await registryWith({}, { referrers: true });
    await copy(`oci:${directory}`, `${destination.host}/a/app:back`);
    expect(destination.tags('a/app')).toEqual(['back', `${bare(one)}.sig`]);
    expect(destination.digests('a/app').sort()).toEqual(source.digests('team/app').sort());
    const again = await copy(`${source.host}/team/app:1.0`, `oci:${directory}`);
    expect(again.outcomes).toEqual(['1.0 present']);
  });

  it('adds to a layout, and takes a name from the image that had it', async () => {
    const source = await registryWith({ 'team/app:1.0': one, 'team/app:2.0': two });
    const directory = await temporaryDirectory();
    await copy(`${source.host}/team/app:1.0`, `oci:${directory}:latest`);
    const { outcomes, edges } = await copy(
      `${source.host}/team/app:2.0`,
      `oci:${directory}:latest`,
      '--tag',
      '2.0',
    );
    expect(outcomes).toEqual(['latest copied', '2.0 copied']);
    expect(edges[0]?.reason).toBe(`was on ${one.digest}`);
    expect(await entriesOf(directory)).toEqual([
      [one.digest, undefined],
      [two.digest, 'latest'],
      [two.digest, '2.0'],
    ]);
    const destination = await registryWith();
    await copy(`oci:${directory}:2.0`, `${destination.host}/a/app`);
    expect(destination.manifest('a/app', '2.0')?.digest).toBe(two.digest);
  });

  it.each([
    ['a name that it does not have', ':3.0', 'has no image with the name 3.0', 'its names are 1.0, 2.0'],
    ['no name, where it has several', '', 'has several images', 'with one of the names 1.0, 2.0'],
  ])('fails for %s', async (_, suffix, message, hint) => {
    const source = await registryWith({ 'team/app:1.0': one, 'team/app:2.0': two });
    const directory = await temporaryDirectory();
    for (const tag of ['1.0', '2.0']) {
      await copy(`${source.host}/team/app:${tag}`, `oci:${directory}`);
    }
    const { code, stderr } = await copy(`oci:${directory}${suffix}`, `${source.host}/a/app`);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });

  it('loses no entry when several copies write one layout at once', async () => {
    const images = await Promise.all(Array.from({ length: 8 }, (_, number) => imageWith(`${number}`)));
    const source = await registryWith(
      Object.fromEntries(images.map((image, number) => [`team/app:v${number}`, image])),
    );
    const directory = await temporaryDirectory();
    const results = await Promise.all(
      images.map((_, number) =>
        copy(`${source.host}/team/app:v${number}`, `oci:${directory}`, `oci:${directory}:also-${number}`),
      ),
    );
    expect(results.map(({ code }) => code)).toEqual(images.map(() => 0));
    const names = (await entriesOf(directory)).map(([, name]) => name).sort();
    expect(names).toEqual(images.flatMap((_, number) => [`v${number}`, `also-${number}`]).sort());
    const left = await readdir(directory, { recursive: true });
    expect(left.filter((name) => name.endsWith('.partial'))).toEqual([]);
    expect((await runCliJson(['compare', `oci:${directory}:v3`, `oci:${directory}:also-3`])).code).toBe(0);
  });

  it('writes where a symbolic link to a layout leads, and leaves the link', async () => {
    const source = await registryWith({ 'team/app:1.0': one });
    const [directory, link] = [await temporaryDirectory(), join(await temporaryDirectory(), 'link')];
    await symlink(directory, link);
    expect(await copy(`${source.host}/team/app:1.0`, `oci:${link}`)).toMatchObject({ code: 0 });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await entriesOf(directory)).toEqual([[one.digest, '1.0']]);
  });

  it('takes an index.json of images without names as the index', async () => {
    const source = await registryWith({ 'team/app:1.0': one, 'team/app:2.0': two });
    const directory = await temporaryDirectory();
    for (const tag of ['1.0', '2.0']) {
      await copy(`${source.host}/team/app:${tag}`, `oci:${directory}`);
    }
    const index = jsonDocument(mediaTypes.ociIndex, {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [one, two].map((image) => descriptorOf(image, image.entry)),
    });
    await writeFile(join(directory, 'index.json'), index.bytes);
    await copy(`oci:${directory}`, `${source.host}/a/app:multi`);
    expect(source.manifest('a/app', 'multi')?.digest).toBe(index.digest);
  });

  it('fails for what is no layout', async () => {
    const directory = await temporaryDirectory();
    const { code, stderr } = await copy(`oci:${directory}`, 'a.test/b/c:1');
    expect(code).toBe(1);
    expect(stderr).toContain('index.json');
    await writeFile(join(directory, 'index.json'), '[]');
    const source = await registryWith({ 'team/app:1.0': one });
    const written = await copy(`${source.host}/team/app:1.0`, `oci:${directory}`);
    expect(written).toMatchObject({ code: 1, outcomes: ['1.0 failed'] });
    expect(written.edges[0]?.reason).toContain('is not the index of an OCI layout');
    expect(await readFile(join(directory, 'index.json'), 'utf8')).toBe('[]');
  });
});

describe('with tarballs', () => {
  it('pushes an image of docker save', async () => {
    const path = join(await temporaryDirectory(), 'image.tar');
    await writeFile(path, await dockerArchive(one));
    const destination = await registryWith();
    const { code, outcomes } = await copy(`docker-archive:${path}`, `${destination.host}/a/app:1.0`);
    expect({ code, outcomes }).toEqual({ code: 0, outcomes: ['1.0 copied'] });
    expect(destination.tags('a/app')).toEqual(['1.0']);
  });

  it('saves the image of an index for a platform, under all of its names', async () => {
    const [amd, arm] = await Promise.all(
      ['amd64', 'arm64'].map((architecture) =>
        buildImage({ platform: { os: 'linux', architecture }, layers: [[file(architecture)]] }),
      ),
    );
    if (!amd || !arm) {
      throw new Error('two images');
    }
    const source = await registryWith({ 'team/app:1.0': buildIndex([amd, arm]) });
    const directory = await temporaryDirectory();
    const path = join(directory, 'image.tar');
    const { code, edges } = await copy(
      `${source.host}/team/app:1.0`,
      `docker-archive:${path}`,
      `${source.host}/a/app`,
      ...['--platform', 'linux/arm64', '--tag', '1.0', '--tag', 'latest'],
    );
    expect(code).toBe(0);
    expect(edges[0]).toMatchObject({ digest: arm.digest, destination: `docker-archive:${path}` });
    expect(source.tags('a/app')).toEqual(['1.0', 'latest']);
    expect(await readdir(directory)).toEqual(['image.tar']);
    const back = await copy(`docker-archive:${path}`, `${source.host}/b/app:1.0`);
    expect(back.code).toBe(0);
    const manifest = JSON.parse(source.manifest('b/app', '1.0')?.bytes.toString() ?? '{}');
    expect(manifest.config.digest).toBe(arm.config.digest);
    const text = await readFile(path, 'latin1');
    expect(text).toContain(`"RepoTags":["${source.host}/team/app:1.0","${source.host}/team/app:latest"]`);
  });
});

it('saves no artifact as a tarball, which no tool could load, but brings it to the other places', async () => {
  const empty = jsonDocument('application/vnd.oci.empty.v1+json', {});
  const artifact: Image = {
    ...jsonDocument(mediaTypes.ociManifest, {
      schemaVersion: 2,
      config: descriptorOf(empty),
      layers: [descriptorOf(empty)],
    }),
    config: empty,
    layers: [],
    entry: {},
  };
  const [source, destination] = [await registryWith({ 'team/sbom:1.0': artifact }), await registryWith()];
  const directory = await temporaryDirectory();
  const { code, outcomes, edges } = await copy(
    `${source.host}/team/sbom:1.0`,
    `${destination.host}/a/sbom`,
    `docker-archive:${join(directory, 'sbom.tar')}`,
  );
  expect({ code, outcomes }).toEqual({ code: 1, outcomes: ['1.0 copied', '1.0 failed'] });
  expect(edges[1]?.reason).toContain(`${artifact.digest} is an artifact, not an image that can run`);
  expect(destination.manifest('a/sbom', '1.0')?.bytes).toEqual(artifact.bytes);
  expect(await readdir(directory)).toEqual([]);
});

describe('replaces no', () => {
  it.each([
    ['directory by a tarball', (path: string) => mkdir(path), 'docker-archive:', 'is not a regular file'],
    ['file by a layout', (path: string) => writeFile(path, 'mine'), 'oci:', 'is not a directory'],
    [
      'link in a layout',
      async (path: string) => {
        await mkdir(path);
        await symlink('/tmp', join(path, 'blobs'));
      },
      'oci:',
      'is a symbolic link',
    ],
    [
      'device by a tarball',
      (path: string) => symlink('/dev/null', path),
      'docker-archive:',
      'is not a regular file',
    ],
  ])('%s, and sends no request', async (_, make, kind, message) => {
    const source = await registryWith({ 'team/app:1.0': one });
    const path = join(await temporaryDirectory(), 'mine');
    await make(path);
    const before = await lstat(path);
    const { code, stdout, stderr } = await runCli(['copy', `${source.host}/team/app:1.0`, `${kind}${path}`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect((await lstat(path)).ino).toBe(before.ino);
    expect(source.requests).toEqual([]);
  });

  it('directory that is missing above a tarball, which is an error', async () => {
    const path = join(await temporaryDirectory(), 'missing', 'image.tar');
    const { code, stderr } = await runCli(['copy', 'a.test/b/c:1', `docker-archive:${path}`]);
    expect(code).toBe(1);
    expect(stderr).toContain(`there is no directory "${dirname(path)}"`);
  });
});

it.each([
  ['a source without a tag', ['a.test/b/c', 'a.test/d/e'], 'the source names no tag and no digest'],
  [
    'a destination with a digest',
    ['a.test/b/c:1', `a.test/d/e@${one.digest}`],
    'the destination has a digest',
  ],
  ['no destination', ['a.test/b/c:1'], "missing required argument 'destination'"],
  ['a tag that is none', ['a.test/b/c:1', 'a.test/d/e', '--tag', 'a/b'], '--tag'],
  ['a layout without a directory', ['oci:', 'a.test/d/e'], 'the source is incomplete'],
  ['a layout with an empty name', ['oci:x:', 'a.test/d/e'], 'the source is incomplete'],
  ['a tarball without a path', ['a.test/b/c:1', 'docker-archive:'], 'the destination is incomplete'],
  [
    'a platform without a tarball',
    ['a.test/b/c:1', 'oci:x', '--platform', 'linux/arm64'],
    '--platform is given, but no destination is a tarball',
  ],
  ['a digest alone', [one.digest, 'a.test/d/e'], 'the source is a digest without its repository'],
  [
    'a repository twice',
    ['a.test/b/c:1', 'a.test/d/e', 'a.test/d/e'],
    'the destination a.test/d/e:1 is given twice',
  ],
  [
    'a repository without a tag twice',
    [`a.test/b/c@${one.digest}`, 'a.test/d/e', 'a.test/d/e'],
    'the destination a.test/d/e is given twice',
  ],
  ['a tag twice', ['a.test/b/c:1', 'a.test/d/e:2', 'a.test/d/e:2'], 'a.test/d/e:2 is given twice'],
  [
    'the tag of the source twice',
    ['a.test/b/c:1', 'a.test/d/e', 'a.test/d/e:1'],
    'a.test/d/e:1 is given twice',
  ],
  ['one tarball by two paths', ['a.test/b/c:1', 'docker-archive:x', 'docker-archive:./x'], 'given twice'],
  ['a name in a layout twice', ['a.test/b/c:1', 'oci:x:a', 'oci:x:b', 'oci:x:a'], 'oci:x:a is given twice'],
  [
    'a tarball twice',
    ['a.test/b/c:1', 'docker-archive:x', 'docker-archive:x'],
    'docker-archive:x is given twice',
  ],
  ['a platform that is none', ['a.test/b/c:1', 'a.test/d/e', '--platform', 'linux'], 'is not a platform'],
])('fails for %s before any request', async (_, args, message) => {
  const { code, stdout, stderr } = await runCli(['copy', ...args]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(message);
});
