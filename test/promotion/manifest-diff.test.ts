// The comparison of two states of manifests: what is counted, how manifests are paired, and the exit code.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffExitCode, diffManifests, parseForbiddenChanges } from '../../src/promotion/manifest-diff.ts';
import type { PromotionManifest } from '../../src/promotion/promotion-manifest.ts';
import { digestNumber, readPath, registriesYaml, writeFiles } from './manifest-files.ts';

const d1 = digestNumber(1);
const d2 = digestNumber(2);

/** Image name → digest number → tags. */
type Images = Readonly<Record<string, Readonly<Record<number, readonly string[]>>>>;

function manifestOf(
  images: Images,
  {
    folder,
    source = 'r.example/staging',
    destinations = ['r.example/prod'],
  }: {
    folder?: string;
    source?: string;
    destinations?: readonly string[];
  } = {},
): PromotionManifest {
  const registry = (name: string) => ({ name, file: 'm.yaml', line: 1 });
  return {
    file: 'm.yaml',
    ...(folder === undefined ? {} : { folder }),
    source: registry(source),
    destinations: destinations.map(registry),
    images: Object.entries(images).map(([name, dmap]) => ({
      name,
      digests: Object.entries(dmap).map(([number, tags]) => ({
        digest: digestNumber(Number(number)),
        tags,
        file: 'm.yaml',
        line: 1,
      })),
    })),
  };
}

function changesOf(before: Images, after: Images) {
  const { summary, changes } = diffManifests([manifestOf(before)], [manifestOf(after)]);
  return { summary, changes: changes.map(({ manifest: _, ...change }) => change) };
}

describe('diffManifests counts', () => {
  it.each<[string, Images, Images, object, object[]]>([
    ['nothing that is equal', { a: { 1: ['x'] } }, { a: { 1: ['x'] } }, {}, []],
    [
      'an added image',
      {},
      { a: { 1: ['x'] } },
      { added: 1 },
      [{ name: 'a', digest: d1, tag: 'x', kind: 'added', was: null }],
    ],
    [
      'an added digest once for each tag',
      { a: { 1: ['x'] } },
      { a: { 1: ['x'], 2: ['y', 'z'] } },
      { added: 2 },
      [
        { name: 'a', digest: d2, tag: 'y', kind: 'added', was: null },
        { name: 'a', digest: d2, tag: 'z', kind: 'added', was: null },
      ],
    ],
    [
      'a removed image',
      { a: { 1: ['x'] } },
      {},
      { removed: 1 },
      [{ name: 'a', digest: d1, tag: 'x', kind: 'removed', was: null }],
    ],
    [
      'a digest without tags once',
      {},
      { a: { 1: [] } },
      { added: 1 },
      [{ name: 'a', digest: d1, tag: null, kind: 'added', was: null }],
    ],
    [
      'a removed digest without tags',
      { a: { 1: [] } },
      {},
      { removed: 1 },
      [{ name: 'a', digest: d1, tag: null, kind: 'removed', was: null }],
    ],
    [
      'a tag on another digest as moved alone',
      { a: { 1: ['x'] } },
      { a: { 2: ['x'] } },
      { moved: 1 },
      [{ name: 'a', digest: d2, tag: 'x', kind: 'moved', was: d1 }],
    ],
    [
      'a moved tag of a digest that stays without tags as two changes',
      { a: { 1: ['x'], 2: ['y'] } },
      { a: { 1: [], 2: ['y', 'x'] } },
      { moved: 1, added: 1 },
      [
        { name: 'a', digest: d1, tag: null, kind: 'added', was: null },
        { name: 'a', digest: d2, tag: 'x', kind: 'moved', was: d1 },
      ],
    ],
    [
      'the first tag of a digest as two changes, and that it is still promoted',
      { a: { 1: [] } },
      { a: { 1: ['x'] } },
      { removed: 1, added: 1 },
      [
        { name: 'a', digest: d1, tag: null, kind: 'removed', was: null, isStillPromoted: true },
        { name: 'a', digest: d1, tag: 'x', kind: 'added', was: null },
      ],
    ],
    [
      'a tag of another image as its own',
      { a: { 1: ['x'] } },
      { b: { 2: ['x'] } },
      { added: 1, removed: 1 },
      [
        { name: 'a', digest: d1, tag: 'x', kind: 'removed', was: null },
        { name: 'b', digest: d2, tag: 'x', kind: 'added', was: null },
      ],
    ],
  ])('%s', (_, before, after, summary, changes) => {
    expect(changesOf(before, after)).toEqual({
      summary: { added: 0, removed: 0, moved: 0, ...summary },
      changes,
    });
  });

  it('each change once whatever the number of destinations, and in each manifest', () => {
    const destinations = ['r.example/prod', 's.example/prod'];
    const state = (images: Images) =>
      ['a', 'b'].map((folder) => manifestOf(images, { folder, source: `r.example/${folder}`, destinations }));
    const { summary, changes } = diffManifests(state({ app: { 1: ['x'] } }), state({ app: { 2: ['x'] } }));
    expect(summary).toEqual({ added: 0, removed: 0, moved: 2 });
    expect(changes.map(({ manifest }) => manifest)).toEqual(['a', 'b']);
  });
});

