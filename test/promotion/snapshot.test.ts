// Snapshots: their order, their formats, what can be left out, and those that are made from manifests.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/policy/pattern.ts';
import { snapshotOfDestination } from '../../src/promotion/destination-snapshot.ts';
import { readImages } from '../../src/promotion/manifest-images.ts';
import { ManifestProblems } from '../../src/promotion/manifest-problems.ts';
import type { PromotionManifest } from '../../src/promotion/promotion-manifest.ts';
import {
  createSnapshot,
  matchingSnapshot,
  minimalSnapshot,
  type Snapshot,
  type SnapshotImage,
} from '../../src/promotion/snapshot.ts';
import { formatSnapshot, type SnapshotFormat } from '../../src/promotion/snapshot-format.ts';
import { parseYaml } from '../../src/yaml/parse-yaml.ts';
import { digestNumber, readPath, registriesYaml, writeFiles } from './manifest-files.ts';

const d1 = digestNumber(1);
const d2 = digestNumber(2);

function written(snapshot: Snapshot, format: SnapshotFormat): string {
  return [...formatSnapshot(snapshot, format)].join('');
}

const unsorted: SnapshotImage[] = [
  { name: 'foo', digests: [{ digest: d2, tags: [] }] },
  { name: 'bar/foo', digests: [{ digest: d1, tags: ['latest'] }] },
  { name: 'none', digests: [] },
  {
    name: 'foo',
    digests: [
      { digest: d1, tags: ['latest', '1.10', '1.9', 'B'] },
      { digest: d2, tags: [] },
    ],
  },
];

it('is sorted by name, then digest, then tag, and has each once', () => {
  expect(createSnapshot(unsorted)).toEqual([
    { name: 'bar/foo', digests: [{ digest: d1, tags: ['latest'] }] },
    {
      name: 'foo',
      digests: [
        { digest: d1, tags: ['1.10', '1.9', 'B', 'latest'] },
        { digest: d2, tags: [] },
      ],
    },
  ]);
});

describe('is written as', () => {
  const snapshot = createSnapshot(unsorted);
  it('YAML', () => {
    expect(written(snapshot, 'yaml')).toBe(
      `- name: bar/foo\n  dmap:\n    "${d1}": ["latest"]\n- name: foo\n  dmap:\n    "${d1}": ["1.10", "1.9", "B", "latest"]\n    "${d2}": []\n`,
    );
  });

  it('CSV without a header', () => {
    expect(written(snapshot, 'csv')).toBe(
      `bar/foo@${d1},bar/foo:latest\nfoo@${d1},foo:1.10\nfoo@${d1},foo:1.9\nfoo@${d1},foo:B\nfoo@${d1},foo:latest\nfoo@${d2},-\n`,
    );
  });

  it('JSON', () => {
    expect(JSON.parse(written(snapshot, 'json'))).toEqual([
      { name: 'bar/foo', dmap: { [d1]: ['latest'] } },
      { name: 'foo', dmap: { [d1]: ['1.10', '1.9', 'B', 'latest'], [d2]: [] } },
    ]);
  });

  it.each([
    ['yaml', '[]\n'],
    ['csv', ''],
    ['json', '[]\n'],
  ] as const)('nothing in %s', (format, text) => expect(written([], format)).toBe(text));

  it.each(['1.0', '123', '1e3', '0x10', '2024-01-01', 'null', 'true', 'no', 'y', '-a'])(
    'YAML that has the name %s in quotes, which could be no string',
    (name) => {
      const image = { name, digests: [{ digest: d1, tags: [] }] };
      expect(written([image], 'yaml')).toContain(`- name: "${name}"\n`);
    },
  );

  it.each(['a', '3scale/zync', 'node-perf/tf-wide_deep', '_x', 'v1.0', 'nullable'])(
    'YAML that has the name %s as it is',
    (name) => {
      const image = { name, digests: [{ digest: d1, tags: [] }] };
      expect(written([image], 'yaml')).toContain(`- name: ${name}\n`);
    },
  );
});

it('reads as images of a manifest what it has written, in YAML and in JSON', async () => {
  const word = (characters: string, maxLength: number) =>
    fc.array(fc.constantFrom(...characters), { minLength: 1, maxLength }).map((parts) => parts.join(''));
  const name = fc
    .array(fc.oneof(word('abz019_-.', 6), fc.constantFrom('null', '1e3', 'no', '0x1', '---')), {
      minLength: 1,
      maxLength: 3,
    })
    .filter((parts) => !parts.some((part) => part === '.' || part === '..'))
    .map((parts) => parts.join('/'));
  const tag = fc.oneof(
    fc.tuple(word('aZ0_', 1), word('aZ0_.-', 8)).map((parts) => parts.join('')),
    fc.constantFrom('1.10', '0x10', '1e3', 'null', 'yes', '_'),
  );
  const image = fc.record({
    name,
    tags: fc.dictionary(tag, fc.integer({ min: 1, max: 4 })),
    digests: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(image, { selector: (each) => each.name, maxLength: 4 }),
      async (images) => {
        const snapshot = createSnapshot(
          images.map(({ name: imageName, tags, digests }) => ({
            name: imageName,
            digests: digests.map((number) => ({
              digest: digestNumber(number),
              tags: Object.keys(tags).filter((each) => tags[each] === number),
            })),
          })),
        );
        for (const format of ['yaml', 'json'] as const) {
          const { root, errors } = await parseYaml(written(snapshot, format));
          const problems = new ManifestProblems();
          const read = readImages(root, problems.of('snapshot'));
          expect([...errors, ...problems.errors]).toEqual([]);
          expect(createSnapshot(read)).toEqual(snapshot);
          expect(read.map((each) => each.name)).toEqual(snapshot.map((each) => each.name));
        }
      },
    ),
    { numRuns: 500 },
  );
});

