// registry-image mirror: lists of every format between two registries, what is set aside, and what fails before any request.
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../../src/oci/media-type.ts';
import type { ReceivedRequest } from '../support/exchange.ts';
import { buildImage, buildIndex, descriptorOf } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { imageWith, registryWith, textFile } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { jsonReply } from '../support/reply.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';

interface JsonEdge {
  readonly source: string;
  readonly destination: string;
  readonly digest: string | null;
  readonly tag: string | null;
  readonly outcome: string;
  readonly reason: string;
}

/** Runs the command on a list; `SRC` and `DST` stand for the hosts of the registries. */
async function mirror(
  list: string,
  { source, destination }: { readonly source: TestRegistry; readonly destination: TestRegistry },
  ...args: readonly string[]
) {
  const hosts = { SRC: source.host, DST: destination.host };
  const text = list.replace(/SRC|DST/g, (name) => hosts[name as keyof typeof hosts]);
  const path = await textFile('list.yaml', text);
  const options = args.map((arg) => arg.replace('DST', destination.host));
  const { code, json, stderr } = await runCliJson(['mirror', path, ...options]);
  const edges = (json.edges ?? []) as readonly JsonEdge[];
  return {
    code,
    stderr: stderr.replaceAll(path, 'list.yaml'),
    summary: json.summary as Record<string, number>,
    edges,
    outcomes: edges.map(
      ({ destination: place, tag, outcome }) => `${place.split('/').slice(1).join('/')}:${tag} ${outcome}`,
    ),
  };
}

async function scene() {
  const [one, two] = [await imageWith('1'), await imageWith('2')];
  const source = await registryWith({
    'team/app:1.0': one,
    'team/app:1.1': two,
    'team/app:latest': two,
    'team/tool:1.0': one,
    'other:1.0': one,
  });
  return { one, two, source, destination: await registryWith() };
}

const writes = (registry: TestRegistry) =>
  registry.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method));