describe('diffManifests lists', () => {
  it('new and gone destinations, however a host is written', () => {
    const before = manifestOf({}, { folder: 'a', destinations: ['r.example/prod', 'docker.io/a'] });
    const after = manifestOf({}, { folder: 'a', destinations: ['index.docker.io/a', 's.example/prod'] });
    expect(diffManifests([before], [after]).destinations).toEqual([
      { manifest: 'a', registry: 'r.example/prod', kind: 'gone' },
      { manifest: 'a', registry: 's.example/prod', kind: 'new' },
    ]);
  });

  it('another source', () => {
    const before = manifestOf({}, { folder: 'a', source: 'r.example/one' });
    const after = manifestOf({}, { folder: 'a', source: 'r.example/two' });
    expect(diffManifests([before], [after])).toMatchObject({
      destinations: [],
      sources: [
        { manifest: 'a', registry: 'r.example/one', kind: 'gone' },
        { manifest: 'a', registry: 'r.example/two', kind: 'new' },
      ],
    });
  });

  it('everything of a new manifest', () => {
    const { summary, destinations, sources } = diffManifests([], [manifestOf({ a: { 1: ['x'] } })]);
    expect(summary.added).toBe(1);
    expect([...destinations, ...sources].map(({ kind }) => kind)).toEqual(['new', 'new']);
  });
});

describe('manifests are paired', () => {
  const images: Images = { a: { 1: ['x'] } };
  it.each<[string, PromotionManifest[], PromotionManifest[]]>([
    [
      'when both are plain, whatever their sources',
      [manifestOf(images)],
      [manifestOf(images, { source: 'r.example/new' })],
    ],
    [
      'by folder',
      [manifestOf(images, { folder: 'a' })],
      [manifestOf(images, { folder: 'a', source: 'r.example/new' })],
    ],
    [
      'by source when a folder is renamed',
      [manifestOf(images, { folder: 'a' })],
      [manifestOf(images, { folder: 'b' })],
    ],
    ['by source when a plain one becomes thin', [manifestOf(images)], [manifestOf(images, { folder: 'b' })]],
  ])('%s', (_, before, after) => expect(diffManifests(before, after).changes).toEqual([]));

  it('and not by source when the folders are there', () => {
    const before = [manifestOf(images, { folder: 'a' }), manifestOf({}, { folder: 'b' })];
    const after = [manifestOf({}, { folder: 'a' }), manifestOf(images, { folder: 'b' })];
    expect(diffManifests(before, after).summary).toEqual({ added: 1, removed: 1, moved: 0 });
  });
});

