// Promotion as sets: from any state, what manifests say is reached and nothing else changes, whenever a run is cut off.
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { contentOf } from '../support/image-files.ts';
import { buildImage, buildIndex, descriptorOf, type Image, type Root, seed } from '../support/images.ts';
import { type ListLayer, listLayer, seedList } from '../support/layer-lists.ts';
import { imageWith, manifestText, textFile } from '../support/promotion.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runCli, runCliJson } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import {
  anyCase,
  type Case,
  destinations,
  digestsBelow,
  type Expected,
  expectedEnd,
  imageNames,
  mayReplaceSboms,
  nextCase,
  type Place,
  places,
  signaturesAfter,
  sourceSignatures,
} from './promotion-model.ts';

let roots: Root[];
/** What is attached to each root: a referrer, and SBOMs under a tag. */
let attachments: { readonly referrer: Image; readonly sbom: Image; readonly ownSbom: Image }[];

beforeAll(async () => {
  const images = await Promise.all(['1', '2', '3'].map(imageWith));
  roots = [...images, buildIndex(images.slice(1))];
  attachments = await Promise.all(
    roots.map(async (root) => ({
      referrer: await buildImage({
        manifest: { artifactType: 'application/spdx', subject: descriptorOf(root) },
      }),
      sbom: await imageWith(`SBOM of ${root.digest}`),
      ownSbom: await imageWith(`SBOM of ${root.digest} by a destination`),
    })),
  );
});

const attachmentsOf = (number: number) => attachments[number] as (typeof attachments)[number];
const rootOf = (number: number) => roots[number] as Root;
const digestOf = (number: number) => rootOf(number).digest;
const below = (number: number) =>
  digestsBelow(rootOf(number)).map((digest) => roots.findIndex((root) => root.digest === digest));
const attachedTag = (number: number, kind: 'sig' | 'sbom') => `sha256-${digestOf(number).slice(7)}.${kind}`;

/** The layer of a signature of a root, and its name by its annotation. */
const signatureOf = (number: number) => (name: string) => listLayer(`${name} ${digestOf(number)}`, name);
const signaturesAt = (registry: TestRegistry, repository: string, number: number): string[] => {
  const { layers = [] } = JSON.parse(
    String(registry.manifest(repository, attachedTag(number, 'sig'))?.bytes ?? '{}'),
  );
  return layers.map(
    (layer: ListLayer['descriptor']) => layer.annotations['dev.cosignproject.cosign/signature'],
  );
};

/** The registries of one case, and the manifest that promotes between them. */
interface World {
  readonly source: TestRegistry;
  readonly registries: readonly TestRegistry[];
  readonly manifest: string;
  readonly plan: string;
}

const repositoryOf = ({ registries }: World, place: Place) => {
  const [number = '', ...path] = place.split('/');
  return { registry: registries[Number(number)] as TestRegistry, name: path.join('/') };
};

const tagsAt = (world: World, place: Place) => {
  const { registry, name } = repositoryOf(world, place);
  const own = registry.tags(name).filter((tag) => !tag.startsWith('sha256-'));
  return Object.fromEntries(own.map((tag) => [tag, registry.manifest(name, tag)?.digest]));
};

async function withWorld(generated: Case, action: (world: World) => Promise<void>): Promise<void> {
  const { source: held, attached, before, images, hasReferrers } = generated;
  const start = () => startRegistry({ referrers: hasReferrers });
  const [source, ...registries] = await Promise.all([start(), start(), start()]);
  try {
    for (const name of imageNames) {
      for (const number of held[name]) {
        seed(source, `staging/${name}`, undefined, rootOf(number));
      }
      for (const number of attached.filter((each) => held[name].flatMap(below).includes(each))) {
        seedAttachments(source, `staging/${name}`, number, hasReferrers);
      }
    }
    const text = manifestText(
      `${source.host}/staging`,
      destinations.map((path) => path.replace(/^\d/, (number) => registries[Number(number)]?.host ?? '')),
      Object.fromEntries(
        imageNames.map((name) => [
          name,
          images[name].wanted.map((number): [Root, ...string[]] => [
            rootOf(number),
            ...Object.keys(images[name].tags).filter((tag) => images[name].tags[tag] === number),
          ]),
        ]),
      ),
    );
    const plan = join(await temporaryDirectory(), 'plan.json');
    const world = { source, registries, manifest: await textFile('manifest.yaml', text), plan };
    for (const place of places) {
      const { registry, name } = repositoryOf(world, place);
      for (const number of before[place].held) {
        seed(registry, name, undefined, rootOf(number));
      }
      for (const [tag, number] of Object.entries(before[place].tags)) {
        seed(registry, name, tag, rootOf(number));
      }
      for (const [number, signatures] of Object.entries(before[place].signed)) {
        const layers = signatures.map(signatureOf(Number(number)));
        seedList(registry, name, attachedTag(Number(number), 'sig'), layers);
      }
      for (const number of before[place].described) {
        seed(registry, name, attachedTag(number, 'sbom'), attachmentsOf(number).ownSbom);
      }
    }
    await action(world);
  } finally {
    await Promise.all([source, ...registries].map((registry) => registry.close()));
  }
}

