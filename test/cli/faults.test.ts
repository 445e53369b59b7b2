// registry-image on bad days: hosts that are down, slow or throttle, registries that lack endpoints, tags that others move.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../support/fake-clock.ts';
import type { FaultRule } from '../support/fault.ts';
import { buildIndex, type Image, seed } from '../support/images.ts';
import { imageWith, manifestFile, registryWith, textFile } from '../support/promotion.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const [one, two] = await Promise.all([imageWith('1'), imageWith('2')]);

interface JsonEdge {
  readonly destination: string;
  readonly tag: string;
  readonly outcome: string;
  readonly reason: string;
}

async function promote(
  source: { readonly host: string },
  destinations: readonly { readonly host: string }[],
  others: Parameters<typeof runCliJson>[1] = {},
  ...args: readonly string[]
) {
  const manifest = await manifestFile(source, destinations, { app: [[one, '1.0']] });
  const { code, json, stderr } = await runCliJson(
    ['promote', '--manifest', manifest, '--confirm', ...args],
    others,
  );
  const edges = (json.edges ?? []) as readonly JsonEdge[];
  return { code, stderr, summary: json.summary, edges, outcomes: edges.map(({ outcome }) => outcome) };
}

describe('of many hosts', () => {
  it('the others are finished when one is down, and what is missing is listed', async () => {
    const source = await registryWith({ 'staging/app:': one });
    const up = await Promise.all(Array.from({ length: 21 }, () => registryWith()));
    const down = await startRegistry();
    await down.close();
    const destinations = [...up.slice(0, 10), down, ...up.slice(10)];
    const { code, summary, edges, stderr } = await promote(source, destinations);
    expect(code).toBe(1);
    expect(summary).toMatchObject({ edges: 22, copied: 21, failed: 1 });
    const failed = edges.filter(({ outcome }) => outcome === 'failed');
    expect(failed).toMatchObject([{ destination: `${down.host}/prod/app`, tag: '1.0' }]);
    expect(failed[0]?.reason).toMatch(/\S/);
    expect(up.every((registry) => registry.tags('prod/app').length === 1)).toBe(true);
    expect(stderr).toContain('22 edges: 21 copied, 1 failed');
  });

  it('none waits for one that does not answer', async () => {
    const source = await registryWith({ 'staging/app:': one });
    const fast = await Promise.all(Array.from({ length: 4 }, () => registryWith()));
    const allDone = Promise.all(
      fast.map((registry) => registry.journal.arrived({ method: 'PUT', path: /manifests\/1\.0$/ })),
    );
    const slow = await registryWith();
    // The plan reads every host before the first copy; this one is slow once it is written to.
    slow.faults.add({ method: 'POST', times: 1, fault: { kind: 'hold', until: allDone } });
    expect(await promote(source, [slow, ...fast])).toMatchObject({ code: 0, summary: { copied: 5 } });
  });

  it('one that fails in the middle fails for itself', async () => {
    const source = await registryWith({ 'staging/app:': one });
    const [good, bad] = [await registryWith(), await registryWith()];
    bad.faults.add({ method: 'PUT', path: /manifests/, fault: { kind: 'status', status: 403 } });
    const { code, edges, stderr } = await promote(source, [bad, good]);
    expect(code).toBe(1);
    expect(edges.map(({ outcome }) => outcome)).toEqual(['failed', 'copied']);
    expect(edges[0]?.reason).toContain('PUT');
    expect(stderr).toContain(`WARN`);
    expect(stderr).toContain(`failed ${bad.host}/prod/app:1.0`);
    expect(bad.tags('prod/app')).toEqual([]);
  });
});

describe('a host that throttles', () => {
  const throttled = (headers: Record<string, string>): FaultRule => ({
    path: /manifests|blobs|tags/,
    times: 4,
    fault: { kind: 'status', status: 429, headers },
  });

  it.each([
    ['says when to come back', { 'retry-after': '7' }],
    ['does not say when to come back', {}],
  ])('is asked again when it %s', async (_, headers) => {
    const source = await registryWith({ 'staging/app:': one });
    const destination = await registryWith({}, { faults: [throttled(headers)] });
    const clock = createFakeClock();
    const { code, outcomes } = await promote(source, [destination], { clock });
    expect({ code, outcomes }).toEqual({ code: 0, outcomes: ['copied'] });
    const longest = Math.max(...clock.waits);
    expect(longest).toBeGreaterThanOrEqual('retry-after' in headers ? 7000 : 1000);
    expect(destination.manifest('prod/app', '1.0')?.bytes).toEqual(one.bytes);
  });

  it('as a source is asked again, too', async () => {
    const source = await registryWith(
      { 'staging/app:': one },
      { faults: [throttled({ 'retry-after': '3' })] },
    );
    const { outcomes } = await promote(source, [await registryWith()]);
    expect(outcomes).toEqual(['copied']);
  });
});

