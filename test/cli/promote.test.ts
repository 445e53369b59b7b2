// registry-image promote: dry runs, promotions, what is set aside, its options and its answers.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildImage, buildIndex, descriptorOf, seed } from '../support/images.ts';
import { imageWith, manifestFile, manifestText, registryWith, textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

interface JsonEdge {
  readonly destination: string;
  readonly tag: string | null;
  readonly outcome: string;
  readonly reason: string;
}

async function promote(...args: readonly string[]) {
  const { code, json, stderr } = await runCliJson(['promote', ...args]);
  const edges = (json.edges ?? []) as readonly JsonEdge[];
  return {
    code,
    stderr,
    summary: json.summary,
    edges,
    outcomes: edges.map(
      ({ destination, tag, outcome }) => `${destination.split('/').slice(1).join('/')}:${tag} ${outcome}`,
    ),
  };
}

const writes = (registry: TestRegistry) =>
  registry.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method));

describe('a promotion', () => {
  it('is a dry run that exits with 2, until --confirm carries it out and nothing is left to do', async () => {
    const [one, two] = [await imageWith('1'), await imageWith('2')];
    const source = await registryWith({ 'staging/team/app:': one, 'staging/tool:': two });
    const destination = await registryWith({ 'prod/tool:other': two });
    const manifest = await manifestFile(source, [destination], {
      'team/app': [[one, '1.0', 'latest']],
      tool: [[two, '2.0']],
    });
    const dry = await promote('--manifest', manifest);
    expect(dry.code).toBe(2);
    expect(dry.outcomes).toEqual([
      'prod/team/app:1.0 pending',
      'prod/team/app:latest pending',
      'prod/tool:2.0 pending',
    ]);
    expect(writes(destination)).toEqual([]);

    const done = await promote('--manifest', manifest, '--confirm');
    expect(done.code).toBe(0);
    expect(done.outcomes).toEqual([
      'prod/team/app:1.0 copied',
      'prod/team/app:latest copied',
      'prod/tool:2.0 tagged',
    ]);
    expect(destination.manifest('prod/team/app', 'latest')?.bytes).toEqual(one.bytes);
    const wrote = writes(destination).length;

    const again = await promote('--manifest', manifest, '--confirm');
    expect(again).toMatchObject({ code: 0, outcomes: [] });
    expect(again.summary).toEqual({
      edges: 3,
      present: 3,
      pending: 0,
      copied: 0,
      tagged: 0,
      lost: 0,
      tag_moves: 0,
      failed: 0,
    });
    expect(writes(destination)).toHaveLength(wrote);
    const all = await promote('--manifest', manifest, '--all');
    expect(all.outcomes).toEqual([
      'prod/team/app:1.0 present',
      'prod/team/app:latest present',
      'prod/tool:2.0 present',
    ]);
  });

  it('promotes a digest without a tag', async () => {
    const one = await imageWith('1');
    const source = await registryWith({ 'staging/app:': one });
    const destination = await registryWith();
    const manifest = await manifestFile(source, [destination], { app: [[one]] });
    const { edges } = await promote('--manifest', manifest, '--confirm');
    expect(edges).toEqual([
      {
        source: `${source.host}/staging/app`,
        destination: `${destination.host}/prod/app`,
        digest: one.digest,
        tag: null,
        outcome: 'copied',
        reason: '',
      },
    ]);
    expect(destination.tags('prod/app')).toEqual([]);
    expect(destination.manifest('prod/app', one.digest)?.bytes).toEqual(one.bytes);
  });

  it('prints a table and a summary line for people', async () => {
    const one = await imageWith('1');
    const source = await registryWith({ 'staging/app:': one });
    const destination = await registryWith();
    const manifest = await manifestFile(source, [destination], { app: [[one, '1.0']] });
    const { stdout, code } = await runCli(['promote', '--manifest', manifest]);
    expect(code).toBe(2);
    const [header = '', row = '', ...rest] = stdout.split('\n');
    expect(header.split(/ {2,}/)).toEqual(['OUTCOME', 'DESTINATION', 'DIGEST', 'SOURCE', 'REASON']);
    expect(row.split(/ {2,}/)).toEqual([
      'pending',
      `${destination.host}/prod/app:1.0`,
      one.digest,
      `${source.host}/staging/app`,
    ]);
    expect(rest).toEqual(['1 edge: 1 pending', '']);
  });

  it('reads thin manifests', async () => {
    const one = await imageWith('1');
    const source = await registryWith({ 'staging/app:': one });
    const destination = await registryWith();
    const { mkdir, writeFile } = await import('node:fs/promises');
    const root = await temporaryDirectory();
    const [registries = '', images = ''] = manifestText(
      `${source.host}/staging`,
      [`${destination.host}/prod`],
      { app: [[one, '1.0']] },
    ).split('images:\n');
    for (const [folder, name, text] of [
      ['manifests/a', 'promoter-manifest.yaml', registries],
      ['images/a', 'images.yaml', images],
    ] as const) {
      await mkdir(join(root, folder), { recursive: true });
      await writeFile(join(root, folder, name), text);
    }
    const { outcomes } = await promote('--thin-manifest-dir', root, '--confirm');
    expect(outcomes).toEqual(['prod/app:1.0 copied']);
  });
});