describe('a list', () => {
  it('is a dry run that exits with 2, until --confirm carries it out and nothing is left to do', async () => {
    const registries = await scene();
    const { destination, two } = registries;
    const list = 'mirror:\n- source: SRC/team/app\n  destination: DST/copy/app\n  tag_regex: ^1\n';
    const dry = await mirror(list, registries);
    expect(dry).toMatchObject({ code: 2, outcomes: ['copy/app:1.0 pending', 'copy/app:1.1 pending'] });
    expect(writes(destination)).toEqual([]);

    const done = await mirror(list, registries, '--confirm');
    expect(done).toMatchObject({ code: 0, outcomes: ['copy/app:1.0 copied', 'copy/app:1.1 copied'] });
    expect(destination.tags('copy/app')).toEqual(['1.0', '1.1']);
    expect(destination.manifest('copy/app', '1.1')?.bytes).toEqual(two.bytes);

    const again = await mirror(list, registries, '--confirm');
    expect(again).toMatchObject({ code: 0, outcomes: [], summary: { edges: 2, present: 2 } });
  });

  it.each([
    ['of lines', 'SRC/team/app:1.0 DST/one\nSRC/team/tool DST/two\n', [], ['one:1.0', 'two:1.0']],
    [
      'of regsync',
      'sync:\n- {source: SRC/team/app, target: DST/one, type: repository, tags: {allow: [latest]}}\n- {source: SRC/other:1.0, target: "DST/two:2", type: image}\n',
      [],
      ['one:latest', 'two:2'],
    ],
    [
      'of skopeo',
      'SRC:\n  images: {other: []}\n  images-by-semver: {team/app: ">=1.1"}\n',
      ['--to', 'DST/all/'],
      ['all/other:1.0', 'all/app:1.1'],
    ],
    [
      'of image-syncer',
      'SRC/team/app:1.0,latest: ["DST/one", "DST/two:a,b"]\n',
      [],
      ['one:1.0', 'one:latest', 'two:a', 'two:b'],
    ],
    [
      'of Zuul',
      'mirror_container_images_images:\n- {src_repository: SRC/other, src_tag: "1.0", dest_repository: DST/one, dest_tag: new}\ncontainer_images:\n- {repository: SRC/team/app}\n',
      ['--to', 'DST'],
      ['one:new', 'app:latest'],
    ],
  ])('%s is copied', async (_, list, args, expected) => {
    const registries = await scene();
    const { code, outcomes } = await mirror(list, registries, '--confirm', ...args);
    expect(outcomes.sort()).toEqual(expected.map((place) => `${place} copied`).sort());
    expect(code).toBe(0);
  });

  it('asks each source once for a tag, and never again for its digest', async () => {
    const registries = await scene();
    const list = 'SRC/team/app:1.0 DST/one\nSRC/team/app:1.0 DST/two\nSRC/team/app:1.1 DST/one\n';
    await mirror(list, registries);
    const requests = registries.source.requests.filter(({ path }) => path.includes('/manifests/'));
    expect(requests.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`).sort()).toEqual([
      'HEAD 1.0',
      'HEAD 1.1',
    ]);
  });

  it('copies the repositories of a registry that lists them, as regsync does', async () => {
    const { one } = await scene();
    const catalog = ({ path }: ReceivedRequest) =>
      path === '/v2/_catalog'
        ? jsonReply(200, { repositories: ['team/app', 'team/tool', 'other'] })
        : undefined;
    const images = { 'team/app:1': one, 'team/tool:1': one, 'other:1': one };
    const source = await registryWith(images, { beside: catalog });
    const destination = await registryWith();
    const step = '- {source: SRC, target: DST/all, type: registry, repos: {allow: ["team/.*"]}}\n';
    const list = `sync:\n${step}`;
    const { code, outcomes } = await mirror(list, { source, destination }, '--confirm');
    expect(code).toBe(0);
    expect(outcomes.sort()).toEqual(['all/team/app:1 copied', 'all/team/tool:1 copied']);
    const unlisted = await mirror(list, { source: await registryWith(images), destination });
    expect(unlisted).toMatchObject({ code: 1, outcomes: ['all:null failed'] });
    expect(unlisted.edges[0]?.reason).toContain('/v2/_catalog');
  });

  it('copies a digest, with a tag and without one', async () => {
    const registries = await scene();
    const { one, two, destination } = registries;
    const list = `SRC/team/app@${one.digest} DST/one\nSRC/team/app@${two.digest} DST/two:2\n`;
    const { outcomes } = await mirror(list, registries, '--confirm');
    expect(outcomes).toEqual(['one:null copied', 'two:2 copied']);
    expect(destination.manifest('one', one.digest)?.bytes).toEqual(one.bytes);
  });

  it('copies the image for a platform instead of its index', async () => {
    const [amd, arm] = await Promise.all(
      ['amd64', 'arm64'].map((architecture) =>
        buildImage({ layers: [[file(architecture)]], platform: { os: 'linux', architecture } }),
      ),
    );
    if (!amd || !arm) {
      throw new Error('two images are needed');
    }
    const source = await registryWith({ 'app:1': buildIndex([amd, arm]), 'app:2': amd });
    const destination = await registryWith();
    const item = (tag: string) =>
      `- {source: "SRC/app:${tag}", destination: DST/app, platform: linux/arm64}\n`;
    const { code, edges } = await mirror(
      `mirror:\n${item('1')}- {source: "SRC/app:1", destination: DST/s390x, platform: linux/s390x}\n`,
      { source, destination },
      '--confirm',
    );
    expect(code).toBe(1);
    expect(destination.manifest('app', '1')?.bytes).toEqual(arm.bytes);
    expect(edges[1]).toMatchObject({ digest: null, tag: '1', outcome: 'failed' });
    const gone = `sha256:${'0'.repeat(64)}`;
    const lost = await mirror(
      `mirror:\n- {source: "SRC/app@${gone}", destination: DST/app, platform: linux/arm64}\n`,
      { source, destination },
    );
    expect(lost.outcomes).toEqual(['app:null lost']);
    expect(edges[1]?.reason).toContain('no child with platform linux/s390x');
  });
});

it('is done by shards once: every image, and everything that is set aside, is in one of them', async () => {
  const { source, destination } = await scene();
  const [other, down] = [await registryWith(), await registryWith()];
  await down.close();
  const list = [
    'SRC/team/app:1.0 DST/one',
    'SRC/team/app:9 DST/two',
    'SRC/gone DST/three',
    'SRC/team/app DST/four',
    `SRC/team/tool:1.0 ${other.host}/five`,
    `${down.host}/app:1 ${other.host}/six`,
  ].join('\n');
  const whole = await mirror(list, { source, destination });
  const shards = await Promise.all(
    [0, 1, 2].map((part) => mirror(list, { source, destination }, '--shard', `${part}/3`)),
  );
  const sorted = (outcomes: readonly string[]) => outcomes.toSorted();
  expect(sorted(shards.flatMap(({ outcomes }) => outcomes))).toEqual(sorted(whole.outcomes));
  expect(shards.reduce((sum, { summary }) => sum + (summary.edges ?? 0), 0)).toBe(whole.summary.edges);
});

describe('all tags of a repository', () => {
  async function signed() {
    const image = await imageWith('1');
    const referrer = await buildImage({
      manifest: { artifactType: 'application/x', subject: descriptorOf(image) },
    });
    const bare = `sha256-${image.digest.slice(7)}`;
    const source = await registryWith(
      { 'app:1': image, 'app:': referrer, [`app:${bare}.sig`]: await imageWith('signature') },
      { referrers: false },
    );
    // As another tool writes it: what is written here has other bytes.
    source.putManifest(
      'app',
      bare,
      mediaTypes.ociIndex,
      JSON.stringify({ manifests: [descriptorOf(referrer)], schemaVersion: 2 }),
    );
    return { bare, referrer, source, destination: await registryWith({}, { referrers: false }) };
  }

  it('come with what is attached to them, whose tags are not copied by themselves', async () => {
    const { bare, referrer, ...registries } = await signed();
    const { destination } = registries;
    const list = 'SRC/app DST/copy\n';
    expect(await mirror(list, registries, '--confirm')).toMatchObject({
      code: 0,
      outcomes: ['copy:1 copied'],
    });
    expect(destination.tags('copy')).toEqual(['1', bare, `${bare}.sig`]);
    expect(destination.manifest('copy', referrer.digest)).toBeDefined();
    expect(await mirror(list, registries, '--confirm')).toMatchObject({ code: 0, outcomes: [] });
  });

  it('come with a warning for what is listed as attached, but is not there', async () => {
    const { bare, source, destination } = await signed();
    for (const tag of [bare, `${bare}.sig`]) {
      source.faults.add({
        method: 'GET',
        path: `/v2/app/manifests/${tag}`,
        fault: { kind: 'status', status: 404 },
      });
    }
    const { code, stderr } = await mirror('SRC/app DST/copy\n', { source, destination }, '--confirm');
    expect(code).toBe(0);
    for (const tag of [bare, `${bare}.sig`]) {
      expect(stderr).toContain(
        `${source.host}/app:${tag} is listed, but the registry answers that it does not exist`,
      );
    }
    expect(destination.tags('copy')).toEqual(['1']);
  });

  it('are copied one by one with --no-referrers, and a tag that is named always', async () => {
    const { bare, ...registries } = await signed();
    const all = await mirror('SRC/app DST/copy\n', registries, '--no-referrers');
    expect(all.edges.map(({ tag }) => tag).toSorted()).toEqual(['1', bare, `${bare}.sig`]);
    const named = await mirror(`SRC/app:${bare}.sig DST/copy\n`, registries);
    expect(named.edges.map(({ tag }) => tag)).toEqual([`${bare}.sig`]);
  });
});

describe('what cannot be copied', () => {
  it('is set aside while the rest is done, with exit status 1', async () => {
    const registries = await scene();
    const list =
      'SRC/team/app:9 DST/one\nSRC/team/app:1.0 DST/one\nSRC/gone:1 DST/two\nSRC/gone DST/all\n127.0.0.1:1/app DST/three\n';
    const { code, edges, summary } = await mirror(list, registries, '--confirm');
    expect(code).toBe(1);
    expect(summary).toMatchObject({ edges: 5, copied: 1, lost: 3, failed: 1 });
    const byTag = new Map(edges.map((edge) => [`${edge.destination.split('/')[1]}:${edge.tag}`, edge]));
    expect(byTag.get('one:1.0')).toMatchObject({ outcome: 'copied' });
    expect(byTag.get('one:9')).toMatchObject({ outcome: 'lost', digest: null });
    expect(byTag.get('one:9')?.reason).toBe(`${registries.source.host}/team/app:9 does not exist`);
    expect(byTag.get('all:null')).toMatchObject({ outcome: 'lost', digest: null });
    expect(byTag.get('two:1')).toMatchObject({ outcome: 'lost', digest: null });
    expect(byTag.get('three:null')).toMatchObject({ outcome: 'failed', digest: null });
  });

  it('stops everything before the first copy with --strict', async () => {
    const registries = await scene();
    const list = 'SRC/team/app:9 DST/one\nSRC/team/app:1.0 DST/one\n';
    const strict = await mirror(list, registries, '--confirm', '--strict');
    expect(strict).toMatchObject({ code: 1, outcomes: ['one:1.0 pending', 'one:9 lost'] });
    expect(writes(registries.destination)).toEqual([]);
    const allowed = await mirror(list, registries, '--confirm', '--strict', '--allow-lost');
    expect(allowed).toMatchObject({ code: 0, outcomes: ['one:1.0 copied', 'one:9 lost'] });
  });

  it('is a tag that is on another digest, unless --allow-tag-moves matches it', async () => {
    const { one, source } = await scene();
    const destination = await registryWith({ 'copy/app:latest': one });
    const list = 'SRC/team/app:latest DST/copy/app\n';
    expect(await mirror(list, { source, destination }, '--confirm')).toMatchObject({
      code: 1,
      outcomes: ['copy/app:latest tag-move'],
    });
    const args = ['--confirm', '--allow-tag-moves=^copy/app:latest$'];
    expect(await mirror(list, { source, destination }, ...args)).toMatchObject({
      code: 0,
      outcomes: ['copy/app:latest copied'],
    });
  });

  it('is everything when one tag of a destination is to be on two digests', async () => {
    const registries = await scene();
    const list = 'SRC/team/app:1.0 DST/one:1\nSRC/team/tool:1.0 DST/one:1\nSRC/team/app:1.1 DST/one:1\n';
    const { code, stderr } = await mirror(list, registries, '--confirm');
    expect(code).toBe(1);
    expect(stderr).toContain(`list.yaml:3: the tag ${registries.destination.host}/one:1 is on two digests`);
    expect(stderr).not.toContain('list.yaml:2:');
    expect(stderr).toContain('the list has 1 error: nothing was copied');
    expect(registries.destination.requests).toEqual([]);
  });
});

it('warns of what a list asks for and is not done, and of what chooses nothing', async () => {
  const registries = await scene();
  const { code, stderr } = await mirror(
    'creds:\n- registry: SRC\n  pass: hunter2hunter2\nsync:\n- {source: SRC/team/app, target: DST/one, type: repository, tags: {allow: [none]}, backup: old}\n',
    registries,
  );
  expect(code).toBe(0);
  expect(stderr).toContain('list.yaml:1: creds is ignored: ');
  expect(stderr).toContain('list.yaml:5: backup is ignored: ');
  expect(stderr).toContain(`list.yaml:5: ${registries.source.host}/team/app has no tag that is to be copied`);
  expect(stderr).not.toContain('hunter2');
});

describe('before any request', () => {
  it('reports every error of the list by file and line, and nothing of its logins', async () => {
    const registries = await scene();
    const { code, stderr } = await mirror('SRC/team/app:1.0 DST/one y\nSRC/team/App DST/one\n', registries);
    expect(code).toBe(1);
    expect(stderr).toContain('list.yaml:1: a line is a source and a destination');
    expect(stderr).toContain('list.yaml:2: ');
    expect(stderr).toContain('the list has 2 errors: nothing was copied');
    const malformed = await mirror(
      'creds:\n- pass: "hunter2hunter2\n  user: [hunter2hunter2 {\n',
      registries,
    );
    expect(malformed.stderr).toMatch(/list\.yaml:\d+: column \d+: malformed YAML\n/);
    expect(malformed.stderr).not.toContain('hunter2');
    expect([...registries.source.requests, ...registries.destination.requests]).toEqual([]);
  });

  it('refuses a destination that the settings do not allow', async () => {
    const registries = await scene();
    const config = await textFile('settings.yaml', "allow_destinations: ['/other/']\n");
    const { code, stderr } = await mirror('SRC/team/app:1.0 DST/one\n', registries, '--config', config);
    expect(code).toBe(1);
    expect(stderr).toContain(`does not allow ${registries.destination.host}/one`);
    expect([...registries.source.requests, ...registries.destination.requests]).toEqual([]);
  });

  it.each([
    ['--scoped without --to', ['--scoped'], '--scoped is given without --to'],
    ['a prefix that is none', ['--to', 'https://dst.test'], '--to is not a registry'],
    ['a pattern that is none', ['--allow-tag-moves=('], 'in --allow-tag-moves: "("'],
    [
      '--to without a need for it',
      ['--to', 'dst.test'],
      'every entry of the list has a destination of its own',
    ],
  ])('fails for %s', async (_, args, message) => {
    const path = await textFile('list', 'src.test/app:1 dst.test/app\n');
    const { code, stdout, stderr } = await runCli(['mirror', path, ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });
});
