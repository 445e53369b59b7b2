// registry-image snapshot: of repositories, of all below a prefix, and of what manifests promote.
import { describe, expect, it } from 'vitest';
import type { ReceivedRequest } from '../support/exchange.ts';
import { googleRegistryForTest } from '../support/google-listing.ts';
import { buildIndex, seed } from '../support/images.ts';
import { imageWith, manifestFile, registryWith } from '../support/promotion.ts';
import { jsonReply } from '../support/reply.ts';
import { runCli } from '../support/run-cli.ts';

const [one, two] = await Promise.all([imageWith('1'), imageWith('2')]);

describe('a snapshot of repositories', () => {
  it('has names, digests and tags in order', async () => {
    const registry = await registryWith({ 'b/app:2': two, 'b/app:1': two, 'b/app:0': one, 'a/app:1': one });
    const { host } = registry;
    const { code, stdout, stderr } = await runCli(['snapshot', `${host}/b/app`, `${host}/a/app`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, second] = [one, two].toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
    const tagsOf = (image: typeof one | undefined) => (image === one ? '["0"]' : '["1", "2"]');
    expect(stdout).toBe(
      [
        `- name: "${host}/a/app"`,
        '  dmap:',
        `    "${one.digest}": ["1"]`,
        `- name: "${host}/b/app"`,
        '  dmap:',
        `    "${first?.digest}": ${tagsOf(first)}`,
        `    "${second?.digest}": ${tagsOf(second)}`,
        '',
      ].join('\n'),
    );
  });

  it('is written as CSV and JSON', async () => {
    const { host } = await registryWith({ 'team/app:1': one });
    const name = `${host}/team/app`;
    const csv = await runCli(['snapshot', name, '--output', 'csv']);
    expect(csv.stdout).toBe(`${name}@${one.digest},${name}:1\n`);
    for (const option of [['--output', 'json'], ['--json']]) {
      const { stdout } = await runCli(['snapshot', name, ...option]);
      expect(JSON.parse(stdout)).toEqual([{ name, dmap: { [one.digest]: ['1'] } }]);
    }
  });

  it('asks only for tags that --tag matches', async () => {
    const registry = await registryWith({ 'team/app:1.0': one, 'team/app:latest': two });
    const { stdout } = await runCli([
      'snapshot',
      `${registry.host}/team/app`,
      '--tag',
      '^\\d',
      '--output',
      'csv',
    ]);
    expect(stdout).toContain(':1.0\n');
    expect(stdout).not.toContain('latest');
    expect(registry.journal.select({ method: 'HEAD' }).map(({ path }) => path)).toEqual([
      '/v2/team/app/manifests/1.0',
    ]);
  });

  it('takes one request where the tag list has digests, and lists untagged ones, too', async () => {
    const registry = await googleRegistryForTest();
    seed(registry, 'team/app', 'multi', buildIndex([one, two]));
    const { stdout } = await runCli(['snapshot', `${registry.host}/team/app`, '--output', 'csv']);
    expect(stdout.match(/,-$/gm)).toHaveLength(2);
    expect(registry.requests.map(({ path }) => path)).toEqual(['/v2/', '/v2/team/app/tags/list']);
    const minimal = await runCli(['snapshot', `${registry.host}/team/app`, '--output', 'csv', '--minimal']);
    expect(minimal.stdout.split('\n')).toEqual([expect.stringContaining(':multi'), '']);
  });

  it('warns of a repository that does not exist', async () => {
    const { host } = await registryWith();
    const { code, stdout, stderr } = await runCli(['snapshot', `${host}/team/app`]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '[]\n' });
    expect(stderr).toContain(`${host}/team/app does not exist, or holds nothing`);
  });

  it('has the others, and exits with 1, when one cannot be read', async () => {
    const { host } = await registryWith(
      { 'a/app:1': one, 'b/app:1': one },
      { faults: [{ path: /^\/v2\/a\/app\//, fault: { kind: 'status', status: 403 } }] },
    );
    const { code, stdout, stderr } = await runCli([
      'snapshot',
      `${host}/a/app`,
      `${host}/b/app`,
      '--output',
      'csv',
    ]);
    expect(code).toBe(1);
    expect(stdout).toBe(`${host}/b/app@${one.digest},${host}/b/app:1\n`);
    expect(stderr).toContain(`${host}/a/app cannot be read: `);
    expect(stderr).toContain('403');
  });
});

describe('a snapshot of a prefix', () => {
  const catalog = ({ path, query }: ReceivedRequest) => {
    if (path !== '/v2/_catalog') {
      return undefined;
    }
    return query.get('last') === null
      ? jsonReply(
          200,
          { repositories: ['prod/app', 'prod/team/tool'] },
          { link: '</v2/_catalog?last=prod%2Fteam%2Ftool&n=2>; rel="next"' },
        )
      : jsonReply(200, { repositories: ['product/app'] });
  };
  const images = { 'prod/app:1': one, 'prod/team/tool:2': two, 'product/app:3': one };

  it.each([
    ['prod/', ['app', 'team/tool']],
    ['prod/team/', ['tool']],
    ['', ['prod/app', 'prod/team/tool', 'product/app']],
  ])('lists all repositories below %j by whole parts of the path', async (prefix, names) => {
    const { host } = await registryWith(images, { beside: catalog });
    const { code, stdout } = await runCli(['snapshot', `${host}/${prefix}`, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toEqual(names);
  });

  it('warns of one without any repository, which may be misspelled', async () => {
    const { host } = await registryWith(images, { beside: catalog });
    const { code, stdout, stderr } = await runCli(['snapshot', `${host}/prdo/`, '--json']);
    expect({ code, answer: JSON.parse(stdout) }).toEqual({ code: 0, answer: [] });
    expect(stderr).toContain(`${host}/prdo/ does not exist, or holds nothing that is asked for`);
  });

  it('fails where the registry does not list its repositories', async () => {
    const { host } = await registryWith(images);
    const { code, stdout, stderr } = await runCli(['snapshot', `${host}/prod/`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${host}/prod/ cannot be read: `);
    expect(stderr).toMatch(/\/v2\/_catalog.*; name its repositories one by one instead/);
  });
});

describe('a snapshot of manifests', () => {
  it('is the same as one of the destination after the promotion, without any request', async () => {
    const source = await registryWith({ 'staging/app:': one, 'staging/tool:': two });
    const beside = ({ path }: ReceivedRequest) =>
      path === '/v2/_catalog' ? jsonReply(200, { repositories: ['prod/app', 'prod/tool'] }) : undefined;
    const destination = await registryWith({}, { beside });
    const manifest = await manifestFile(source, [destination], {
      app: [[one, '1', '1.0']],
      tool: [[two, '2']],
    });
    const args = ['snapshot', '--from-manifests', `${destination.host}/prod`, '--manifest', manifest];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(0);
    expect([...source.requests, ...destination.requests]).toEqual([]);
    await runCli(['promote', '--manifest', manifest, '--confirm']);
    expect((await runCli(['snapshot', `${destination.host}/prod/`])).stdout).toBe(stdout);
    const filtered = await runCli([...args, '--tag', '^1\\.0$', '--output', 'csv']);
    expect(filtered.stdout).toBe(`app@${one.digest},app:1.0\n`);
  });
});

it.each([
  ['nothing', [], 'no repository is given'],
  ['manifests without a destination', ['--manifest', 'a'], 'no destination of them'],
  ['both', ['a.test/b', '--from-manifests', 'a.test/b', '--manifest', 'a'], 'only one of them is possible'],
  ['a format that is not known', ['a.test/b', '--output', 'xml'], '--output "xml" is not known'],
  ['a pattern that is none', ['a.test/b', '--tag', '('], 'invalid regex pattern in --tag'],
  ['a URL', ['https://a.test/b', 'a.test/c'], 'is a URL, not a repository name'],
  ['a name with an empty part', ['/team/app'], 'has an empty'],
  ['a prefix that is none', ['https://a.test/b/'], 'is not the beginning of repositories'],
])('fails for %s before any request', async (_, args, message) => {
  const { code, stdout, stderr } = await runCli(['snapshot', ...args]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(message);
});
