// registry-image with real docker-registry processes: promotions from the plan to the audit, cut off, killed and read by skopeo.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority } from '../support/certificates.ts';
import { runProgram } from '../support/child-process.ts';
import { describeServices } from '../support/describe-services.ts';
import { type DockerRegistry, passwordUser, startDockerRegistry } from '../support/docker-registry.ts';
import { buildImage, buildIndex, type Index } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { plainRequest } from '../support/plain-client.ts';
import { imageWith, type ManifestContent, manifestText, textFile } from '../support/promotion.ts';
import { pushImage } from '../support/push-image.ts';
import { executablePath, runRegistryImageExecutable } from '../support/run.ts';
import { shownSecrets } from '../support/secret-forms.ts';
import { createKey, type TestKey } from '../support/signatures.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const environment = { HOME: '/nonexistent' };

interface JsonEdge {
  readonly destination: string;
  readonly digest: string;
  readonly tag: string | null;
  readonly outcome: string;
  readonly reason: string;
}

/** Runs a command with --json; outcomes are `name:tag outcome`, sorted. */
async function run(...args: readonly string[]) {
  const { status, stdout, stderr } = await runRegistryImageExecutable([...args, '--json'], { environment });
  const json = stdout === '' ? {} : JSON.parse(stdout);
  const edges: readonly JsonEdge[] = json.edges ?? [];
  const outcomes = edges
    .map(({ destination, tag, outcome }) => `${destination.split('/').slice(1).join('/')}:${tag} ${outcome}`)
    .sort();
  return { status, stdout, stderr, json, edges, outcomes };
}

const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** The digest and bytes under a tag or digest; undefined when the registry has none. */
async function manifestAt({ url }: DockerRegistry, name: string, reference: string) {
  const { status, headers, body } = await plainRequest(`${url}/v2/${name}/manifests/${reference}`, {
    headers: { accept },
  });
  return status === 200 ? { digest: String(headers['docker-content-digest']), body } : undefined;
}

async function digestAt(registry: DockerRegistry, name: string, reference: string) {
  return (await manifestAt(registry, name, reference))?.digest;
}

async function tagsOf({ url }: DockerRegistry, name: string): Promise<string[]> {
  const { status, body } = await plainRequest(`${url}/v2/${name}/tags/list`);
  return status === 200 ? (JSON.parse(body.toString()).tags ?? []).sort() : [];
}

/** Fails unless everything below a tag is there. */
async function expectComplete(registry: DockerRegistry, name: string, reference: string): Promise<void> {
  const found = await manifestAt(registry, name, reference);
  expect(found, `${name}:${reference}`).toBeDefined();
  const { config, layers = [], manifests = [] } = JSON.parse(String(found?.body));
  for (const { digest } of config ? [config, ...layers] : []) {
    const { status } = await plainRequest(`${registry.url}/v2/${name}/blobs/${digest}`, { method: 'HEAD' });
    expect(status, `${digest} below ${name}:${reference}`).toBe(200);
  }
  for (const { digest } of manifests) {
    await expectComplete(registry, name, digest);
  }
}

const [one, two, three, gone] = await Promise.all(['1', '2', '3', 'gone'].map(imageWith));
if (!one || !two || !three || !gone) {
  throw new Error('the images of this file must be built');
}