it('names the source when that lacks a blob, and sets no tag', async () => {
  const one = await imageWith('1');
  const lacking = [{ method: 'GET', path: /\/blobs\//, fault: { kind: 'status', status: 404 } }] as const;
  const source = await registryWith({ 'staging/app:': one }, { faults: lacking });
  const destination = await registryWith();
  const manifest = await manifestFile(source, [destination], { app: [[one, '1']] });
  const { code, edges } = await promote('--manifest', manifest, '--confirm');
  expect(code).toBe(1);
  expect(edges[0]?.reason).toContain(`GET ${source.url}/v2/staging/app/blobs/sha256:`);
  expect(edges[0]?.reason).not.toContain('upload');
  expect(destination.digests('prod/app')).toEqual([]);
});

describe('what is lost or may not move', () => {
  async function scene() {
    const [one, two, gone] = [await imageWith('1'), await imageWith('2'), await imageWith('gone')];
    const source = await registryWith({ 'staging/app:': one });
    const destination = await registryWith({ 'prod/app:latest': two });
    const manifest = await manifestFile(source, [destination], {
      app: [
        [one, '1.0', 'latest'],
        [gone, '9.0'],
      ],
    });
    return { one, two, gone, source, destination, manifest };
  }

  it('is set aside while the rest is done, with exit status 1', async () => {
    const { manifest, destination, two } = await scene();
    const { code, outcomes, edges, summary } = await promote('--manifest', manifest, '--confirm');
    expect(code).toBe(1);
    expect(outcomes).toEqual(['prod/app:1.0 copied', 'prod/app:latest tag-move', 'prod/app:9.0 lost']);
    expect(edges[1]?.reason).toContain(`the tag is on ${two.digest}`);
    expect(summary).toMatchObject({ edges: 3, copied: 1, lost: 1, tag_moves: 1, failed: 0 });
    expect(destination.tags('prod/app')).toEqual(['1.0', 'latest']);
    expect(destination.manifest('prod/app', 'latest')?.bytes).toEqual(two.bytes);
  });

  it('stops everything before the first copy with --strict', async () => {
    const { manifest, destination } = await scene();
    const { code, outcomes, stderr } = await promote('--manifest', manifest, '--confirm', '--strict');
    expect(code).toBe(1);
    expect(outcomes).toEqual(['prod/app:1.0 pending', 'prod/app:latest tag-move', 'prod/app:9.0 lost']);
    expect(stderr).toContain('nothing was copied, because of --strict');
    expect(writes(destination)).toEqual([]);
  });

  it('is no failure where it is allowed', async () => {
    const { manifest, destination, one } = await scene();
    const { code, outcomes } = await promote(
      ...['--manifest', manifest, '--confirm', '--strict', '--allow-lost', '--allow-tag-moves'],
    );
    expect(code).toBe(0);
    expect(outcomes).toEqual(['prod/app:1.0 copied', 'prod/app:latest copied', 'prod/app:9.0 lost']);
    expect(destination.manifest('prod/app', 'latest')?.bytes).toEqual(one.bytes);
  });

  it.each([
    ['^app:latest$', 'pending'],
    ['^127.0.0.1:\\d+/prod/app:latest$', 'pending'],
    ['latest', 'pending'],
    ['^prod/app:latest', 'tag-move'],
    ['^app$', 'tag-move'],
    ['1\\.0', 'tag-move'],
  ])('may move where --allow-tag-moves=%s matches name:tag: %s', async (pattern, outcome) => {
    const { manifest } = await scene();
    const { outcomes } = await promote('--manifest', manifest, `--allow-tag-moves=${pattern}`);
    expect(outcomes).toContain(`prod/app:latest ${outcome}`);
  });
});

it('takes a digest from any source that promotes it into the same repository', async () => {
  const one = await imageWith('1');
  const source = await registryWith({ 'staging/sub/app:': one });
  const destination = await registryWith();
  const text = manifestText(
    `${source.host}/staging`,
    [`${destination.host}/prod`, `${destination.host}/prod/sub`],
    { app: [[one, '1']], 'sub/app': [[one, '2']] },
  );
  const args = ['promote', '--manifest', await textFile('manifest.yaml', text), '--confirm'];
  const { code, json } = await runCliJson(args);
  expect(destination.tags('prod/sub/app')).toEqual(['1', '2']);
  // `prod/app` is lost: only `staging/app` is promoted into it.
  expect({ code, summary: json.summary }).toMatchObject({ code: 1, summary: { copied: 3, lost: 1 } });
  expect((await runCliJson(args)).json.summary).toMatchObject({ present: 3, lost: 1 });
});

it('tags an image that the source has lost, though the source has what is attached to its children', async () => {
  const [one, two] = [await imageWith('1'), await imageWith('2')];
  const index = buildIndex([one, two]);
  const source = await registryWith({ 'staging/app:': two });
  const signature = await imageWith('signature');
  seed(source, 'staging/app', `sha256-${two.digest.slice(7)}.sig`, signature);
  const destination = await registryWith({ 'prod/app:old': index });
  const manifest = await manifestFile(source, [destination], { app: [[index, 'new']] });
  const { code, json } = await runCliJson(['promote', '--manifest', manifest, '--confirm']);
  expect({ code, summary: json.summary }).toMatchObject({ code: 0, summary: { tagged: 1 } });
  expect(destination.tags('prod/app')).toEqual(['new', 'old']);
});

it('lists a referrer that an earlier run brought, but could not list any more', async () => {
  const one = await imageWith('1');
  const sbom = await buildImage({
    manifest: { artifactType: 'application/spdx', subject: descriptorOf(one) },
  });
  const source = await registryWith({ 'staging/app:': one }, { referrers: true });
  seed(source, 'staging/app', undefined, sbom);
  const destination = await registryWith();
  seed(destination, 'prod/app', undefined, sbom);
  const manifest = await manifestFile(source, [destination], { app: [[one, '1']] });
  expect((await runCli(['promote', '--manifest', manifest, '--confirm'])).code).toBe(0);
  const index = destination.manifest('prod/app', `sha256-${one.digest.slice(7)}`);
  expect(JSON.parse(String(index?.bytes)).manifests).toMatchObject([{ digest: sbom.digest }]);
});

it('is limited to image names by --only', async () => {
  const one = await imageWith('1');
  const source = await registryWith({ 'staging/app:': one, 'staging/team/tool:': one });
  const destination = await registryWith();
  const manifest = await manifestFile(source, [destination], {
    app: [[one, '1']],
    'team/tool': [[one, '1']],
  });
  const { outcomes } = await promote('--manifest', manifest, '--only', '^team/', '--confirm');
  expect(outcomes).toEqual(['prod/team/tool:1 copied']);
  expect(destination.requests.some(({ path }) => path.includes('/prod/app/'))).toBe(false);
});

it('warns when --only matches no image', async () => {
  const one = await imageWith('1');
  const source = await registryWith({ 'staging/app:': one });
  const manifest = await manifestFile(source, [source], { app: [[one, '1']] });
  const { code, stderr } = await promote('--manifest', manifest, '--only', 'aap');
  expect(code).toBe(0);
  expect(stderr).toContain('--only aap matches no image of the manifests');
});

describe('a registry that does not list tags', () => {
  it.each([
    ['has no such endpoint', 404],
    ['does not allow the request', 405],
    ['wants other rights for the list', 403],
  ])('is asked for what the manifests name when it %s', async (_, status) => {
    const [one, two] = [await imageWith('1'), await imageWith('2')];
    const faults = [
      { path: /\/tags\/list/, fault: { kind: 'status', status, body: 'page not found' } },
    ] as const;
    const source = await registryWith({ 'staging/app:': one, 'staging/app:b': two }, { faults });
    const destination = await registryWith({ 'prod/app:1': one, 'prod/app:moved': one }, { faults });
    const manifest = await manifestFile(source, [destination], {
      app: [
        [one, '1'],
        [two, '2', 'moved'],
      ],
    });
    const { code, outcomes } = await promote('--manifest', manifest, '--confirm', '--all');
    expect(code).toBe(1);
    expect(outcomes).toEqual(['prod/app:1 present', 'prod/app:2 copied', 'prod/app:moved tag-move']);
  });

  it('is asked for digests where it knows no tags of a repository, as docker-registry', async () => {
    const [one, two, three] = [await imageWith('1'), await imageWith('2'), await imageWith('3')];
    const unknown = {
      kind: 'status',
      status: 404,
      body: { errors: [{ code: 'NAME_UNKNOWN', message: 'repository name not known to registry' }] },
    } as const;
    const faults = [{ path: /\/tags\/list/, fault: unknown }];
    const source = await registryWith({ 'staging/app:': one, 'staging/app:2': two }, { faults });
    const destination = await registryWith({ 'prod/app:': one }, { faults });
    seed(destination, 'prod/app', undefined, three);
    const manifest = await manifestFile(source, [destination], { app: [[one], [two, '2'], [three, '3']] });
    const { code, outcomes } = await promote('--manifest', manifest, '--all');
    expect(code).toBe(2);
    expect(outcomes).toEqual(['prod/app:null present', 'prod/app:2 pending', 'prod/app:3 pending']);
    const tags = destination.requests.filter(({ path }) => /\/manifests\/[23]$/.test(path));
    expect(tags).toEqual([]);
    const { code: audited, json } = await runCliJson(['audit', '--manifest', manifest]);
    expect(audited).toBe(2);
    expect(json.summary).toMatchObject({ expected: 3, missing: 2 });
  });

  it('is not said to have lost what it hides from those who may not list', async () => {
    const one = await imageWith('1');
    const denied = { errors: [{ code: 'DENIED', message: 'requested access is denied' }] };
    const faults = [{ path: /\/tags\/list/, fault: { kind: 'status', status: 403, body: denied } }] as const;
    const source = await registryWith({}, { faults });
    const destination = await registryWith();
    const manifest = await manifestFile(source, [destination], { app: [[one, '1']] });
    const { outcomes, edges } = await promote('--manifest', manifest);
    expect(outcomes).toEqual(['prod/app:1 failed']);
    expect(edges[0]?.reason).toContain('requested access is denied');
  });
});

it('leaves out referrers with --no-referrers only', async () => {
  const [one, signature] = [await imageWith('1'), await imageWith('signature')];
  const tag = `sha256-${one.digest.slice(7)}.sig`;
  const source = await registryWith({ 'staging/app:': one, [`staging/app:${tag}`]: signature });
  const [without, withAll] = [await registryWith(), await registryWith()];
  const manifestOf = (registry: TestRegistry) => manifestFile(source, [registry], { app: [[one, '1']] });
  await promote('--manifest', await manifestOf(without), '--confirm', '--no-referrers');
  await promote('--manifest', await manifestOf(withAll), '--confirm');
  expect(without.tags('prod/app')).toEqual(['1']);
  expect(withAll.tags('prod/app')).toEqual(['1', tag]);
});

describe('before any request', () => {
  it('refuses a destination that the settings do not allow', async () => {
    const one = await imageWith('1');
    const source = await registryWith({ 'staging/app:': one });
    const destination = await registryWith();
    const manifest = await manifestFile(source, [destination], { app: [[one, '1']] });
    const config = await textFile('settings.yaml', "allow_destinations: ['/staging/', '^other']\n");
    const { code, stdout, stderr } = await runCli(['promote', '--manifest', manifest, '--config', config]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`does not allow ${destination.host}/prod/app`);
    expect([...source.requests, ...destination.requests]).toEqual([]);
    const allowing = await textFile('settings.yaml', "allow_destinations: ['/prod/']\n");
    const environment = { REGISTRY_IMAGE_CONFIG: allowing };
    expect(await runCli(['promote', '--manifest', manifest], { environment })).toMatchObject({ code: 2 });
  });

  it('reports every error of the manifests by file and line', async () => {
    const manifest = await textFile('manifest.yaml', 'registries:\n- name: a.test/x\nimages:\n- name: a\n');
    const { code, stdout, stderr } = await runCli(['promote', '--manifest', manifest]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${manifest}:1: no registry has "src: true"`);
    expect(stderr).toContain(`${manifest}:4: `);
    expect(stderr).toMatch(/the promotion manifests have \d errors/);
  });

  it.each([
    ['no manifests', [], 'no promotion manifests are given'],
    [
      'two kinds of manifests',
      ['--manifest', 'a', '--thin-manifest-dir', 'b'],
      'only one of them is possible',
    ],
    ['a pattern that is none', ['--manifest', 'a', '--only', '('], 'invalid regex pattern in --only: "("'],
    [
      'a pattern for moves that is none',
      ['--manifest', 'a', '--allow-tag-moves=('],
      'in --allow-tag-moves: "("',
    ],
    ['an empty pattern', ['--manifest', 'a', '--only', ''], 'the pattern of --only is empty'],
    [
      'an empty pattern for moves',
      ['--manifest', 'a', '--allow-tag-moves='],
      'the pattern of --allow-tag-moves is empty',
    ],
    ['a shard that is none', ['--manifest', 'a', '--shard', '2/2'], '--shard 2/2 is not a part i of n'],
    ['a file that is not there', ['--manifest', '/nonexistent'], '/nonexistent:1: the file cannot be read'],
  ])('fails for %s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(['promote', ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });
});

it('saves a plan that can be reviewed, with what is set aside', async () => {
  const [one, gone] = [await imageWith('1'), await imageWith('gone')];
  const source = await registryWith({ 'staging/app:': one });
  const destination = await registryWith();
  const manifest = await manifestFile(source, [destination], {
    app: [
      [one, '1'],
      [gone, '2'],
    ],
  });
  const out = join(await temporaryDirectory(), 'plan.json');
  const { code, stderr } = await promote('--manifest', manifest, '--out', out);
  expect(code).toBe(1);
  expect(stderr).toContain(`the plan is saved in ${out}`);
  expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({
    format: 'registry-image plan',
    total: 2,
    repositories: [
      {
        destination: `${destination.host}/prod/app`,
        source: `${source.host}/staging/app`,
        pending: 1,
        edges: [
          { digest: one.digest, tag: '1', action: 'copy' },
          { digest: gone.digest, tag: '2', action: 'lost' },
        ],
      },
    ],
  });
  expect(writes(destination)).toEqual([]);
  const failed = await runCli(['promote', '--manifest', manifest, '--out', '/nonexistent/plan.json']);
  expect(failed).toMatchObject({ code: 1, stdout: '' });
  expect(failed.stderr).toContain('--out "/nonexistent/plan.json" cannot be written: ENOENT');
});

it('writes no password that a registry repeats into the saved plan', async () => {
  const one = await imageWith('1');
  const password = 'pass-w0rd-secret';
  const body = { errors: [{ code: 'DENIED', message: `wrong: ${password}` }] };
  const destination = await registryWith(
    {},
    { faults: [{ path: /\/prod\//, fault: { kind: 'status', status: 400, body } }] },
  );
  const manifest = await manifestFile(await registryWith({ 'staging/app:': one }), [destination], {
    app: [[one, '1']],
  });
  const registry = `- name: ${destination.host}\n  username: joe\n  password: ${password}`;
  const config = await textFile('settings.yaml', `registries:\n${registry}\n`);
  const out = join(await temporaryDirectory(), 'plan.json');
  const { outcomes } = await promote('--manifest', manifest, '--out', out, '--config', config);
  expect(outcomes).toEqual(['prod/app:1 failed']);
  const saved = await readFile(out, 'utf8');
  expect(saved).toContain('wrong: REDACTED');
  expect(saved).not.toContain(password);
});

it('does its shard only, and all shards together do everything', async () => {
  const one = await imageWith('1');
  const names = Array.from({ length: 6 }, (_, position) => `app-${position}`);
  const source = await registryWith(Object.fromEntries(names.map((name) => [`staging/${name}:`, one])));
  const destinations = [await registryWith(), await registryWith()];
  const images = Object.fromEntries(names.map((name) => [name, [[one, '1']] as const]));
  const manifest = await manifestFile(source, destinations, images);
  const done: string[] = [];
  for (const [index, environment] of [
    [0, { JOB_COMPLETION_INDEX: '0', SHARD_COUNT: '3' }],
    [1, { CLOUD_RUN_TASK_INDEX: '1', CLOUD_RUN_TASK_COUNT: '3' }],
    [2, { JOB_COMPLETION_INDEX: '0', SHARD_COUNT: '3' }],
  ] as const) {
    const shard = index === 2 ? ['--shard', '2/3'] : [];
    const { json } = await runCliJson(['promote', '--manifest', manifest, '--confirm', ...shard], {
      environment,
    });
    done.push(...(json.edges as JsonEdge[]).map(({ destination }) => destination));
  }
  expect(done.sort()).toEqual(
    destinations.flatMap(({ host }) => names.map((name) => `${host}/prod/${name}`)).sort(),
  );
});