describe('a registry', () => {
  it('that lists no tags is promoted to all the same', async () => {
    const faults: FaultRule[] = [{ path: /tags\/list/, fault: { kind: 'status', status: 404 } }];
    const source = await registryWith({ 'staging/app:': one }, { faults });
    const destination = await registryWith({}, { faults });
    const { code, outcomes } = await promote(source, [destination]);
    expect({ code, outcomes }).toEqual({ code: 0, outcomes: ['copied'] });
    expect((await promote(source, [destination])).summary).toMatchObject({ present: 1 });
  });

  it.each([405, 401, 501])('that refuses tag lists with %d is promoted to all the same', async (status) => {
    const faults: FaultRule[] = [{ path: /tags\/list/, fault: { kind: 'status', status } }];
    const source = await registryWith({ 'staging/app:': one }, { faults });
    const destination = await registryWith({ 'prod/app:other': two }, { faults });
    const { code, outcomes, edges } = await promote(source, [destination]);
    expect({ code, outcomes, reasons: edges.map(({ reason }) => reason) }).toEqual({
      code: 0,
      outcomes: ['copied'],
      reasons: [''],
    });
    expect((await promote(source, [destination])).summary).toMatchObject({ present: 1 });
  });

  it('that has no referrers endpoint is promoted from and to', async () => {
    const source = await registryWith({ 'staging/app:': one }, { referrers: false });
    const destination = await registryWith({}, { referrers: false });
    expect((await promote(source, [destination])).outcomes).toEqual(['copied']);
  });

  it('that refuses to read is reported as forbidden, not as lost', async () => {
    const faults: FaultRule[] = [{ path: /staging/, fault: { kind: 'status', status: 403 } }];
    const forbidden = await registryWith({ 'staging/app:': one }, { faults });
    const empty = await registryWith();
    const destination = await registryWith();
    const refused = await promote(forbidden, [destination]);
    expect(refused).toMatchObject({ code: 1, outcomes: ['failed'] });
    expect(refused.edges[0]?.reason).toContain(`/v2/staging/app/`);
    expect(await promote(empty, [destination])).toMatchObject({ code: 1, outcomes: ['lost'] });
  });

  it('that answers nothing at all fails in bounded time', async () => {
    const source = await registryWith({ 'staging/app:': one });
    const faults: FaultRule[] = [{ path: /./, fault: { kind: 'reset' } }];
    const silent = await registryWith({}, { faults });
    const clock = createFakeClock();
    const start = clock.now();
    const { code, outcomes } = await promote(source, [silent, await registryWith()], { clock });
    expect({ code, outcomes }).toEqual({ code: 1, outcomes: ['failed', 'copied'] });
    expect(clock.now() - start).toBeLessThan(2 * 3_600_000);
  });
});