function seedAttachments(registry: TestRegistry, name: string, number: number, hasReferrers: boolean): void {
  const { referrer, sbom } = attachmentsOf(number);
  seed(registry, name, undefined, referrer);
  seedList(registry, name, attachedTag(number, 'sig'), sourceSignatures.map(signatureOf(number)));
  seed(registry, name, attachedTag(number, 'sbom'), sbom);
  if (!hasReferrers) {
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const entry = descriptorOf(referrer, { artifactType: 'application/spdx' });
    const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [entry] });
    registry.putManifest(name, `sha256-${digestOf(number).slice(7)}`, mediaType, index);
  }
}

/** Runs the promotion; a plan is made once, and carried out as often as this is called. */
async function promote(generated: Case, { manifest, plan }: World, others: object = {}) {
  const moves = generated.allowMoves ? ['--allow-tag-moves'] : [];
  return generated.way === 'promote'
    ? await runCliJson(['promote', '--manifest', manifest, '--confirm', ...moves], others)
    : await runCliJson(['apply', plan], others);
}

async function savePlan({ way, allowMoves }: Case, { manifest, plan }: World): Promise<void> {
  if (way === 'apply') {
    const moves = allowMoves ? ['--allow-tag-moves'] : [];
    await runCli(['promote', '--manifest', manifest, '--out', plan, '--all', ...moves]);
  }
}

/** Fails when a destination lost a signature, or an SBOM without permission, or when a signature there is not whole. */
function expectNothingLost(generated: Case, world: World): void {
  for (const place of places) {
    const { registry, name } = repositoryOf(world, place);
    const { signed, described } = generated.before[place];
    for (const [number, signatures] of Object.entries(signed)) {
      const now = signaturesAt(registry, name, Number(number));
      expect(now, `signatures of ${number} in ${place}`).toEqual(expect.arrayContaining([...signatures]));
      for (const signature of now) {
        const { digest } = signatureOf(Number(number))(signature).descriptor;
        expect(registry.blob(name, digest), `${signature} of ${number} in ${place}`).toBeDefined();
      }
    }
    for (const number of mayReplaceSboms(generated) ? [] : described) {
      const tagged = registry.manifest(name, attachedTag(number, 'sbom'));
      expect(tagged?.digest, `SBOM of ${number} in ${place}`).toBe(attachmentsOf(number).ownSbom.digest);
    }
  }
}

/** Fails when a manifest of a destination lists what is not there, or a tag that was set shows what is not all there. */
function expectComplete(generated: Case, world: World, { done }: Expected): void {
  expectNothingLost(generated, world);
  for (const place of places) {
    const { registry, name } = repositoryOf(world, place);
    for (const root of roots.filter(({ digest }) => registry.manifest(name, digest))) {
      for (const { digest, mediaType } of contentOf(root)) {
        const isManifest = /manifest|index/.test(mediaType);
        const found = isManifest ? registry.manifest(name, digest) : registry.blob(name, digest);
        expect(found, `${digest} below ${root.digest}`).toBeDefined();
      }
    }
  }
  for (const { place, root, tag } of done) {
    if (tag !== null && tagsAt(world, place)[tag] === digestOf(root)) {
      expectAttachments(generated, world, place, root);
    }
  }
}

