// registry-image as a process: promotions between two real docker-registries, read by skopeo, and cut by signals.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority } from '../support/certificates.ts';
import { runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { type DockerRegistry, passwordUser, startDockerRegistry } from '../support/docker-registry.ts';
import { writeOciLayout } from '../support/image-files.ts';
import { buildImage, buildIndex, descriptorOf, type Image, type Root, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { plainRequest } from '../support/plain-client.ts';
import { imageWith, manifestFile, manifestText, registryWith } from '../support/promotion.ts';
import { executablePath, repositoryRoot, runRegistryImageExecutable } from '../support/run.ts';
import { requireSchema } from '../support/run-cli.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-image-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const newPath = (name: string) => join(mkdtempSync(join(folder, 'directory-')), name);
const environment = { TEST: 'true', HOME: '/nonexistent' };

/** Runs a command and expects this exit status; returns its answer. */
async function run(status: number, ...args: readonly string[]): Promise<string> {
  const result = await runRegistryImageExecutable(args, { environment });
  expect({ status: result.status, stderr: result.status === status ? '' : result.stderr }).toEqual({
    status,
    stderr: '',
  });
  return result.stdout;
}

/** The same with --json; the answer matches its schema. */
async function runJson(status: number, ...args: readonly string[]) {
  const answer = JSON.parse(await run(status, ...args, '--json'));
  requireSchema(args[0] ?? '', answer);
  return answer;
}

describe('the executable', () => {
  it('prints help and version without a file or an environment', async () => {
    const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
    for (const args of [['--help'], ['promote', '--help'], ['help', 'copy']]) {
      const { status, stdout, stderr } = await runRegistryImageExecutable(args, { environment: {} });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: registry-image /);
    }
    const result = await runRegistryImageExecutable(['--version'], { environment: {} });
    expect(result).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('fails for wrong arguments with nothing on standard output', async () => {
    const { status, stdout, stderr } = await runRegistryImageExecutable(['promote', '--confrm']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('did you mean --confirm?');
    expect(stderr).not.toContain('this is a bug');
  });

  it('runs check', async () => {
    const registry = await registryWith({ 'team/app:latest': await imageWith('1') });
    const source = { repository: `${registry.host}/team/app`, tag: 'latest' };
    const { status, stdout } = await runRegistryImageExecutable(['check'], { request: { source } });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(1);
  });

  it('answers with nothing else where the environment has variables that the YAML library knows', async () => {
    const manifest = newPath('manifest.yaml');
    writeFileSync(manifest, 'registries: [{name: registry.test/app, src: true}]\nimages: []\n');
    const variables = { LOG_TOKENS: '1', LOG_STREAM: '1' };
    const args = ['snapshot', '--manifest', manifest, '--from-manifests', 'registry.test/app'];
    const usual = await runRegistryImageExecutable(args, { environment });
    const logging = await runRegistryImageExecutable(args, { environment: { ...environment, ...variables } });
    expect(logging).toEqual(usual);
  });

  it('writes a whole answer that is larger than a pipe', async () => {
    const image = await imageWith('1');
    const source = await registryWith({ 'staging/app:': image });
    const tags = Array.from({ length: 3000 }, (_, number) => `1.0.${number}`);
    const manifest = await manifestFile(source, [await registryWith()], { app: [[image, ...tags]] });
    const { edges } = await runJson(2, 'promote', '--manifest', manifest);
    expect(edges).toHaveLength(3000);
  });
});

it('brings referrers of an index, of its images and of referrers, which the referrers API then lists', async () => {
  const [one, two] = await Promise.all(['referred 1', 'referred 2'].map(imageWith));
  if (!one || !two) {
    throw new Error('two images');
  }
  const index = buildIndex([one, two]);
  const referrerOf = (subject: Root, artifactType: string) =>
    buildImage({ manifest: { artifactType, subject: descriptorOf(subject) } });
  const sbom = await referrerOf(index, 'application/spdx+json');
  const ofChild = await referrerOf(two, 'application/vnd.in-toto+json');
  const signature = await referrerOf(sbom, 'application/vnd.dev.cosign.artifact.sig.v1+json');
  const source = await registryWith({ 'staging/app:': index }, { referrers: true });
  for (const referrer of [sbom, ofChild, signature]) {
    seed(source, 'staging/app', undefined, referrer);
  }
  const destination = await registryWith({}, { referrers: true });
  const manifest = await manifestFile(source, [destination], { app: [[index, '1.0']] });
  await run(0, 'promote', '--manifest', manifest, '--confirm');
  for (const [subject, referrer] of [
    [index, sbom],
    [two, ofChild],
    [sbom, signature],
  ] as const) {
    const { body } = await plainRequest(`${destination.url}/v2/prod/app/referrers/${subject.digest}`);
    expect(JSON.parse(body.toString()).manifests).toMatchObject([{ digest: referrer.digest }]);
  }
  const tree = await runJson(0, 'inspect', `${destination.host}/prod/app:1.0`);
  expect(tree.summary).toMatchObject({ images: 2, referrers: 3 });
});

it('processes that write one layout at once lose nothing of each other', async () => {
  const tags = Array.from({ length: 6 }, (_, number) => `v${number}`);
  const images = await Promise.all(tags.map(imageWith));
  const source = await registryWith(
    Object.fromEntries(images.map((image, number) => [`team/app:v${number}`, image])),
  );
  const layout = newPath('layout');
  await Promise.all(tags.map((tag) => run(0, 'copy', `${source.host}/team/app:${tag}`, `oci:${layout}`)));
  const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const names = manifests.map((entry: { annotations: object }) => Object.values(entry.annotations)[0]);
  expect(names.sort()).toEqual(tags);
  for (const tag of tags) {
    await run(0, 'compare', `oci:${layout}:${tag}`, `${source.host}/team/app:${tag}`);
  }
});

describe('a promotion that is cut', () => {
  async function scene() {
    const images = await Promise.all(['1', '2', '3'].map(imageWith));
    const [one, two, three] = images as [Image, Image, Image];
    const source = await registryWith({ 'staging/app:': buildIndex([one, two]), 'staging/tool:': three });
    const destination = await registryWith();
    const manifest = await manifestFile(source, [destination], {
      app: [[buildIndex([one, two]), '1.0', 'latest']],
      tool: [[three, '1.0']],
    });
    return { destination, args: ['promote', '--manifest', manifest, '--confirm'] };
  }

  it.each([
    ['SIGKILL', null],
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'by %s shows no tag before its content, and ends the same when it is run again',
    async (signal, status) => {
      const { destination, args } = await scene();
      const held = { path: /\/manifests\//, method: 'PUT', times: 1 };
      destination.faults.add({ ...held, fault: { kind: 'hold', until: new Promise(() => {}) } });
      const child = spawn(executablePath('registry-image'), args, { env: environment });
      const stderr = text(child.stderr);
      await destination.journal.arrived({ method: 'PUT', path: /\/manifests\// });
      child.kill(signal);
      const [code] = await once(child, 'close');
      expect(code, await stderr).toBe(status);
      expect(destination.tags('prod/app').length + destination.tags('prod/tool').length).toBeLessThan(3);
      const { summary } = await runJson(0, ...args);
      expect(summary).toMatchObject({ edges: 3, failed: 0 });
      expect(destination.tags('prod/app')).toEqual(['1.0', 'latest']);
      expect(destination.tags('prod/tool')).toEqual(['1.0']);
      expect((await runJson(0, ...args)).summary).toMatchObject({ present: 3 });
    },
  );
});

describeServices(['docker-registry', 'skopeo'], 'between two docker-registries, registry-image', () => {
  let source: DockerRegistry;
  let destination: DockerRegistry;

  beforeAll(async () => {
    [source, destination] = await Promise.all([startDockerRegistry(), startDockerRegistry()]);
  });
  afterAll(async () => {
    await Promise.all([source?.close(), destination?.close()]);
  });

  async function tool(command: string, ...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await runProgram(command, args);
    expect(`${status} ${stderr}`).toMatch(/^0 /);
    return stdout;
  }

  /** Pushes an image with `registry-image copy` from a layout. */
  async function push(root: Root, reference: string): Promise<void> {
    const layout = newPath('layout');
    await writeOciLayout(layout, root);
    await run(0, 'copy', `oci:${layout}`, `${source.host}/${reference}`);
  }

  const skopeoDigest = async (reference: string) =>
    JSON.parse(await tool('skopeo', 'inspect', '--tls-verify=false', `docker://${reference}`)).Digest;

  const manifestFor = (name: string, images: Parameters<typeof manifestText>[2]) => {
    const path = newPath('manifest.yaml');
    const content = manifestText(
      `${source.host}/${name}/staging`,
      [`${destination.host}/${name}/prod`],
      images,
    );
    writeFileSync(path, content);
    return path;
  };

  it('promotes indexes with signatures, and skopeo reads what was promoted', async () => {
    const platforms = await Promise.all(
      (['amd64', 'arm64'] as const).map((architecture) =>
        buildImage({ platform: { os: 'linux', architecture }, layers: [[file(architecture, architecture)]] }),
      ),
    );
    const index = buildIndex(platforms);
    const signature = await imageWith('signature');
    const signatureTag = `sha256-${index.digest.slice(7)}.sig`;
    await push(index, 'first/staging/team/app:any');
    await push(signature, `first/staging/team/app:${signatureTag}`);
    const manifest = manifestFor('first', { 'team/app': [[index, '1.0', 'latest']] });

    const dry = await runJson(2, 'promote', '--manifest', manifest);
    expect(dry.summary).toMatchObject({ edges: 2, pending: 2 });
    const done = await runJson(0, 'promote', '--manifest', manifest, '--confirm');
    expect(done.summary).toMatchObject({ edges: 2, copied: 2, failed: 0 });
    const name = `${destination.host}/first/prod/team/app`;
    expect(await skopeoDigest(`${name}:1.0`)).toBe(index.digest);
    expect(await skopeoDigest(`${name}:${signatureTag}`)).toBe(signature.digest);
    const copied = newPath('copied');
    await tool(
      'skopeo',
      'copy',
      '--all',
      '--src-tls-verify=false',
      `docker://${name}:latest`,
      `dir:${copied}`,
    );

    expect((await runJson(0, 'promote', '--manifest', manifest, '--confirm')).summary).toMatchObject({
      present: 2,
      copied: 0,
    });
    expect((await runJson(0, 'audit', '--manifest', manifest)).drift).toEqual([]);
    const wanted = await run(
      0,
      'snapshot',
      '--from-manifests',
      `${destination.host}/first/prod`,
      '--manifest',
      manifest,
    );
    expect(await run(0, 'snapshot', `${destination.host}/first/prod/`, '--tag', '^(1.0|latest)$')).toBe(
      wanted,
    );
    const tree = await runJson(0, 'inspect', `${name}:1.0`);
    expect(tree.summary).toMatchObject({ images: 2, referrers: 1 });
  });

  it('carries out a saved plan in shards, and finds drift afterwards', async () => {
    const [one, two] = [await imageWith('plan 1'), await imageWith('plan 2')];
    await push(one, 'second/staging/app:any');
    await push(two, 'second/staging/tool:any');
    const manifest = manifestFor('second', { app: [[one, '1.0']], tool: [[two, '1.0']] });
    const plan = newPath('plan.json');
    await runJson(2, 'promote', '--manifest', manifest, '--out', plan);
    const parts = await Promise.all(
      ['0/2', '1/2'].map((shard) => runJson(0, 'apply', plan, '--shard', shard)),
    );
    expect(parts.flatMap(({ edges }) => edges).map(({ outcome }) => outcome)).toEqual(['copied', 'copied']);
    await run(
      0,
      'copy',
      `${source.host}/second/staging/tool:any`,
      `${destination.host}/second/prod/app:extra`,
    );
    expect((await runJson(2, 'audit', '--manifest', manifest)).drift).toMatchObject([
      { tag: 'extra', digest: two.digest, kind: 'unexpected' },
    ]);
  });

  it('brings referrers, which are listed under the tag that stands in for the endpoint', async () => {
    const image = await imageWith('with referrers');
    const sbom = await buildImage({
      manifest: { artifactType: 'application/spdx+json', subject: descriptorOf(image) },
    });
    await push(image, 'third/staging/app:any');
    await push(sbom, 'third/staging/app:sbom');
    const manifest = manifestFor('third', { app: [[image, '1.0']] });
    await run(0, 'promote', '--manifest', manifest, '--confirm');
    const tag = `sha256-${image.digest.slice(7)}`;
    const url = `${destination.url}/v2/third/prod/app/manifests/${tag}`;
    const accept = 'application/vnd.oci.image.index.v1+json';
    const { status, body } = await plainRequest(url, { headers: { accept } });
    expect(status).toBe(200);
    expect(JSON.parse(body.toString()).manifests).toMatchObject([
      { digest: sbom.digest, artifactType: 'application/spdx+json' },
    ]);
    expect((await runJson(0, 'audit', '--manifest', manifest)).drift).toEqual([]);
  });

  it('deletes a temporary tag by its digest where the registry deletes no tags', async () => {
    const [old, kept] = [await imageWith('old'), await imageWith('kept')];
    await push(old, 'fourth/app:change_1');
    await push(kept, 'fourth/app:change_2');
    await push(kept, 'fourth/app:1.0');
    const name = `${source.host}/fourth/app`;
    const args = ['cleanup', name, '--pattern', '^change_', '--older-than', '1s'];
    expect((await runJson(2, ...args)).summary).toMatchObject({ due: 2 });
    const { tags } = await runJson(1, ...args, '--confirm');
    expect(tags.map(({ tag, outcome }: { tag: string; outcome: string }) => [tag, outcome]).sort()).toEqual([
      ['change_1', 'deleted'],
      ['change_2', 'kept'],
    ]);
    expect((await runJson(0, 'ls', name)).tags).toEqual(['1.0', 'change_2']);
  });

  it('saves an image that skopeo reads as a layout and as a tarball', async () => {
    const image = await imageWith('to disk');
    await push(image, 'fifth/app:1.0');
    const [layout, tarball] = [newPath('layout'), newPath('image.tar')];
    await run(0, 'copy', `${source.host}/fifth/app:1.0`, `oci:${layout}`, `docker-archive:${tarball}`);
    const inLayout = JSON.parse(await tool('skopeo', 'inspect', `oci:${layout}:1.0`));
    expect(inLayout.Digest).toBe(image.digest);
    const config = JSON.parse(await tool('skopeo', 'inspect', '--config', `docker-archive:${tarball}`));
    expect(config.rootfs.diff_ids).toEqual(image.layers.map(({ diffId }) => diffId));
    expect((await runJson(0, 'compare', `oci:${layout}`, `${source.host}/fifth/app:1.0`)).equal).toBe(true);
  });

  it('logs in by the settings file, and never shows the password', async () => {
    await using registry = await startDockerRegistry({ kind: 'password' });
    const image = await imageWith('private');
    const settings = newPath('settings.yaml');
    const certificate = authority.replaceAll('\n', '\\n');
    writeFileSync(
      settings,
      `registries:
- name: ${registry.host}
  username: ${passwordUser.user}
  password: \${REGISTRY_PASSWORD}
  ca_certs: ["${certificate}"]
`,
    );
    const layout = newPath('layout');
    await writeOciLayout(layout, image);
    const copy = (password: string) =>
      runRegistryImageExecutable(['copy', `oci:${layout}`, `${registry.host}/team/app:1.0`, '--debug'], {
        environment: { ...environment, REGISTRY_IMAGE_CONFIG: settings, REGISTRY_PASSWORD: password },
      });
    const good = await copy(passwordUser.password);
    expect({ status: good.status, stderr: good.status === 0 ? '' : good.stderr }).toEqual({
      status: 0,
      stderr: '',
    });
    const bad = await copy('a wrong password');
    expect(bad.status).toBe(1);
    const basic = (password: string) => Buffer.from(`${passwordUser.user}:${password}`).toString('base64');
    for (const { stdout, stderr } of [good, bad]) {
      for (const password of [passwordUser.password, 'a wrong password']) {
        expect(stdout + stderr).not.toContain(password);
        expect(stdout + stderr).not.toContain(basic(password));
      }
    }
    const unset = await runRegistryImageExecutable(['ls', `${registry.host}/team/app`, '--config', settings]);
    expect(unset.status).toBe(1);
    expect(unset.stderr).toContain(`${settings}:4: password: the variable REGISTRY_PASSWORD is not set`);
  });
});
