// registry-image apply: a saved plan is carried out, unless a destination has changed, and may be cut and run again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seed } from '../support/images.ts';
import {
  imageWith,
  type ManifestContent,
  manifestFile,
  registryWith,
  textFile,
} from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const [one, two, three] = await Promise.all([imageWith('1'), imageWith('2'), imageWith('3')]);

async function savedPlan(
  source: TestRegistry,
  destinations: readonly TestRegistry[],
  images: ManifestContent,
  ...args: readonly string[]
): Promise<string> {
  const manifest = await manifestFile(source, destinations, images);
  const plan = join(await temporaryDirectory(), 'plan.json');
  await runCli(['promote', '--manifest', manifest, '--out', plan, ...args]);
  return plan;
}

async function apply(plan: string, ...args: readonly string[]) {
  const { code, json, stderr } = await runCliJson(['apply', plan, ...args]);
  const edges = (json.edges ?? []) as { destination: string; tag: string; outcome: string; reason: string }[];
  const outcomes = edges.map(
    ({ destination, tag, outcome }) => `${destination.split('/').slice(1).join('/')}:${tag} ${outcome}`,
  );
  return { code, summary: json.summary, edges, outcomes, stderr };
}

const writes = (registry: TestRegistry) =>
  registry.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method));

it('carries out what was planned, and is done when it is run again', async () => {
  const source = await registryWith({ 'staging/app:': one, 'staging/tool:': two });
  const destination = await registryWith({ 'prod/tool:old': two });
  const plan = await savedPlan(source, [destination], {
    app: [[one, '1', 'latest']],
    tool: [[two, '2']],
  });
  const { code, outcomes, summary } = await apply(plan);
  expect(code).toBe(0);
  expect(outcomes).toEqual(['prod/app:1 copied', 'prod/app:latest copied', 'prod/tool:2 tagged']);
  expect(summary).toMatchObject({ edges: 3, copied: 2, tagged: 1 });
  const wrote = writes(destination).length;
  const again = await apply(plan);
  expect(again).toMatchObject({ code: 0, edges: [], summary: { edges: 3, present: 3, copied: 0 } });
  expect((await apply(plan, '--all')).outcomes).toEqual([
    'prod/app:1 present',
    'prod/app:latest present',
    'prod/tool:2 present',
  ]);
  expect(writes(destination)).toHaveLength(wrote);
});

it('says nothing of where a tag was that an earlier run has moved', async () => {
  const source = await registryWith({ 'staging/app:': one });
  const destination = await registryWith({ 'prod/app:latest': two });
  const plan = await savedPlan(source, [destination], { app: [[one, 'latest']] }, '--allow-tag-moves');
  expect((await apply(plan)).edges).toMatchObject([{ outcome: 'copied', reason: `was on ${two.digest}` }]);
  expect((await apply(plan, '--all')).edges).toMatchObject([{ outcome: 'present', reason: '' }]);
});

it('brings the digest of the plan, though the tag of the source has moved', async () => {
  const source = await registryWith({ 'staging/app:a': one });
  const destination = await registryWith();
  const plan = await savedPlan(source, [destination], { app: [[one, '1']] });
  seed(source, 'staging/app', 'a', two);
  await apply(plan);
  expect(destination.manifest('prod/app', '1')?.digest).toBe(one.digest);
});

describe('writes nothing into a destination repository', () => {
  it.each([
    ['in which a tag was made', { 'prod/app:1': two }, `tag 1 is on ${two.digest}`],
    ['in which a tag was moved', { 'prod/app:latest': three }, `tag latest is on ${three.digest}`],
  ])('%s since then, and carries out the others', async (_, change, reason) => {
    const source = await registryWith({ 'staging/app:': one, 'staging/tool:': one });
    const destination = await registryWith({ 'prod/app:latest': two });
    const images: ManifestContent = { app: [[one, '1', 'latest', '0']], tool: [[one, '1']] };
    const plan = await savedPlan(source, [destination], images, '--allow-tag-moves');
    for (const [reference, image] of Object.entries(change)) {
      const [repository = '', tag] = reference.split(':');
      seed(destination, repository, tag, image);
    }
    const { code, outcomes, edges, stderr } = await apply(plan);
    expect(code).toBe(1);
    expect(outcomes).toEqual([
      'prod/app:1 failed',
      'prod/app:latest failed',
      'prod/app:0 failed',
      'prod/tool:1 copied',
    ]);
    expect(edges[2]?.reason).toBe(`the destination has changed since the plan was made: ${reason}`);
    expect(stderr).toContain(reason);
    expect(writes(destination).filter(({ path }) => path.includes('/prod/app/'))).toEqual([]);
  });

  it('from which a tag, or a digest that only needs a tag, is gone', async () => {
    const source = await registryWith({ 'staging/app:': one, 'staging/tool:': one });
    const full = await registryWith({ 'prod/app:latest': two, 'prod/tool:old': one });
    const images: ManifestContent = { app: [[one, 'latest']], tool: [[one, '1']] };
    const plan = await savedPlan(source, [full], images, '--allow-tag-moves');
    for (const name of ['app', 'tool']) {
      for (const digest of full.digests(`prod/${name}`)) {
        await fetch(`${full.url}/v2/prod/${name}/manifests/${digest}`, { method: 'DELETE' });
      }
    }
    const { outcomes, edges } = await apply(plan);
    expect(outcomes).toEqual(['prod/app:latest failed', 'prod/tool:1 failed']);
    expect(edges[0]?.reason).toContain(`tag latest, which was on ${two.digest}, is gone`);
    expect(edges[1]?.reason).toContain(`${one.digest} is gone`);
  });

  it('that cannot be read', async () => {
    const source = await registryWith({ 'staging/app:': one });
    const [up, down] = [await registryWith(), await registryWith()];
    const plan = await savedPlan(source, [up, down], { app: [[one, '1']] });
    await down.close();
    const { code, summary } = await apply(plan);
    expect(code).toBe(1);
    expect(summary).toMatchObject({ copied: 1, failed: 1 });
  });
});