describe('the exit code is', () => {
  const exitCode = (before: Images, after: Images, forbidden: string) =>
    diffExitCode(diffManifests([manifestOf(before)], [manifestOf(after)]), parseForbiddenChanges(forbidden));

  it.each<[number, string, Images, Images, string]>([
    [0, 'nothing differs', { a: { 1: ['x'] } }, { a: { 1: ['x'] } }, 'added,removed,moved'],
    [2, 'something else differs', {}, { a: { 1: ['x'] } }, 'removed,moved'],
    [1, 'a tag moved that must not', { a: { 1: ['x'] } }, { a: { 2: ['x'] } }, 'removed, moved'],
    [2, 'a tag moved that may', { a: { 1: ['x'] } }, { a: { 2: ['x'] } }, 'removed'],
    [1, 'an image is removed that must not be', { a: { 1: ['x'] } }, {}, 'removed'],
    [1, 'a digest without tags is removed', { a: { 1: [] } }, {}, 'removed'],
    [2, 'a digest got its first tag', { a: { 1: [] } }, { a: { 1: ['x'] } }, 'removed'],
  ])('%i when %s', (code, _, before, after, forbidden) => {
    expect(exitCode(before, after, forbidden)).toBe(code);
  });

  it('2 when only destinations differ', () => {
    const diff = diffManifests([manifestOf({})], [manifestOf({}, { destinations: ['s.example/prod'] })]);
    expect(diffExitCode(diff, new Set(['added', 'removed', 'moved']))).toBe(2);
  });

  it.each([
    ['removd', '"removd" is not a change: it must be one of added, removed, moved', 'did you mean removed?'],
    ['', '"" is not a change: it must be one of added, removed, moved', undefined],
  ])('not known for the forbidden change %j', (list, message, hint) => {
    expect(() => parseForbiddenChanges(list)).toThrow(expect.objectContaining({ message, hint }));
  });
});

it('compares directories as they were read, at any place', async () => {
  const state = (images: string) => ({
    'manifests/a/promoter-manifest.yaml': registriesYaml('r.example/staging', 'r.example/prod'),
    'images/a/images.yaml': images,
  });
  const before = await readPath(await writeFiles(state(`- name: app\n  dmap:\n    ${d1}: [x]\n`)));
  const after = await readPath(await writeFiles(state(`- name: app\n  dmap:\n    ${d2}: [x]\n`)));
  expect(diffManifests(before.manifests, after.manifests).changes).toEqual([
    { manifest: 'a', name: 'app', digest: d2, tag: 'x', kind: 'moved', was: d1 },
  ]);
});

it('agrees with the differences of sets of (name, digest, tag)', () => {
  const images = fc.dictionary(
    fc.constantFrom('a', 'b'),
    fc
      .dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom(1, 2, 3))
      .chain((tags) => fc.subarray([1, 2, 3]).map((untagged) => ({ tags, untagged }))),
  );
  const stateOf = (state: Record<string, { tags: Record<string, number>; untagged: number[] }>): Images =>
    Object.fromEntries(
      Object.entries(state).map(([name, { tags, untagged }]) => {
        const dmap: Record<number, string[]> = Object.fromEntries(untagged.map((number) => [number, []]));
        for (const [tag, number] of Object.entries(tags)) {
          dmap[number] = [...(dmap[number] ?? []), tag];
        }
        return [name, dmap];
      }),
    );
  const triples = (state: Images) =>
    new Set(
      Object.entries(state).flatMap(([name, dmap]) =>
        Object.entries(dmap).flatMap(([number, tags]) =>
          (tags.length === 0 ? ['-'] : tags).map((tag) => `${name} ${number} ${tag}`),
        ),
      ),
    );
  fc.assert(
    fc.property(images, images, (first, second) => {
      const [before, after] = [stateOf(first), stateOf(second)];
      const [old, now] = [triples(before), triples(after)];
      const removed = [...old].filter((triple) => !now.has(triple));
      const added = [...now].filter((triple) => !old.has(triple));
      const place = (triple: string) => triple.replace(/ \d+ /, ' ');
      const moved = removed.filter(
        (gone) => !gone.endsWith('-') && added.some((each) => place(each) === place(gone)),
      );
      expect(changesOf(before, after).summary).toEqual({
        added: added.length - moved.length,
        removed: removed.length - moved.length,
        moved: moved.length,
      });
      const back = changesOf(after, before).summary;
      expect(back).toEqual({
        added: removed.length - moved.length,
        removed: added.length - moved.length,
        moved: moved.length,
      });
    }),
    { numRuns: 1000 },
  );
});
