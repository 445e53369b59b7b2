// The examples of promotion run on registries of the test, and leave there what they promise.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { dockerArchive } from '../support/image-files.ts';
import { buildImage, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { imageWith } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { registryForTest } from '../support/registry-for-test.ts';
import { repositoryRoot } from '../support/run.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { onHosts, runJob, type Worker } from './pipeline-runs.ts';

const examples = join(repositoryRoot, 'docs', 'examples');

interface World extends Worker {
  readonly com: TestRegistry;
  readonly org: TestRegistry;
  readonly staging: TestRegistry;
  write(path: string, text: string): Promise<void>;
}

/** Three registries for the hosts of the examples, and a worker whose builds have this content. */
async function world(contentOf: () => string, created?: () => string): Promise<World> {
  const [com, org, staging] = [await registryForTest(), await registryForTest(), await registryForTest()];
  const folder = await temporaryDirectory();
  return {
    com,
    org,
    staging,
    folder,
    hosts: {
      'registry.example.com': com.host,
      'registry\\.example\\.com': com.host,
      'registry.example.org': org.host,
      'staging.example.com': staging.host,
      'docker.io/team': `${org.host}/team`,
      'public.ecr.aws': org.host,
      'quay.io': staging.host,
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com': staging.host,
      'repository: staging/app': `repository: ${staging.host}/staging/app`,
    },
    async build(output, environment) {
      const { IMAGE_PLATFORM: platform = 'linux/amd64' } = environment as { IMAGE_PLATFORM?: string };
      const [os = '', architecture = ''] = platform.split('/');
      const image = await buildImage({
        format: 'docker',
        layers: [[file(contentOf(), `content for ${output}`)]],
        platform: { os, architecture },
        ...(created ? { created: created() } : {}),
      });
      return await dockerArchive(image);
    },
    async write(path, text) {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), text);
    },
  };
}

function digestOfTag(registry: TestRegistry, repository: string, tag: string): string | undefined {
  return registry.manifest(repository, tag)?.digest;
}

it('promote-by-tag tags the image of the gate with its final tags everywhere, and deletes temporary tags', async () => {
  const at = await world(() => 'change');
  const { com, org } = at;
  seed(com, 'team/app', 'change_of_last_week', await imageWith('old'));
  const commit = '1234567890123456789012345678901234567890';
  await at.write('change/.git/ref', `${commit}\n`);
  await at.write('merged/.git/ref', `${commit}\n`);

  await runJob('promote-by-tag.yml', 'gate', at);
  const gated = digestOfTag(com, 'team/app', `change_${commit}`);
  expect(gated).toBeDefined();
  await runJob('promote-by-tag.yml', 'promote', at);

  expect(com.tags('team/app')).toEqual(['latest']);
  expect(digestOfTag(com, 'team/app', 'latest')).toBe(gated);
  expect(digestOfTag(org, 'team/app', 'latest')).toBe(gated);
});

it('release publishes one index by digest, and a prerelease leaves the aliases', async () => {
  let content = 'first';
  const at = await world(() => content);
  const { org, staging } = at;
  await at.write('release/.git/ref', 'v1.2.3\n');
  await runJob('release.yml', 'release', at);

  const aliases = ['1', '1.2', '1.2.3', 'latest'];
  const released = digestOfTag(org, 'team/app', '1.2.3');
  expect(org.tags('team/app')).toEqual(aliases);
  for (const tag of aliases) {
    expect(digestOfTag(org, 'team/app', tag)).toBe(released);
    expect(digestOfTag(staging, 'team/app', tag)).toBe(released);
  }
  expect(staging.tags('staging/app').map((tag) => tag.replace(/-\d{12}$/, '-TIME'))).toEqual(
    expect.arrayContaining(['v1.2.3-TIME', 'v1.2.3-amd64-TIME', 'v1.2.3-arm64-TIME']),
  );
  const index = JSON.parse(String(org.manifest('team/app', '1.2.3')?.bytes));
  expect(
    index.manifests.map(({ platform }: { platform: { architecture: string } }) => platform.architecture),
  ).toEqual(['amd64', 'arm64']);

  content = 'next';
  await at.write('release/.git/ref', 'v1.3.0-rc.1\n');
  await runJob('release.yml', 'release', at);
  expect(org.tags('team/app')).toEqual(['1', '1.2', '1.2.3', '1.3.0-rc.1', 'latest']);
  expect(digestOfTag(org, 'team/app', 'latest')).toBe(released);

  await at.write('release/.git/ref', 'v1.2.3\n');
  await expect(runJob('release.yml', 'release', at)).rejects.toThrow('immutable');
});

