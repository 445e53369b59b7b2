// registry-image audit: destinations against promotion manifests.
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { googleRegistryForTest } from '../support/google-listing.ts';
import { buildImage, buildIndex, descriptorOf, jsonDocument, seed } from '../support/images.ts';
import { imageWith, manifestFile, registryWith } from '../support/promotion.ts';
import { startRegistry } from '../support/registry.ts';
import { jsonReply } from '../support/reply.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';

const [one, two, three] = await Promise.all([imageWith('1'), imageWith('2'), imageWith('3')]);
const source = { host: 'source.test' };

async function audit(
  destinations: readonly { readonly host: string }[],
  images: Parameters<typeof manifestFile>[2],
  ...args: readonly string[]
) {
  const manifest = await manifestFile(source, destinations, images);
  return await runCliJson(['audit', '--manifest', manifest, ...args]);
}

it('exits with 0 when a destination holds exactly what the manifests say', async () => {
  const registry = await registryWith({ 'prod/app:1': one, 'prod/app:': two });
  const { code, json } = await audit([registry], { app: [[one, '1'], [two]] });
  expect(code).toBe(0);
  expect(json).toEqual({
    summary: { expected: 2, missing: 0, moved: 0, unexpected: 0 },
    drift: [],
    failures: [],
  });
});

it('reports what is missing, moved and unexpected', async () => {
  const registry = await registryWith({ 'prod/app:latest': two, 'prod/app:old': three });
  const images = { app: [[one, '1', 'latest'], [three]] as const, gone: [[one]] as const };
  const { code, json } = await audit([registry], images);
  const destination = `${registry.host}/prod/app`;
  expect(code).toBe(2);
  expect(json).toMatchObject({
    summary: { expected: 4, missing: 2, moved: 1, unexpected: 1 },
    drift: [
      { destination, digest: one.digest, tag: '1', kind: 'missing' },
      { destination, digest: one.digest, tag: 'latest', kind: 'moved', was: two.digest },
      { destination, digest: three.digest, tag: 'old', kind: 'unexpected' },
      { destination: `${registry.host}/prod/gone`, digest: one.digest, tag: null, kind: 'missing' },
    ],
  });
  const manifest = await manifestFile(source, [registry], images);
  const { stdout } = await runCli(['audit', '--manifest', manifest]);
  expect(stdout).toMatch(
    new RegExp(`^moved +${destination}:latest +${one.digest} +is on ${two.digest}$`, 'm'),
  );
  expect(stdout).toMatch(/\n4 expected: 2 missing, 1 moved, 1 unexpected\n$/);
});

it.each([
  ['old$', ['latest']],
  ['^127\\.0\\.0\\.1:\\d+/prod/app:latest$', ['old']],
  ['/prod/', []],
])('leaves out what --ignore %s matches', async (pattern, left) => {
  const registry = await registryWith({ 'prod/app:latest': two, 'prod/app:old': three });
  const { json } = await audit([registry], { app: [[one, 'latest']] }, '--ignore', pattern);
  expect((json.drift as { tag: string }[]).map(({ tag }) => tag)).toEqual(left);
});

it('asks the destination only, once for its tags and once for each of them', async () => {
  const registry = await registryWith({ 'prod/app:1': one });
  await audit([registry], { app: [[one, '1']] });
  expect(registry.journal.lines.sort()).toEqual([
    'GET /v2/',
    'GET /v2/prod/app/tags/list',
    'HEAD /v2/prod/app/manifests/1',
  ]);
});

describe('expects', () => {
  const bare = (digest: string) => `sha256-${digest.slice(7)}`;

  it('children of indexes, and signature tags of the index and its children', async () => {
    const registry = await googleRegistryForTest();
    const index = buildIndex([one, two]);
    seed(registry, 'prod/app', '1', index);
    const [first, second] = [await imageWith('signature'), await imageWith('attestation')];
    seed(registry, 'prod/app', `${bare(index.digest)}.sig`, first);
    seed(registry, 'prod/app', `${bare(two.digest)}.att`, second);
    seed(registry, 'prod/app', undefined, three);
    const { json } = await audit([registry], { app: [[index, '1']] });
    expect(json.drift).toEqual([
      { destination: `${registry.host}/prod/app`, digest: three.digest, tag: null, kind: 'unexpected' },
    ]);
  });

  it.each([true, false])('referrers, where the registry lists them: %s', async (referrers) => {
    const registry = await registryWith({ 'prod/app:1': one, 'prod/app:other': three }, { referrers });
    const referrer = await buildImage({
      manifest: { artifactType: 'application/x', subject: descriptorOf(one) },
    });
    seed(registry, 'prod/app', undefined, referrer);
    if (!referrers) {
      const index = jsonDocument(mediaTypes.ociIndex, {
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [descriptorOf(referrer)],
      });
      registry.putManifest('prod/app', bare(one.digest), index.mediaType, index.bytes);
    }
    const { json } = await audit([registry], { app: [[one, '1']] });
    expect((json.drift as { tag: string }[]).map(({ tag }) => tag)).toEqual(['other']);
  });
});

it('asks for each tag where a list describes the digests of some tags only', async () => {
  const registry = await registryWith(
    { 'prod/app:1': one, 'prod/app:latest': one },
    {
      beside: ({ path }) =>
        path.endsWith('/tags/list')
          ? jsonReply(200, { tags: ['1', 'latest'], manifest: { [one.digest]: { tag: ['1'] } } })
          : undefined,
    },
  );
  expect((await audit([registry], { app: [[one, '1', 'latest']] })).json).toMatchObject({ drift: [] });
});

it('finds what is missing or moved where the registry lists no tags, and exits with 1', async () => {
  const faults = [{ path: /tags\/list/, fault: { kind: 'status', status: 405 } }] as const;
  const registry = await registryWith({ 'prod/app:latest': two, 'prod/app:other': two }, { faults });
  const { code, json } = await audit([registry], { app: [[one, '1', 'latest']] });
  expect(code).toBe(1);
  expect(json).toMatchObject({
    summary: { expected: 2, missing: 1, moved: 1, unexpected: 0 },
    failures: [{ reason: expect.stringContaining('the registry lists no tags') }],
  });
});

it('audits the other hosts, and exits with 1, when one is down or refuses', async () => {
  const up = await registryWith({ 'prod/app:1': two });
  const refusing = await registryWith(
    {},
    { faults: [{ path: /prod/, fault: { kind: 'status', status: 403 } }] },
  );
  const down = await startRegistry();
  await down.close();
  const manifest = await manifestFile(source, [down, refusing, up], { app: [[one, '1']] });
  const { code, json, stderr } = await runCliJson(['audit', '--manifest', manifest]);
  expect(code).toBe(1);
  expect(json).toMatchObject({
    summary: { expected: 3, moved: 1 },
    failures: expect.arrayContaining([
      { destination: `${down.host}/prod/app`, reason: expect.any(String) },
      { destination: `${refusing.host}/prod/app`, reason: expect.stringContaining('403') },
    ]),
  });
  expect(stderr).toContain(`${down.host}/prod/app cannot be read: `);
  expect((await runCli(['audit', '--manifest', manifest])).stdout).toMatch(
    /, 2 repositories could not be read\n$/,
  );
});
