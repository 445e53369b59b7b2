// A promotion between registries in this process: set semantics, attachments, and what is set aside.
import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRegistries } from '../../src/access/registries.ts';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { promotionsOf } from '../../src/promotion/edges.ts';
import { carryOutPlan, dryRun, makePlan } from '../../src/promotion/promote.ts';
import type { ManifestImage, PromotionManifest } from '../../src/promotion/promotion-manifest.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { buildImage, descriptorOf, type Image, jsonDocument, seed } from '../support/images.ts';
import { file } from '../support/layers.ts';
import { loginSettings } from '../support/login-settings.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from '../support/registry.ts';
import { recordedLog } from '../support/test-session.ts';

async function registryWith(
  images: Readonly<Record<string, Image>> = {},
  options: RegistryOptions = {},
): Promise<TestRegistry> {
  const registry = await startRegistry(options);
  onTestFinished(() => registry.close());
  for (const [reference, image] of Object.entries(images)) {
    const [repository = '', tag] = reference.split(':');
    seed(registry, repository, tag === '' ? undefined : tag, image);
  }
  return registry;
}

function manifestOf(
  source: TestRegistry,
  destinations: readonly TestRegistry[],
  images: Readonly<Record<string, readonly (readonly [Image, ...string[]])[]>>,
): PromotionManifest {
  const position = { file: 'manifest.yaml', line: 1 };
  return {
    file: position.file,
    source: { ...position, name: `${source.host}/staging` },
    destinations: destinations.map(({ host }) => ({ ...position, name: `${host}/prod` })),
    images: Object.entries(images).map(
      ([name, digests]): ManifestImage => ({
        name,
        digests: digests.map(([{ digest }, ...tags]) => ({ ...position, digest, tags })),
      }),
    ),
  };
}

async function promote(
  manifests: readonly PromotionManifest[],
  options: { moves?: boolean; dry?: boolean } = {},
) {
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const registries = openRegistries(
    [
      {
        prefix: '',
        access: { ...loginSettings, caCerts: [], registryMirrors: [] },
      },
    ],
    {
      environment: {},
      clock,
      signal,
      waits: 'real',
      random: () => 0.5,
      addSecret: () => {},
      addServerSecret: () => {},
    },
    recordedLog(clock),
  );
  onTestFinished(() => registries.close());
  const plan = await makePlan(
    { promotions: promotionsOf(manifests), mayMove: () => options.moves ?? false, all: true },
    registries,
    signal,
  );
  const result = options.dry
    ? dryRun(plan)
    : await carryOutPlan(plan, {
        registries,
        verify: async () => {},
        sign: undefined,
        attachments: () => true,
        signal,
        progress: undefined,
        on: () => {},
        onEdge: () => {},
      });
  const edges = [...result.edges];
  return {
    ...result,
    edges,
    outcomes: edges.map(
      ({ destination, tag, outcome }) => `${destination.split('/').slice(1).join('/')}:${tag} ${outcome}`,
    ),
  };
}

const imageOf = (name: string) => buildImage({ layers: [[file(name)]] });