it('reports what the plan had set aside, and exits with 1 unless lost images are allowed', async () => {
  const source = await registryWith({ 'staging/app:': one });
  const destination = await registryWith();
  const plan = await savedPlan(source, [destination], {
    app: [
      [one, '1'],
      [two, '2'],
    ],
  });
  const { code, outcomes } = await apply(plan);
  expect({ code, outcomes }).toEqual({ code: 1, outcomes: ['prod/app:1 copied', 'prod/app:2 lost'] });
  expect(await apply(plan, '--allow-lost')).toMatchObject({ code: 0 });
});

it('carries out its shard only', async () => {
  const source = await registryWith({ 'staging/app:': one });
  const destinations = [await registryWith(), await registryWith(), await registryWith()];
  const plan = await savedPlan(source, destinations, { app: [[one, '1']] });
  const { summary } = await apply(plan, '--shard', '0/3');
  expect(summary).toMatchObject({ edges: 1, copied: 1 });
  const environment = { JOB_COMPLETION_INDEX: '1', SHARD_COUNT: '3' };
  expect(await runCliJson(['apply', plan], { environment })).toMatchObject({
    code: 0,
    json: { summary: { edges: 1, copied: 1 } },
  });
  expect(destinations.filter((registry) => registry.tags('prod/app').length > 0)).toHaveLength(2);
  await apply(plan, '--shard=2/3');
  expect(destinations.filter((registry) => registry.tags('prod/app').length > 0)).toHaveLength(3);
});

it('is cut at any request, run again, and ends the same', async () => {
  const source = await registryWith({ 'staging/app:': one, 'staging/tool:': two });
  const images: ManifestContent = { app: [[one, '1', 'latest'], [three]], tool: [[two, '2']] };
  seed(source, 'staging/app', `sha256-${one.digest.slice(7)}.sig`, two);
  seed(source, 'staging/app', `sha256-${three.digest.slice(7)}.sig`, two);
  seed(source, 'staging/app', undefined, three);
  const whole = await registryWith();
  await apply(await savedPlan(source, [whole], images));
  const requests = whole.requests.length;
  for (let cut = 1; cut < requests; cut += 3) {
    const destination = await registryWith();
    const plan = await savedPlan(source, [destination], images);
    const abort = new AbortController();
    const arrived = destination.journal.arrived({}, destination.requests.length + cut);
    void arrived.then(() => abort.abort(new Error('cut')));
    await runCli(['apply', plan], { signal: abort.signal });
    const rest = await apply(plan);
    expect(rest.code, `cut at request ${cut}: ${JSON.stringify(rest.edges)}`).toBe(0);
    for (const repository of ['prod/app', 'prod/tool']) {
      expect(destination.tags(repository)).toEqual(whole.tags(repository));
      expect(destination.digests(repository).sort()).toEqual(whole.digests(repository).sort());
    }
  }
});

it('refuses a plan that is not whole, and one that the settings do not allow, before any request', async () => {
  const source = await registryWith({ 'staging/app:': one });
  const destination = await registryWith();
  const plan = await savedPlan(source, [destination], { app: [[one, '1']] });
  const before = destination.requests.length;
  const text = await readFile(plan, 'utf8');
  const edited = await textFile('plan.json', text.replace('"1"', '"2"'));
  const { code, stderr } = await apply(edited);
  expect(code).toBe(1);
  expect(stderr).toContain('the plan was changed after it was made');
  const config = await textFile('settings.yaml', 'allow_destinations: [other]\n');
  const refused = await apply(plan, '--config', config);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`does not allow ${destination.host}/prod/app`);
  expect((await apply('/nonexistent')).stderr).toContain('the plan "/nonexistent" cannot be carried out');
  expect(destination.requests).toHaveLength(before);
});

it('refuses a plan that is no regular file, which cannot be read twice', async () => {
  const { code, stdout, stderr } = await runCli(['apply', '/dev/null']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('the plan "/dev/null" cannot be carried out');
  expect(stderr).toContain('it is not a regular file');
});