describe('a tag that the registry', () => {
  const promoteTags = async (fault: FaultRule, tags: readonly string[]) => {
    const source = await registryWith({ 'staging/app:': one });
    const destination = await registryWith({ 'prod/app:0': two }, { faults: [fault] });
    const manifest = await manifestFile(source, [destination], { app: [[one, ...tags]] });
    const { code, json } = await runCliJson(['promote', '--manifest', manifest, '--confirm']);
    const edges = json.edges as readonly JsonEdge[];
    const puts = destination.journal.select({ method: 'PUT', path: /manifests\/[^s]/ });
    return { code, destination, edges, outcomes: edges.map(({ outcome }) => outcome), puts };
  };

  it.each(['1', '2', '3'])('refuses holds up no other tag of the image (%s)', async (refused) => {
    const path = new RegExp(`manifests/${refused}$`);
    const fault: FaultRule = { method: 'PUT', path, fault: { kind: 'status', status: 409 } };
    const { code, destination, edges } = await promoteTags(fault, ['1', '2', '3']);
    expect(code).toBe(1);
    expect(edges.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
      { tag: refused, reason: expect.stringContaining(`/manifests/${refused}`) },
    ]);
    const others = ['1', '2', '3'].filter((tag) => tag !== refused);
    expect(edges.filter(({ outcome }) => outcome === 'copied').map(({ tag }) => tag)).toEqual(others);
    expect(destination.tags('prod/app')).toEqual(['0', ...others]);
  });

  it('cannot set because it is in trouble ends the attempts at further tags', async () => {
    const many = Array.from({ length: 40 }, (_, number) => `v${number}`);
    const path = /manifests\/v/;
    const fault: FaultRule = { method: 'PUT', path, fault: { kind: 'status', status: 503 } };
    const { outcomes, edges, puts } = await promoteTags(fault, many);
    expect(new Set(outcomes)).toEqual(new Set(['failed']));
    expect(edges.at(-1)?.reason).toContain('/manifests/v0');
    expect(new Set(puts.map(({ path: tried }) => tried)).size).toBe(1);
  });
});

/** Puts the tag on another image as soon as content arrives. */
const moveMeanwhile = (destination: TestRegistry, to: Image) =>
  destination.journal
    .arrived({ method: 'POST', path: /blobs/ })
    .then(() => seed(destination, 'prod/app', '1.0', to));

describe('a tag that somebody else moves', () => {
  it.each([
    ['new', {}],
    ['moved', { 'prod/app:1.0': two }],
    ['as it is already', { 'prod/app:1.0': one }],
  ])('while copy brings the content stays, where it was to be %s', async (_, held) => {
    const three = await imageWith('3');
    const source = await registryWith({ 'staging/app:1.0': buildIndex([one, two]) });
    const destination = await registryWith(held);
    const moving = moveMeanwhile(destination, three);
    const args = ['copy', `${source.host}/staging/app:1.0`, `${destination.host}/prod/app`];
    const { code, json, stderr } = await runCliJson(args);
    await moving;
    const reason = `the tag was moved by somebody else meanwhile: it is on ${three.digest} now`;
    expect({ code, edges: json.edges }).toMatchObject({ code: 1, edges: [{ outcome: 'failed', reason }] });
    expect(stderr).toContain(reason);
    expect(destination.manifest('prod/app', '1.0')?.digest).toBe(three.digest);
  });

  it('while mirror brings the content stays', async () => {
    const three = await imageWith('3');
    const source = await registryWith({ 'staging/app:1.0': one });
    const destination = await registryWith({ 'prod/app:1.0': two });
    const moving = moveMeanwhile(destination, three);
    const list = await textFile(
      'list.txt',
      `${source.host}/staging/app:1.0 ${destination.host}/prod/app:1.0\n`,
    );
    const { code, json } = await runCliJson(['mirror', list, '--confirm', '--allow-tag-moves']);
    await moving;
    expect({ code, edges: json.edges }).toMatchObject({ code: 1, edges: [{ outcome: 'failed' }] });
    expect(destination.manifest('prod/app', '1.0')?.digest).toBe(three.digest);
  });

  it('while apply brings the content stays', async () => {
    const three = await imageWith('3');
    const source = await registryWith({ 'staging/app:': one });
    const destination = await registryWith({ 'prod/app:1.0': two });
    const manifest = await manifestFile(source, [destination], { app: [[one, '1.0']] });
    const plan = join(await temporaryDirectory(), 'plan.json');
    await runCli(['promote', '--manifest', manifest, '--allow-tag-moves', '--out', plan]);
    const moving = moveMeanwhile(destination, three);
    const { code, json } = await runCliJson(['apply', plan]);
    await moving;
    expect({ code, edges: json.edges }).toMatchObject({ code: 1, edges: [{ outcome: 'failed' }] });
    expect(destination.manifest('prod/app', '1.0')?.digest).toBe(three.digest);
  });

  const promoteWhileMoved = async (had: boolean) => {
    const source = await registryWith({ 'staging/app:': one });
    const destination = await registryWith(had ? { 'prod/app:1.0': two } : {});
    const three = await imageWith('3');
    const moving = moveMeanwhile(destination, three);
    const result = await promote(source, [destination], {}, '--allow-tag-moves');
    await moving;
    return { ...result, destination, three };
  };

  it.each([
    ['new', false],
    ['moved', true],
  ])('between the plan and the PUT stays, where it was to be %s', async (_, had) => {
    const { code, edges, destination, three } = await promoteWhileMoved(had);
    expect(code).toBe(1);
    expect(edges).toMatchObject([{ outcome: 'failed', tag: '1.0' }]);
    expect(edges[0]?.reason).toBe(
      `the tag was moved by somebody else meanwhile: it is on ${three.digest} now`,
    );
    expect(destination.manifest('prod/app', '1.0')?.digest).toBe(three.digest);
  });
});