function expectAttachments(generated: Case, world: World, place: Place, root: number): void {
  const { registry, name } = repositoryOf(world, place);
  const isTwofold = place === '0/prod/sub/app';
  const sources = isTwofold ? imageNames : imageNames.filter((each) => place.endsWith(`prod/${each}`));
  const names = sources.length > 0 ? sources : (['sub/app'] as const);
  for (const number of below(root).filter((each) => generated.attached.includes(each))) {
    if (names.every((each) => generated.source[each].flatMap(below).includes(root))) {
      const { referrer, sbom, ownSbom } = attachmentsOf(number);
      const { signed, described } = generated.before[place];
      expect(registry.manifest(name, referrer.digest), `referrer of ${number}`).toBeDefined();
      expect(signaturesAt(registry, name, number), `signatures of ${number}`).toEqual(
        signaturesAfter(signed[number]),
      );
      const isKept = described.includes(number) && !mayReplaceSboms(generated);
      const tagged = registry.manifest(name, attachedTag(number, 'sbom'));
      expect(tagged?.digest, `SBOM of ${number}`).toBe((isKept ? ownSbom : sbom).digest);
      if (!generated.hasReferrers) {
        const index = registry.manifest(name, `sha256-${digestOf(number).slice(7)}`);
        expect(index?.bytes.toString(), `index of the referrers of ${number}`).toContain(referrer.digest);
      }
    }
  }
}

/** Fails unless every destination is as the model says. */
function expectEnd(generated: Case, world: World, expected: Expected, stderr: string): void {
  for (const place of places) {
    const tags = Object.entries(expected.tags[place]).map(([tag, number]) => [tag, digestOf(number)]);
    expect(tagsAt(world, place), `${place}\n${stderr}`).toEqual(Object.fromEntries(tags));
  }
  if (!expected.isConflict) {
    for (const { place, root } of [...expected.done, ...expected.present]) {
      const { registry, name } = repositoryOf(world, place);
      expect(registry.manifest(name, digestOf(root)), `${root} in ${place}`).toBeDefined();
    }
    expectComplete(generated, world, expected);
    for (const { place, root } of expected.done) {
      expectAttachments(generated, world, place, root);
    }
  }
}

const writesOf = ({ registries }: World) =>
  registries.flatMap(({ requests }) => requests).filter(({ method }) => method !== 'GET' && method !== 'HEAD')
    .length;

it('reaches what the manifest says, leaves the rest alone, and has nothing left to do', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, (generated) =>
      withWorld(generated, async (world) => {
        await savePlan(generated, world);
        const expected = await runOnce(generated, world);
        if (expected.isConflict) {
          expect(writesOf(world)).toBe(0);
          return;
        }
        const next = nextCase(generated, expected);
        const left = generated.way === 'apply' ? [] : expectedEnd(next, below).done;
        if (left.length > 0) {
          await runOnce(next, world);
        }
        const written = writesOf(world);
        const last = await promote(generated, world);
        expect(last.json.summary).toMatchObject({ copied: 0, tagged: 0, failed: 0, pending: 0 });
        expect(writesOf(world)).toBe(written);
      }),
    ),
    { numRuns: 30 },
  );
}, 120_000);

/** Runs a promotion; fails unless it does and answers what the model says, which is returned. */
async function runOnce(generated: Case, world: World): Promise<Expected> {
  const expected = expectedEnd(generated, below);
  const { isConflict, done, present, lost, moves } = expected;
  const { code, json, stderr } = await promote(generated, world);
  expectEnd(generated, world, expected, stderr);
  expect(code, stderr).toBe(isConflict || lost.length > 0 || moves.length > 0 ? 1 : 0);
  if (!isConflict) {
    expect(json.summary).toMatchObject({
      edges: done.length + present.length + lost.length + moves.length,
      lost: lost.length,
      tag_moves: moves.length,
      failed: 0,
    });
  }
  return expected;
}

it('ends the same when a run was cut off at any request, and shows no tag before all of it is there', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, (generated) =>
      withWorld(generated, async (world) => {
        const expected = expectedEnd(generated, below);
        fc.pre(!expected.isConflict);
        await savePlan(generated, world);
        const controller = new AbortController();
        let left = generated.cut.at;
        const all = [world.source, ...world.registries];
        for (const registry of all) {
          registry.faults.add({
            ...(generated.cut.of === 'manifests' ? { method: 'PUT', path: /manifests/ } : { path: /./ }),
            fault: () => {
              if (--left === 0) {
                controller.abort(new Error('cut off'));
              }
              return undefined;
            },
          });
        }
        await promote(generated, world, { signal: controller.signal }).catch(() => undefined);
        expectComplete(generated, world, expected);
        for (const registry of all) {
          registry.faults.clear();
        }
        await promote(generated, world);
        const next = nextCase(generated, expected);
        const again = await promote(generated, world);
        expectEnd(next, world, next === generated ? expected : expectedEnd(next, below), again.stderr);
        for (const { place, root } of expected.done) {
          expectAttachments(generated, world, place, root);
        }
      }),
    ),
    { numRuns: 30 },
  );
}, 120_000);