describeServices(['docker-registry'], 'registry-image with docker-registry', () => {
  let source: DockerRegistry;
  let production: DockerRegistry;
  let index: Index;
  let names = 0;

  beforeAll(async () => {
    [source, production] = await Promise.all([startDockerRegistry(), startDockerRegistry()]);
    const children = ['amd64', 'arm64'].map((architecture) =>
      buildImage({ layers: [[file(architecture)]], platform: { os: 'linux', architecture } }),
    );
    index = buildIndex(await Promise.all(children));
  });

  afterAll(() => Promise.all([source, production].map((registry) => registry?.close())));

  /** A name of its own below `staging` and `prod` for each test. */
  const newName = () => `app-${++names}`;

  const manifestOf = (images: ManifestContent, destinations: readonly DockerRegistry[] = [production]) =>
    textFile(
      'manifest.yaml',
      manifestText(
        `${source.host}/staging`,
        destinations.map(({ host }) => `${host}/prod`),
        images,
      ),
    );

  it('keeps the signatures of production, and adds those that the source has made since', async () => {
    const name = newName();
    const [build, review, acceptance] = [createKey(), createKey(), createKey()];
    const sign = async ({ host }: DockerRegistry, folder: string, { privateKey }: TestKey) => {
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      const image = `${host}/${folder}/${name}@${one.digest}`;
      const key = await textFile('signing.key', pem);
      const { status, stderr } = await run('sign', image, '--key', key, '--format', 'legacy');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    };
    const counts = async ({ publicPem }: TestKey) => {
      const image = `${production.host}/prod/${name}@${one.digest}`;
      return (await run('verify', image, '--key', await textFile('cosign.pub', publicPem))).status === 0;
    };
    const promote = async (...tags: string[]) =>
      await run('promote', '--manifest', await manifestOf({ [name]: [[one, ...tags]] }), '--confirm');
    const tag = `sha256-${one.digest.slice(7)}.sig`;

    await pushImage(source, `staging/${name}`, one, '1.0');
    await sign(source, 'staging', build);
    expect(await promote('1.0')).toMatchObject({ status: 0 });
    await sign(production, 'prod', acceptance);
    await sign(source, 'staging', review);
    expect(await promote('1.0', 'accepted')).toMatchObject({ status: 0, json: { summary: { tagged: 1 } } });
    expect(await Promise.all([build, review, acceptance, createKey()].map(counts))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    const merged = await digestAt(production, `prod/${name}`, tag);
    expect(await promote('1.0', 'accepted', 'again')).toMatchObject({ status: 0 });
    expect(await digestAt(production, `prod/${name}`, tag)).toBe(merged);
    await expectComplete(production, `prod/${name}`, tag);
  });

  it('shows what is pending, promotes it when it is confirmed, and writes nothing the second time', async () => {
    const name = newName();
    await pushImage(source, `staging/${name}`, one, 'any');
    await pushImage(source, `staging/${name}`, index, 'multi');
    await pushImage(source, `staging/${name}-untagged`, two);
    const manifest = await manifestOf({
      [name]: [
        [one, '1.0', 'latest'],
        [index, '2.0'],
      ],
      [`${name}-untagged`]: [[two]],
    });
    const dry = await run('promote', '--manifest', manifest);
    expect(dry).toMatchObject({ status: 2, json: { summary: { edges: 4, pending: 4 } } });
    expect(await tagsOf(production, `prod/${name}`)).toEqual([]);

    const done = await run('promote', '--manifest', manifest, '--confirm');
    expect(done.status).toBe(0);
    expect(done.outcomes).toEqual([
      `prod/${name}-untagged:null copied`,
      `prod/${name}:1.0 copied`,
      `prod/${name}:2.0 copied`,
      `prod/${name}:latest copied`,
    ]);
    expect(await tagsOf(production, `prod/${name}`)).toEqual(['1.0', '2.0', 'latest']);
    expect(await digestAt(production, `prod/${name}`, 'latest')).toBe(one.digest);
    expect((await manifestAt(production, `prod/${name}`, '2.0'))?.body).toEqual(index.bytes);
    await expectComplete(production, `prod/${name}`, '2.0');
    await expectComplete(production, `prod/${name}-untagged`, two.digest);

    const again = await run('promote', '--manifest', manifest, '--confirm', '--debug');
    expect(again).toMatchObject({ status: 0, outcomes: [], json: { summary: { edges: 4, present: 4 } } });
    expect(again.stderr).not.toMatch(/DEBU.* (PUT|POST|PATCH|DELETE) /);
    const audit = await run('audit', '--manifest', manifest);
    expect(audit).toMatchObject({ status: 0, json: { summary: { expected: 4 }, drift: [] } });
  });

  it('applies a saved plan, and leaves alone what has changed since it was made', async () => {
    const [steady, changed] = [newName(), newName()];
    await pushImage(source, `staging/${steady}`, one);
    await pushImage(source, `staging/${changed}`, one);
    const manifest = await manifestOf({ [steady]: [[one, '1']], [changed]: [[one, '1', 'latest']] });
    const plan = join(await temporaryDirectory(), 'plan.json');
    expect(await run('promote', '--manifest', manifest, '--out', plan)).toMatchObject({ status: 2 });
    await pushImage(production, `prod/${changed}`, two, 'latest');

    const applied = await run('apply', plan);
    expect(applied.status).toBe(1);
    expect(applied.outcomes).toEqual([
      `prod/${steady}:1 copied`,
      `prod/${changed}:1 failed`,
      `prod/${changed}:latest failed`,
    ]);
    expect(applied.edges.at(-1)?.reason).toContain(`tag latest is on ${two.digest}`);
    expect(await tagsOf(production, `prod/${changed}`)).toEqual(['latest']);
    expect(await digestAt(production, `prod/${changed}`, 'latest')).toBe(two.digest);

    const text = await readFile(plan, 'utf8');
    for (const [broken, message] of [
      [text.slice(0, -20), 'the plan is cut off'],
      [text.replace('"latest"', '"newest"'), 'its checksum does not match'],
      [text.replace(/"version":\d+/, '"version":99'), 'the plan has version 99'],
    ] as const) {
      await writeFile(plan, broken);
      const refused = await run('apply', plan);
      expect(refused).toMatchObject({ status: 1, stdout: '' });
      expect(refused.stderr).toContain(message);
    }
  });

  it('sets aside lost images and tag moves, unless they are allowed or --strict stops everything', async () => {
    const name = newName();
    await pushImage(source, `staging/${name}`, one);
    await pushImage(production, `prod/${name}`, two, 'latest');
    const moving = await manifestOf({ [name]: [[one, '1', 'latest']] });
    const losing = await manifestOf({
      [name]: [
        [one, 'latest', '2'],
        [gone, '9'],
      ],
    });
    const strict = await run('promote', '--manifest', moving, '--confirm', '--strict');
    expect(strict).toMatchObject({ status: 1, json: { summary: { pending: 1, tag_moves: 1 } } });
    expect(await tagsOf(production, `prod/${name}`)).toEqual(['latest']);

    const aside = await run('promote', '--manifest', moving, '--confirm');
    expect(aside.status).toBe(1);
    expect(aside.outcomes).toEqual([`prod/${name}:1 copied`, `prod/${name}:latest tag-move`]);
    expect(await digestAt(production, `prod/${name}`, 'latest')).toBe(two.digest);

    const lost = await run('promote', '--manifest', losing, '--confirm', '--allow-tag-moves=:latest$');
    expect(lost.status).toBe(1);
    expect(lost.outcomes).toEqual([
      `prod/${name}:2 tagged`,
      `prod/${name}:9 lost`,
      `prod/${name}:latest tagged`,
    ]);
    expect(await digestAt(production, `prod/${name}`, 'latest')).toBe(one.digest);
    const allowed = await run('promote', '--manifest', losing, '--confirm', '--allow-lost');
    expect(allowed).toMatchObject({ status: 0, json: { summary: { lost: 1, present: 2 } } });
  });

  it('promotes what --only names, and everything in two shards', async () => {
    const all = Array.from({ length: 6 }, newName);
    for (const name of all) {
      await pushImage(source, `staging/${name}`, one);
    }
    const manifest = await manifestOf(
      Object.fromEntries(all.map((name): [string, [[typeof one, string]]] => [name, [[one, '1']]])),
    );
    const only = await run('promote', '--manifest', manifest, '--confirm', '--only', `^${all[0]}$`);
    expect(only.outcomes).toEqual([`prod/${all[0]}:1 copied`]);
    const [first, second] = await Promise.all(
      ['0/2', '1/2'].map((shard) =>
        run('promote', '--manifest', manifest, '--confirm', '--all', '--shard', shard),
      ),
    );
    expect([first?.status, second?.status]).toEqual([0, 0]);
    const places = [first, second].flatMap((shard) => shard?.edges.map(({ destination }) => destination));
    expect(places.sort()).toEqual(all.map((name) => `${production.host}/prod/${name}`).sort());
    const now = await run('promote', '--manifest', manifest);
    expect(now).toMatchObject({ status: 0, json: { summary: { present: 6 } } });
  });

  it('audits drift, and describes registries and manifests', async () => {
    const name = newName();
    await pushImage(production, `prod/${name}`, one, '1');
    await pushImage(production, `prod/${name}`, two, 'latest');
    await pushImage(production, `prod/${name}`, three, 'stray');
    const old = await manifestOf({ [name]: [[one, '1']] });
    const manifest = await manifestOf({ [name]: [[one, '1', '1.0', 'latest']] });
    const audit = await run('audit', '--manifest', manifest);
    expect(audit.status).toBe(2);
    expect(audit.json.summary).toEqual({ expected: 3, missing: 1, moved: 1, unexpected: 1 });

    const repository = `${production.host}/prod/${name}`;
    const arguments_ = ['snapshot', repository, '--output', 'csv'];
    const snapshot = await runRegistryImageExecutable(arguments_, { environment });
    expect(snapshot.status).toBe(0);
    const lines = [
      `${repository}@${one.digest},${repository}:1`,
      `${repository}@${two.digest},${repository}:latest`,
      `${repository}@${three.digest},${repository}:stray`,
    ];
    expect(snapshot.stdout.trim().split('\n').sort()).toEqual(lines.sort());

    const diff = await run('diff', old, manifest);
    expect(diff).toMatchObject({ status: 2, json: { summary: { added: 2, removed: 0, moved: 0 } } });
    expect(await run('diff', manifest, old, '--forbid', 'removed')).toMatchObject({ status: 1 });
    expect(await run('diff', old, old)).toMatchObject({ status: 0 });

    const compared = await run('compare', `${repository}:1`, `${repository}:latest`);
    expect(compared).toMatchObject({ status: 2, json: { equal: false } });
    const same = await run('compare', `${repository}:1`, `${repository}@${one.digest}`);
    expect(same).toMatchObject({ status: 0, json: { equal: true, differences: [] } });
  });

  it('mirrors a list of lines', async () => {
    const name = newName();
    await pushImage(source, `staging/${name}`, index, '1');
    const from = `${source.host}/staging/${name}:1`;
    const list = await textFile('list.txt', `${from} ${production.host}/mirror/${name}:copy\n`);
    expect(await run('mirror', list)).toMatchObject({ status: 2 });
    expect(await run('mirror', list, '--confirm')).toMatchObject({ status: 0 });
    expect(await digestAt(production, `mirror/${name}`, 'copy')).toBe(index.digest);
    await expectComplete(production, `mirror/${name}`, 'copy');
    expect(await run('mirror', list, '--confirm')).toMatchObject({
      status: 0,
      json: { summary: { present: 1 } },
    });
  });

  it('shows the password of its settings file in no output, and logs in with it', async () => {
    const name = newName();
    await pushImage(source, `staging/${name}`, one);
    await using guarded = await startDockerRegistry({ kind: 'password' });
    const manifest = await manifestOf({ [name]: [[one, '1']] }, [guarded]);
    const { user, password } = passwordUser;
    const settings = (secret: string) =>
      JSON.stringify({
        registries: [{ name: guarded.host, username: user, password: secret, ca_certs: [authority] }],
      });
    const promote = async (secret: string) =>
      await run(
        ...['promote', '--manifest', manifest, '--confirm', '--debug'],
        ...['--config', await textFile('settings.yaml', settings(secret))],
      );
    const wrong = await promote('a wrong password');
    expect(wrong).toMatchObject({ status: 1, outcomes: [`prod/${name}:1 failed`] });
    const right = await promote(password);
    expect(right).toMatchObject({ status: 0, outcomes: [`prod/${name}:1 copied`] });
    const output = [wrong, right].map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(output).toContain('DEBU');
    expect(shownSecrets(output, { password, wrong: 'a wrong password' })).toEqual([]);
  });

  describe('a promotion that is cut off in the middle', () => {
    const count = 24;

    /** Starts a slow promotion of many images, and sends it a signal when some of their tags are there. */
    async function cutOff(name: string, signal: 'SIGKILL' | 'SIGTERM') {
      const images = await Promise.all(
        Array.from({ length: count }, (_, position) => imageWith(`${name} ${position}`)),
      );
      for (const image of images) {
        await pushImage(source, `staging/${name}`, image);
      }
      const manifest = await manifestOf({
        [name]: images.map((image, position): [typeof image, string] => [image, `v${position}`]),
      });
      const limited = `registries: [{name: "${production.host}", max_requests_per_second: 100}]\n`;
      const config = await textFile('settings.yaml', limited);
      const args = ['promote', '--manifest', manifest, '--confirm', '--config', config];
      const child = spawn(executablePath('registry-image'), args, { env: environment, stdio: 'ignore' });
      const ended = once(child, 'exit');
      const hasTag = async () => {
        const [first] = await tagsOf(production, `prod/${name}`);
        return first !== undefined && (await manifestAt(production, `prod/${name}`, first)) !== undefined;
      };
      while (!(await hasTag())) {
        expect(child.exitCode).toBeNull();
        await delay(5);
      }
      const start = performance.now();
      child.kill(signal);
      const [code] = await ended;
      const seconds = (performance.now() - start) / 1000;
      const tags: string[] = [];
      for (const tag of await tagsOf(production, `prod/${name}`)) {
        // docker-registry lists a tag whose PUT is under way a moment before it serves it.
        if (await manifestAt(production, `prod/${name}`, tag)) {
          await expectComplete(production, `prod/${name}`, tag);
          tags.push(tag);
        }
      }
      expect(tags.length).toBeLessThan(count);
      return { manifest, images, code, seconds, tags };
    }

    it('by SIGKILL leaves complete tags only, and the next run does the rest', async () => {
      const name = newName();
      const { manifest, images, tags } = await cutOff(name, 'SIGKILL');
      const again = await run('promote', '--manifest', manifest, '--confirm');
      expect(again.status).toBe(0);
      expect(again.json.summary).toMatchObject({ edges: count, failed: 0 });
      expect(again.json.summary.present).toBeGreaterThanOrEqual(Math.max(1, tags.length));
      for (const [position, { digest }] of images.entries()) {
        expect(await digestAt(production, `prod/${name}`, `v${position}`)).toBe(digest);
        await expectComplete(production, `prod/${name}`, `v${position}`);
      }
      const third = await run('promote', '--manifest', manifest, '--confirm');
      expect(third).toMatchObject({ status: 0, json: { summary: { present: count } } });
    });

    it('by SIGTERM ends within seconds, with the status of the signal and complete tags only', async () => {
      const { code, seconds } = await cutOff(newName(), 'SIGTERM');
      expect(code).toBe(143);
      expect(seconds).toBeLessThan(3);
    });
  });

  it('ends in the same state when two promotions of the same manifest run at once', async () => {
    const name = newName();
    await pushImage(source, `staging/${name}`, index);
    await pushImage(source, `staging/${name}`, one);
    const manifest = await manifestOf({
      [name]: [
        [index, '2', 'latest'],
        [one, '1'],
      ],
    });
    const both = await Promise.all(
      Array.from({ length: 2 }, () => run('promote', '--manifest', manifest, '--confirm')),
    );
    expect(both.map(({ status, stderr }) => `${status} ${status === 0 ? '' : stderr}`)).toEqual(['0 ', '0 ']);
    expect(await tagsOf(production, `prod/${name}`)).toEqual(['1', '2', 'latest']);
    await expectComplete(production, `prod/${name}`, 'latest');
  });
});

describeServices(['docker-registry', 'skopeo'], 'skopeo', () => {
  it('inspects and copies what registry-image has promoted', async () => {
    await using source = await startDockerRegistry();
    await using production = await startDockerRegistry();
    const index = buildIndex([one, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })]);
    await pushImage(source, 'staging/app', index);
    const images = { app: [[index, '1.0'] as const] };
    const text = manifestText(`${source.host}/staging`, [`${production.host}/prod`], images);
    const manifest = await textFile('manifest.yaml', text);
    expect(await run('promote', '--manifest', manifest, '--confirm')).toMatchObject({ status: 0 });

    const reference = `docker://${production.host}/prod/app:1.0`;
    const inspected = await runProgram('skopeo', ['inspect', '--tls-verify=false', reference]);
    expect(inspected).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(inspected.stdout)).toMatchObject({ Digest: index.digest, RepoTags: ['1.0'] });
    const layout = await temporaryDirectory();
    const copied = await runProgram('skopeo', [
      ...['copy', '-q', '--all', '--src-tls-verify=false', reference, `oci:${layout}:copy`],
    ]);
    expect(copied).toMatchObject({ status: 0, stderr: '' });
    const { manifests } = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'));
    expect(manifests.map(({ digest }: { digest: string }) => digest)).toEqual([index.digest]);
  });
});