it('base-image pushes only what has changed, and the same digest to every registry', async () => {
  let content = 'first';
  let created = '2025-01-01T00:00:00Z';
  const at = await world(
    () => content,
    () => created,
  );
  const { com, org, staging } = at;
  await runJob('base-image.yml', 'build', at);
  const first = digestOfTag(com, 'base/minimal', 'latest');
  expect(first).toBeDefined();

  created = '2025-01-02T00:00:00Z';
  await runJob('base-image.yml', 'build', at);
  expect(digestOfTag(com, 'base/minimal', 'latest')).toBe(first);

  content = 'second';
  await runJob('base-image.yml', 'build', at);
  const second = digestOfTag(com, 'base/minimal', 'latest');
  expect(second).not.toBe(first);
  expect(digestOfTag(org, 'team/minimal', 'trixie')).toBe(second);
  expect(digestOfTag(staging, 'team/minimal', 'trixie')).toBe(second);
});

/** The manifests of the examples with images that exist. */
async function manifestsOf(at: World): Promise<void> {
  const { folder, hosts, staging } = at;
  const images = join(folder, 'manifests', 'images', 'team', 'images.yaml');
  await cp(join(examples, 'promotion'), join(folder, 'manifests'), { recursive: true });
  let text = await readFile(images, 'utf8');
  for (const { name, dmap } of parse(text) as { name: string; dmap: Record<string, string[]> }[]) {
    for (const digest of Object.keys(dmap)) {
      const image = await imageWith(digest);
      seed(staging, `team/${name}`, undefined, image);
      text = text.replace(digest, image.digest);
    }
  }
  await writeFile(images, text);
  const local = async (path: string) => {
    const found = await readFile(path, 'utf8');
    await writeFile(
      path,
      onHosts(found, hosts).replace(/^- \^registry.*$/m, '- ^127\\.0\\.0\\.1:\\d+/prod/'),
    );
  };
  await local(join(folder, 'manifests', 'settings.yaml'));
  await local(join(folder, 'manifests', 'manifests', 'team', 'promoter-manifest.yaml'));
  await cp(join(folder, 'manifests'), join(folder, 'proposal'), { recursive: true });
}

it('promote-by-manifest previews a proposal, and promotes in three shards', async () => {
  const at = await world(() => '');
  const { com, org, staging } = at;
  await manifestsOf(at);
  const images = join(at.folder, 'proposal', 'images', 'team', 'images.yaml');
  const old = await readFile(images, 'utf8');
  const added = await imageWith('added');
  seed(staging, 'team/hello', undefined, added);
  await writeFile(images, `${old}- name: hello\n  dmap:\n    "${added.digest}": ["2.0.1"]\n`);

  const { preview = '', pages } = Object.fromEntries(await runJob('promote-by-manifest.yml', 'preview', at));
  expect(pages).toContain(
    '<p class="verdict pending">Dry run: nothing was changed. 10 edges: 10 pending.</p>',
  );
  expect(preview).toContain('1 added, 0 removed, 0 moved');
  expect(preview).toContain('10 edges: 10 pending');
  expect(com.tags('prod/hello')).toEqual([]);

  const logs = Object.fromEntries(await runJob('promote-by-manifest.yml', 'promote', at));
  expect(logs.audit).toContain('8 expected: 0 missing, 0 moved, 0 unexpected');
  for (const registry of [com, org]) {
    expect(registry.tags('prod/hello')).toEqual(['1.2.3', '2.0.0', 'latest']);
    expect(registry.tags('prod/worker')).toEqual(['1.2.4']);
  }

  await writeFile(images, old.replace(/^- name: worker\n.*\n.*\n/m, ''));
  await expect(runJob('promote-by-manifest.yml', 'preview', at)).rejects.toThrow('1 removed');
});

it('the pods of the Indexed Job carry out the plan together', async () => {
  const at = await world(() => '');
  const { folder, com, org } = at;
  await manifestsOf(at);
  const settings = join(folder, 'manifests', 'settings.yaml');
  const plan = join(folder, 'plan.json');
  const job = parse(await readFile(join(examples, 'promote-job.yaml'), 'utf8'));
  const [container] = job.spec.template.spec.containers;
  const local = (text: string) =>
    text.replace('/promotion/settings.yaml', settings).replace('/promotion/plan.json', plan);
  const pairs = container.env.map(({ name, value }: { name: string; value: string }) => [name, local(value)]);
  const logins = ['STAGING_USERNAME', 'STAGING_PASSWORD', 'PROD_USERNAME', 'PROD_PASSWORD'];
  const environment = Object.fromEntries([...pairs, ...logins.map((name) => [name, `value of ${name}`])]);
  const manifests = ['--thin-manifest-dir', join(folder, 'manifests')];
  const { SHARD_COUNT: _, ...others } = environment;
  const planned = await runCli(['promote', ...manifests, '--out', plan], { environment: others });
  expect(planned.code).toBe(2);

  for (let index = 0; index < job.spec.completions; index++) {
    const pod = { ...environment, JOB_COMPLETION_INDEX: String(index) };
    const { code, stderr } = await runCli(container.args.map(local), { environment: pod });
    expect(code, stderr).toBe(0);
  }
  for (const registry of [com, org]) {
    expect(registry.tags('prod/hello')).toEqual(['1.2.3', '2.0.0', 'latest']);
    expect(registry.tags('prod/worker')).toEqual(['1.2.4']);
  }
});
