// Promotion as sets: from any state, what manifests say is reached and nothing else changes, whenever a run is cut off.
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { contentOf } from '../support/image-files.ts';
import { buildIndex, type Root, seed } from '../support/images.ts';
import { imageWith, manifestText, textFile } from '../support/promotion.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { runCliJson } from '../support/run-cli.ts';

const tagNames = ['1.0', '2.0', 'latest', 'edge'];
let roots: Root[];

beforeAll(async () => {
  const images = await Promise.all(['1', '2', '3'].map(imageWith));
  roots = [...images, buildIndex(images.slice(1))];
});

/** Which root each tag is on, by the number of the root; no entry without the tag. */
type Tags = Readonly<Record<string, number>>;

/** What is generated: the source, what two destinations hold, what the manifest says, and where a run is cut. */
interface Case {
  readonly source: readonly number[];
  readonly destinations: readonly { readonly held: readonly number[]; readonly tags: Tags }[];
  readonly wanted: readonly number[];
  readonly tags: Tags;
  readonly allowMoves: boolean;
  readonly cut: number;
}

const someRoots = fc.subarray([0, 1, 2, 3]);
const someTags: fc.Arbitrary<Tags> = fc.dictionary(
  fc.constantFrom(...tagNames),
  fc.integer({ min: 0, max: 3 }),
  { maxKeys: 4 },
);
const anyCase: fc.Arbitrary<Case> = fc.record({
  source: someRoots,
  destinations: fc.tuple(
    fc.record({ held: someRoots, tags: someTags }),
    fc.record({ held: someRoots, tags: someTags }),
  ),
  wanted: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
  tags: someTags,
  allowMoves: fc.boolean(),
  cut: fc.integer({ min: 1, max: 60 }),
});

/** Every digest below a root, its own too. */
function digestsBelow(root: Root): string[] {
  return [root.digest, ...('children' in root ? root.children.flatMap(digestsBelow) : [])];
}

/** The tags that a destination has at the end, by the set semantics of the contract. */
function expectedTags(
  { source, wanted, tags, allowMoves }: Case,
  { held, tags: had }: Case['destinations'][number],
): Record<string, string> {
  const known = new Set(
    [...held, ...Object.values(had), ...source].flatMap((number) => digestsBelow(roots[number] as Root)),
  );
  const result: Record<string, number> = { ...had };
  for (const [tag, number] of Object.entries(tags)) {
    const isWanted = wanted.includes(number);
    const isThere = known.has((roots[number] as Root).digest);
    if (isWanted && isThere && (had[tag] === undefined || allowMoves)) {
      result[tag] = number;
    }
  }
  return Object.fromEntries(
    Object.entries(result).map(([tag, number]) => [tag, (roots[number] as Root).digest]),
  );
}

/** Whether a digest is wanted only under tags that are on another digest and may not move. */
function isSetAside({ tags, destinations, allowMoves }: Case, number: number, position: number): boolean {
  const own = Object.keys(tags).filter((tag) => tags[tag] === number);
  const had = destinations[position]?.tags ?? {};
  return !allowMoves && own.length > 0 && own.every((tag) => (had[tag] ?? number) !== number);
}

const tagsOf = (registry: TestRegistry) =>
  Object.fromEntries(
    registry.tags('prod/app').map((tag) => [tag, registry.manifest('prod/app', tag)?.digest as string]),
  );

/** Fails when a manifest of a destination lists what is not there. */
function expectComplete(registry: TestRegistry): void {
  for (const root of roots) {
    if (registry.manifest('prod/app', root.digest)) {
      for (const { digest, mediaType } of contentOf(root)) {
        const found = /manifest|index/.test(mediaType)
          ? registry.manifest('prod/app', digest)
          : registry.blob('prod/app', digest);
        expect(found, `${digest} below ${root.digest}`).toBeDefined();
      }
    }
  }
}

async function withRegistries(
  generated: Case,
  action: (destinations: readonly TestRegistry[], manifest: string) => Promise<void>,
): Promise<void> {
  const [source, ...destinations] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  try {
    for (const number of generated.source) {
      seed(source, 'staging/app', undefined, roots[number] as Root);
    }
    for (const [position, { held, tags }] of generated.destinations.entries()) {
      for (const number of held) {
        seed(destinations[position] as TestRegistry, 'prod/app', undefined, roots[number] as Root);
      }
      for (const [tag, number] of Object.entries(tags)) {
        seed(destinations[position] as TestRegistry, 'prod/app', tag, roots[number] as Root);
      }
    }
    const content = generated.wanted.map((number): [Root, ...string[]] => [
      roots[number] as Root,
      ...Object.keys(generated.tags).filter((tag) => generated.tags[tag] === number),
    ]);
    const text = manifestText(
      `${source.host}/staging`,
      destinations.map(({ host }) => `${host}/prod`),
      { app: content },
    );
    await action(destinations, await textFile('manifest.yaml', text));
  } finally {
    await Promise.all([source, ...destinations].map((registry) => registry.close()));
  }
}

const promote = (manifest: string, { allowMoves }: Case, others: object = {}) =>
  runCliJson(
    ['promote', '--manifest', manifest, '--confirm', ...(allowMoves ? ['--allow-tag-moves'] : [])],
    others,
  );

it('reaches what the manifest says, leaves the rest alone, and has nothing left to do', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, (generated) =>
      withRegistries(generated, async (destinations, manifest) => {
        const first = await promote(manifest, generated);
        const expected = generated.destinations.map((state) => expectedTags(generated, state));
        expect(destinations.map(tagsOf), first.stderr).toEqual(expected);
        destinations.forEach(expectComplete);
        for (const number of generated.wanted.filter((each) => generated.source.includes(each))) {
          for (const [position, registry] of destinations.entries()) {
            const isThere = registry.manifest('prod/app', (roots[number] as Root).digest) !== undefined;
            expect(isThere || isSetAside(generated, number, position)).toBe(true);
          }
        }
        const isWrite = ({ method }: { method: string }) => method !== 'GET' && method !== 'HEAD';
        const written = destinations.map(({ requests }) => requests.filter(isWrite).length);
        const second = await promote(manifest, generated);
        expect(second.json.summary).toMatchObject({ copied: 0, tagged: 0, failed: 0, pending: 0 });
        expect(destinations.map(({ requests }) => requests.filter(isWrite).length)).toEqual(written);
        expect(second.code).toBe(first.code);
      }),
    ),
    { numRuns: 30 },
  );
});

it('ends the same when a run was cut off at any request, and shows no tag before all of it is there', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, (generated) =>
      withRegistries(generated, async (destinations, manifest) => {
        const controller = new AbortController();
        let left = generated.cut;
        for (const registry of destinations) {
          registry.faults.add({
            path: /./,
            fault: () => {
              if (--left === 0) {
                controller.abort(new Error('cut off'));
              }
              return undefined;
            },
          });
        }
        await promote(manifest, generated, { signal: controller.signal }).catch(() => undefined);
        destinations.forEach(expectComplete);
        for (const registry of destinations) {
          registry.faults.clear();
        }
        const again = await promote(manifest, generated);
        const expected = generated.destinations.map((state) => expectedTags(generated, state));
        expect(destinations.map(tagsOf), again.stderr).toEqual(expected);
        destinations.forEach(expectComplete);
      }),
    ),
    { numRuns: 30 },
  );
});