it('leaves out children of indexes that have no tag when it is minimal', () => {
  const snapshot = createSnapshot([
    {
      name: 'a',
      digests: [
        { digest: d1, tags: [] },
        { digest: d2, tags: ['x'] },
      ],
    },
    { name: 'b', digests: [{ digest: d1, tags: [] }] },
    { name: 'c', digests: [{ digest: d1, tags: [] }] },
  ]);
  const children = new Set([`a ${d1}`, `a ${d2}`, `b ${d1}`]);
  expect(minimalSnapshot(snapshot, (name, digest) => children.has(`${name} ${digest}`))).toEqual([
    { name: 'a', digests: [{ digest: d2, tags: ['x'] }] },
    { name: 'c', digests: [{ digest: d1, tags: [] }] },
  ]);
});

it('keeps only tags that match a pattern, and their digests', () => {
  const snapshot = createSnapshot(unsorted);
  expect(matchingSnapshot(snapshot, compilePattern('^1\\.', '--tag'))).toEqual([
    { name: 'foo', digests: [{ digest: d1, tags: ['1.10', '1.9'] }] },
  ]);
});

describe('made from manifests has', () => {
  const image = (name: string, number = 1) => ({
    name,
    digests: [{ digest: digestNumber(number), tags: [`v${number}`], file: 'm', line: 1 }],
  });
  const manifest = (
    destinations: readonly string[],
    ...images: PromotionManifest['images']
  ): PromotionManifest => ({
    file: 'm',
    source: { name: 'r.example/staging', file: 'm', line: 1 },
    destinations: destinations.map((name) => ({ name, file: 'm', line: 1 })),
    images,
  });
  const nested = [
    manifest(['r.example/prod', 's.example/prod'], image('apple'), image('sub/plum'), image('subway/x')),
    manifest(['r.example/prod/sub'], image('pear', 2), image('plum', 2), image('deep/fig', 2)),
    manifest(['r.example/production'], image('nut', 3)),
    manifest(['r.example/prod'], image('apple', 4)),
  ];
  const digestsOf = (destination: string) =>
    snapshotOfDestination(nested, destination).map(
      ({ name, digests }) => `${name}: ${digests.flatMap(({ tags }) => tags).join(' ')}`,
    );

  it.each([
    ['one destination', 's.example/prod', ['apple: v1', 'sub/plum: v1', 'subway/x: v1']],
    ['no image of a destination inside it', 'r.example/prod', ['apple: v1 v4', 'subway/x: v1']],
    [
      'images that a manifest promotes from above',
      'r.example/prod/sub',
      ['deep/fig: v2', 'pear: v2', 'plum: v1 v2'],
    ],
    [
      'everything below, with a slash at the end',
      'r.example/prod/',
      ['apple: v1 v4', 'sub/deep/fig: v2', 'sub/pear: v2', 'sub/plum: v1 v2', 'subway/x: v1'],
    ],
    [
      'everything below a place that is no destination',
      'r.example',
      [
        'prod/apple: v1 v4',
        'prod/sub/deep/fig: v2',
        'prod/sub/pear: v2',
        'prod/sub/plum: v1 v2',
        'prod/subway/x: v1',
        'production/nut: v3',
      ],
    ],
    ['everything below a place inside a destination', 'r.example/prod/subway', ['x: v1']],
    ['a host in another way of writing', 'S.example/prod', ['apple: v1', 'sub/plum: v1', 'subway/x: v1']],
  ])('%s', (_, destination, images) => expect(digestsOf(destination)).toEqual(images));

  it.each([
    ['r.example/pro', 'no manifest promotes into r.example/pro'],
    ['r.example/prod/apple/x', 'no manifest promotes into r.example/prod/apple/x'],
    [
      'https://r.example',
      '"https://r.example" is not a destination: "https://r.example" is a URL, not a repository name',
    ],
  ])('nothing for %s', (destination, message) => expect(() => digestsOf(destination)).toThrow(message));

  it('the digests that were read', async () => {
    const { manifests } = await readPath(
      await writeFiles({
        'm.yaml': `${registriesYaml('r.example/staging', 'r.example/prod')}images:\n- name: b\n  dmap:\n    ${d2}: [y, x]\n    ${d1}:\n`,
      }),
      'm.yaml',
    );
    expect(written(snapshotOfDestination(manifests, 'r.example/prod'), 'csv')).toBe(
      `b@${d1},-\nb@${d2},b:x\nb@${d2},b:y\n`,
    );
  });
});
