// Tags that several manifests, or nested destinations, put on different digests.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PromotionManifest } from '../../src/promotion/promotion-manifest.ts';
import { findTagConflicts } from '../../src/promotion/tag-conflicts.ts';
import { digestNumber, readPath, registriesYaml, writeFiles } from './manifest-files.ts';

type Images = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A manifest of images by name, each with digest numbers by tag. */
function manifestOf(file: string, destinations: readonly string[], images: Images): PromotionManifest {
  return {
    file,
    source: { name: 'r/staging', file, line: 1 },
    destinations: destinations.map((name, index) => ({ name, file, line: index + 2 })),
    images: Object.entries(images).map(([name, tags]) => ({
      name,
      digests: Object.entries(tags).map(([tag, number], index) => ({
        digest: digestNumber(number),
        tags: [tag],
        file,
        line: index + 10,
      })),
    })),
  };
}

function conflictsOf(...manifests: readonly [destinations: readonly string[], images: Images][]): string[] {
  const read = manifests.map(([destinations, images], index) =>
    manifestOf(`m${index}`, destinations, images),
  );
  return findTagConflicts(read).map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

describe('no conflict is', () => {
  it.each<[string, [readonly string[], Images][]]>([
    [
      'the same digest',
      [
        [['r.example/a'], { app: { v1: 1 } }],
        [['r.example/a'], { app: { v1: 1 } }],
      ],
    ],
    [
      'another tag',
      [
        [['r.example/a'], { app: { v1: 1 } }],
        [['r.example/a'], { app: { v2: 2 } }],
      ],
    ],
    [
      'another image',
      [
        [['r.example/a'], { app: { v1: 1 } }],
        [['r.example/a'], { apple: { v1: 2 } }],
      ],
    ],
    [
      'another destination',
      [
        [['r.example/a'], { app: { v1: 1 } }],
        [['r.example/ab'], { app: { v1: 2 } }],
      ],
    ],
    [
      'another host',
      [
        [['r.example/a'], { app: { v1: 1 } }],
        [['s.example/a'], { app: { v1: 2 } }],
      ],
    ],
    [
      'a part of a path segment',
      [
        [['r.example'], { 'a/bc': { v1: 1 } }],
        [['r.example/a/b'], { c: { v1: 2 } }],
      ],
    ],
  ])('%s', (_, manifests) => expect(conflictsOf(...manifests)).toEqual([]));
});

describe('a conflict is', () => {
  const first = `${digestNumber(1)} (m0:10) and ${digestNumber(2)}`;
  it.each<[string, [readonly string[], Images][], string]>([
    [
      'a tag of one destination on two digests',
      [
        [['r.example/a'], { app: { v1: 1 } }],
        [['r.example/a'], { app: { v1: 2 } }],
      ],
      `m1:10: the tag v1 of r.example/a/app is on two digests: ${first}`,
    ],
    [
      'a tag of a destination that is inside another one',
      [
        [['r.example/a/b'], { app: { v1: 1 } }],
        [['r.example/a'], { 'b/app': { v1: 2 } }],
      ],
      `m1:10: the tag v1 of r.example/a/b/app is on two digests: ${first}`,
    ],
    [
      'a tag of nested destinations of one manifest',
      [[['r.example/a', 'r.example/a/b'], { app: { v1: 1 }, 'b/app': { v1: 2 } }]],
      `m0:10: the tag v1 of r.example/a/b/app is on two digests: ${first}`,
    ],
    [
      'a tag of a host that is written in two ways',
      [
        [['docker.io/a'], { app: { v1: 1 } }],
        [['index.docker.io/a'], { app: { v1: 2 } }],
      ],
      `m1:10: the tag v1 of docker.io/a/app is on two digests: ${first}`,
    ],
    [
      'a tag of several destinations, reported once',
      [
        [['r.example/a', 's.example/a', 't.example/a'], { app: { v1: 1 } }],
        [['s.example/a', 't.example/a', 'r.example/a'], { app: { v1: 2 } }],
      ],
      `m1:10: the tag v1 of r.example/a/app (and of 2 more repositories) is on two digests: ${first}`,
    ],
  ])('%s', (_, manifests, problem) => expect(conflictsOf(...manifests)).toEqual([problem]));

  it('reported where it is, and not again in a destination inside', () => {
    expect(
      conflictsOf(
        [['r.example/a/b'], { app: { v9: 9 } }],
        [['r.example/a'], { 'b/app': { v1: 1 } }],
        [['r.example/a'], { 'b/app': { v1: 2 } }],
      ),
    ).toHaveLength(1);
  });

  it('each tag that two manifests above a destination disagree about, once', () => {
    expect(
      conflictsOf(
        [['r.example/a', 'r.example/a/b'], { 'b/app': { v1: 1, v2: 1 } }],
        [['r.example/a'], { 'b/app': { v1: 2, v2: 2 } }],
      ),
    ).toHaveLength(2);
  });
});

it('an error of the manifests, at the line of the later tag', async () => {
  const manifest = (name: string) => registriesYaml(`r.example/staging-${name}`, 'r.example/prod');
  const directory = await writeFiles({
    'manifests/a/promoter-manifest.yaml': manifest('a'),
    'images/a/images.yaml': `- name: app\n  dmap:\n    ${digestNumber(1)}:\n    - v0\n    - v1\n`,
    'manifests/b/promoter-manifest.yaml': manifest('b'),
    'images/b/images.yaml': `- name: app\n  dmap:\n    ${digestNumber(2)}:\n    - v1\n    ${digestNumber(1)}: [v0]\n`,
  });
  expect((await readPath(directory)).errors).toEqual([
    `images/b/images.yaml:4: the tag v1 of r.example/prod/app is on two digests: ${digestNumber(1)} (images/a/images.yaml:5) and ${digestNumber(2)}`,
  ]);
});

it('finds a conflict exactly where edges of one repository and tag differ', () => {
  const segment = fc.constantFrom('a', 'b', 'a/b', 'b/a');
  const destination = fc.oneof(
    fc.constant('r.example'),
    segment.map((path) => `r.example/${path}`),
  );
  const images = fc.dictionary(
    segment,
    fc.dictionary(fc.constantFrom('x', 'y'), fc.integer({ min: 1, max: 2 })),
    {
      maxKeys: 3,
    },
  );
  const manifests = fc.array(fc.tuple(fc.uniqueArray(destination, { minLength: 1, maxLength: 3 }), images), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(manifests, (list) => {
      const tags = new Map<string, Set<number>>();
      for (const [destinations, byName] of list) {
        for (const to of destinations) {
          for (const [name, byTag] of Object.entries(byName)) {
            for (const [tag, number] of Object.entries(byTag)) {
              const key = `${to}/${name}:${tag}`;
              tags.set(key, (tags.get(key) ?? new Set()).add(number));
            }
          }
        }
      }
      const isConflict = [...tags.values()].some((digests) => digests.size > 1);
      expect(conflictsOf(...list).length > 0).toBe(isConflict);
    }),
    { numRuns: 2000 },
  );
});

it('takes time by manifests and destinations, not by their product', () => {
  const images = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`p${index % 1000}/app-${index}`, { v1: index }]),
  );
  const destinations = Array.from({ length: 1000 }, (_, index) => `r.example/p${index}`);
  const started = process.cpuUsage().user;
  expect(conflictsOf([['r.example'], images], [destinations, { app: { v1: 1 } }])).toEqual([]);
  expect(process.cpuUsage().user - started).toBeLessThan(2_000_000);
});