it('two promotions of the same at once end the same', async () => {
  const source = await registryWith({ 'staging/app:': one });
  const destination = await registryWith();
  const results = await Promise.all([promote(source, [destination]), promote(source, [destination])]);
  expect(destination.manifest('prod/app', '1.0')?.bytes).toEqual(one.bytes);
  for (const { code, outcomes } of results) {
    expect(code).toBe(0);
    expect(['copied', 'tagged', 'present']).toContain(outcomes[0] ?? 'present');
  }
});

it.each([3, 10])(
  'tokens that expire after %i requests are renewed in the middle of a promotion',
  async (usesPerToken) => {
    const auth = { kind: 'bearer', usesPerToken } as const;
    const source = await registryWith({ 'staging/app:': one }, { auth });
    const destination = await registryWith({}, { auth });
    expect(await promote(source, [destination])).toMatchObject({ code: 0, outcomes: ['copied'] });
    expect(destination.tokens.length).toBeGreaterThan(1);
    expect(destination.manifest('prod/app', '1.0')?.bytes).toEqual(one.bytes);
  },
);

it('a destination that takes no index fails for it alone, and shows no tag of it', async () => {
  const index = buildIndex([one, two]);
  const source = await registryWith({ 'staging/app:': index });
  const isIndex = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) =>
    String(headers['content-type']).includes('index');
  const destination = await registryWith();
  destination.faults.add({
    method: 'PUT',
    path: /manifests/,
    fault: (request) => (isIndex(request) ? { kind: 'status', status: 400 } : undefined),
  });
  const manifest = await manifestFile(source, [destination], {
    app: [
      [index, 'multi'],
      [one, '1.0'],
    ],
  });
  const { code, json } = await runCliJson(['promote', '--manifest', manifest, '--confirm']);
  const edges = json.edges as readonly JsonEdge[];
  expect(code).toBe(1);
  expect(edges.map(({ tag, outcome }) => `${tag} ${outcome}`)).toEqual(['multi failed', '1.0 copied']);
  expect(edges[0]?.reason).toContain('/v2/prod/app/manifests/multi');
  expect(destination.tags('prod/app')).toEqual(['1.0']);
});

it('a destination that does not exist yet is promoted to', async () => {
  const source = await registryWith({ 'staging/app:': one });
  const destination = await registryWith();
  expect(destination.digests('prod/app')).toEqual([]);
  expect((await promote(source, [destination])).outcomes).toEqual(['copied']);
});

it('a secret that a registry repeats in its error is shown nowhere', async () => {
  const source = await registryWith({ 'staging/app:': one });
  const auth = { kind: 'basic', user: 'robot', password: 'hunter2-secret' } as const;
  const body = { errors: [{ code: 'DENIED', message: 'no push for hunter2-secret' }] };
  const destination = await registryWith({}, { auth });
  destination.faults.add({ method: 'POST', fault: { kind: 'status', status: 403, body } });
  const manifest = await manifestFile(source, [destination], { app: [[one, '1.0']] });
  const config = await textFile(
    'settings.yaml',
    `registries:\n- name: ${destination.host}\n  username: robot\n  password: hunter2-secret\n`,
  );
  for (const format of [['--json'], ['--debug']]) {
    const args = ['promote', '--manifest', manifest, '--confirm', '--config', config, ...format];
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(1);
    expect(stdout).toContain('no push for REDACTED');
    expect(stdout + stderr).not.toContain('hunter2-secret');
    expect(stdout + stderr).not.toContain(Buffer.from('robot:hunter2-secret').toString('base64'));
  }
});