describe('a promotion', () => {
  it('copies what is missing, tags what is there, and leaves alone what is as it should be', async () => {
    const [one, two, three] = [await imageOf('1'), await imageOf('2'), await imageOf('3')];
    const source = await registryWith({ 'staging/app:a': one, 'staging/app:b': two, 'staging/app:c': three });
    const destination = await registryWith({ 'prod/app:x': two, 'prod/app:3.0': three });
    const manifest = manifestOf(source, [destination], {
      app: [
        [one, '1.0', 'latest'],
        [two, '2.0'],
        [three, '3.0'],
      ],
    });
    const { outcomes, summary } = await promote([manifest]);
    expect(outcomes).toEqual([
      'prod/app:1.0 copied',
      'prod/app:latest copied',
      'prod/app:2.0 tagged',
      'prod/app:3.0 present',
    ]);
    expect(summary).toMatchObject({ edges: 4, copied: 2, tagged: 1, present: 1, failed: 0 });
    expect(destination.manifest('prod/app', 'latest')?.bytes).toEqual(one.bytes);
    expect(destination.tags('prod/app')).toEqual(['1.0', '2.0', '3.0', 'latest', 'x']);
    const second = await promote([manifest]);
    expect(second.summary).toMatchObject({ edges: 4, present: 4 });
  });

  it('reads each blob of the source once for all destinations', async () => {
    const image = await buildImage({
      layers: [[file('big', randomBytes(400_000))], [file('b')]],
    });
    const source = await registryWith({ 'staging/app:a': image });
    const destinations = [await registryWith(), await registryWith(), await registryWith()];
    const { summary } = await promote([manifestOf(source, destinations, { app: [[image, '1.0']] })]);
    expect(summary).toMatchObject({ edges: 3, copied: 3 });
    const reads = source.journal.select({ method: 'GET', path: /blobs/ });
    expect(reads).toHaveLength(3);
    for (const destination of destinations) {
      expect(destination.manifest('prod/app', '1.0')?.bytes).toEqual(image.bytes);
    }
  });

  it('sends everything when a destination lacks content that it said it has', async () => {
    const one = await imageOf('1');
    const source = await registryWith({ 'staging/app:a': one });
    const destination = await registryWith();
    for (const blob of [one.config, ...one.layers]) {
      destination.putBlob('prod/app', blob.bytes);
    }
    const uploads = () => destination.journal.select({ method: 'POST', path: /uploads/ }).length;
    destination.faults.add({
      method: 'PUT',
      path: /manifests/,
      fault: () =>
        uploads() === 2
          ? undefined
          : { kind: 'status', status: 404, body: { errors: [{ code: 'MANIFEST_BLOB_UNKNOWN' }] } },
    });
    const { outcomes } = await promote([manifestOf(source, [destination], { app: [[one, '1.0']] })]);
    expect(outcomes).toEqual(['prod/app:1.0 copied']);
    expect(destination.manifest('prod/app', '1.0')?.bytes).toEqual(one.bytes);
  });

  it('sets aside what is lost and tags that are on another digest, and does the rest', async () => {
    const [one, two, gone] = [await imageOf('1'), await imageOf('2'), await imageOf('gone')];
    const source = await registryWith({ 'staging/app:a': one, 'staging/app:b': two });
    const destination = await registryWith({ 'prod/app:latest': two });
    const manifest = manifestOf(source, [destination], {
      app: [
        [one, '1.0', 'latest'],
        [gone, '9.0'],
      ],
    });
    const { outcomes, edges } = await promote([manifest]);
    expect(outcomes).toEqual(['prod/app:1.0 copied', 'prod/app:latest tag-move', 'prod/app:9.0 lost']);
    expect(edges[1]?.reason).toBe(`the tag is on ${two.digest} and may not move`);
    expect(destination.tags('prod/app')).toEqual(['1.0', 'latest']);
    expect(destination.manifest('prod/app', 'latest')?.bytes).toEqual(two.bytes);
    const moved = await promote([manifest], { moves: true });
    expect(moved.outcomes).toContain('prod/app:latest tagged');
    expect(destination.manifest('prod/app', 'latest')?.bytes).toEqual(one.bytes);
  });

  it('writes nothing in a dry run', async () => {
    const one = await imageOf('1');
    const source = await registryWith({ 'staging/app:a': one });
    const destination = await registryWith();
    const { outcomes } = await promote([manifestOf(source, [destination], { app: [[one, '1.0']] })], {
      dry: true,
    });
    expect(outcomes).toEqual(['prod/app:1.0 pending']);
    expect(destination.requests.every(({ method }) => method === 'GET' || method === 'HEAD')).toBe(true);
  });

  it('finishes the other hosts when one cannot be reached', async () => {
    const one = await imageOf('1');
    const source = await registryWith({ 'staging/app:a': one });
    const up = await registryWith();
    const down = await startRegistry();
    await down.close();
    const { outcomes, summary } = await promote([manifestOf(source, [down, up], { app: [[one, '1.0']] })]);
    expect(outcomes).toEqual(['prod/app:1.0 failed', 'prod/app:1.0 copied']);
    expect(summary).toMatchObject({ failed: 1, copied: 1 });
  });

  it.each([
    ['both registries list referrers', true, true],
    ['only the source lists referrers', true, false],
    ['only the destination lists referrers', false, true],
    ['neither registry lists referrers', false, false],
  ])('brings signatures and referrers along before the tags, where %s', async (_, listed, keeps) => {
    const one = await imageOf('1');
    const source = await registryWith({ 'staging/app:a': one }, { referrers: listed });
    const signature = await imageOf('signature');
    const bare = `sha256-${one.digest.slice(7)}`;
    seed(source, 'staging/app', `${bare}.sig`, signature);
    const sbom = await referrerOf(one, 'application/spdx+json');
    const attestation = await referrerOf(sbom, 'application/vnd.example.signature');
    for (const referrer of [sbom, attestation]) {
      seed(source, 'staging/app', undefined, referrer);
    }
    if (!listed) {
      for (const [subject, referrer] of [
        [one, sbom],
        [sbom, attestation],
      ] as const) {
        const index = jsonDocument(mediaTypes.ociIndex, {
          schemaVersion: 2,
          mediaType: mediaTypes.ociIndex,
          manifests: [descriptorOf(referrer, { artifactType: 'x' })],
        });
        source.putManifest('staging/app', `sha256-${subject.digest.slice(7)}`, index.mediaType, index.bytes);
      }
    }
    const destination = await registryWith({}, { referrers: keeps });
    const { summary } = await promote([manifestOf(source, [destination], { app: [[one, '1.0']] })]);
    expect(summary).toMatchObject({ copied: 1, failed: 0 });
    expect(destination.manifest('prod/app', `${bare}.sig`)?.bytes).toEqual(signature.bytes);
    for (const referrer of [sbom, attestation]) {
      expect(destination.manifest('prod/app', referrer.digest)?.bytes).toEqual(referrer.bytes);
    }
    // Without the endpoint the list of referrers is an index under a tag, which the target keeps itself.
    expect(destination.tags('prod/app').includes(bare)).toBe(!keeps);
    const puts = destination.requests.filter(
      ({ method, path }) => method === 'PUT' && path.includes('/manifests/'),
    );
    expect(puts.at(-1)?.path).toBe('/v2/prod/app/manifests/1.0');
    const second = await promote([manifestOf(source, [destination], { app: [[one, '1.0']] })]);
    expect(second.summary).toMatchObject({ edges: 1, present: 1 });
  });
});

async function referrerOf(subject: Image, artifactType: string): Promise<Image> {
  const { mediaType, bytes, digest } = subject;
  return await buildImage({
    annotations: { artifactType },
    manifest: { artifactType, subject: { mediaType, size: bytes.length, digest } },
  });
}
