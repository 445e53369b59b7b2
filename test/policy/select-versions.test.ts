// The versions of check with version tags.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Version } from '../../src/policy/select-tag.ts';
import {
  cursorHolds,
  planLookUps,
  selectVersions,
  unexplainedBareTag,
  type VersionSettings,
} from '../../src/policy/select-versions.ts';
import { compareVersions, parseTagVersion, type TagVersion } from '../../src/policy/tag-version.ts';
import { parseConstraint, satisfies } from '../../src/policy/version-constraint.ts';

const plain: VersionSettings = { variant: '', preReleases: false, preReleasePrefixes: [] };

/** A registry as listed tags, each with its digest; `-` means that the tag is listed but missing. */
type Registry = readonly (readonly [tag: string, digest: string])[];

/** `1.0.0→1, latest→3` as a registry. */
const registryOf = (text: string): Registry =>
  text.split(', ').map((entry) => {
    const [tag = '', digest = ''] = entry.split('→');
    return [tag, digest];
  });

/** Looks tags up in the rounds of a plan; returns the versions and the tags that were looked up. */
const ask = (registry: Registry, settings: VersionSettings, cursor?: Version) => {
  const plan = planLookUps(
    registry.map(([tag]) => tag),
    settings,
    cursor,
  );
  const asked: string[] = [];
  const digests = new Map<string, string>();
  const lookUp = (tags: readonly { tag: string }[]) => {
    for (const { tag } of tags) {
      asked.push(tag);
      const digest = registry.find(([listed]) => listed === tag)?.[1];
      if (digest !== undefined && digest !== '-') {
        digests.set(tag, digest);
      }
    }
  };
  lookUp(plan.first.toReversed());
  for (const each of plan.older) {
    if (!cursorHolds(plan, digests) || unexplainedBareTag(plan, digests)) {
      lookUp([each]);
    }
  }
  return { answer: selectVersions(plan, digests), asked: asked.sort() };
};

const answerOf = (registry: string, settings: Partial<VersionSettings> = {}, cursor?: Version) =>
  ask(registryOf(registry), { ...plain, ...settings }, cursor)
    .answer.map(({ tag }) => tag)
    .join(', ');

describe('selectVersions without a cursor', () => {
  it.each<[string, Partial<VersionSettings>, string]>([
    ['non-semver-tag→1', {}, ''],
    ['non-semver→1, latest→2', {}, 'latest'],
    [
      '1→1, 2→2, 2.1→2, latest→3, 3→3, 3.2→3, 3.2.1→3, 3.1→4, 3.1.0→4, 3.0→5, 3.0.0→5',
      {},
      '1, 2.1, 3.0.0, 3.1.0, 3.2.1',
    ],
    ['1→1, 2→2, latest→2, 3→3', {}, '1, 2, 3'],
    ['1.0.0→1, latest→3', {}, '1.0.0, latest'],
    ['2.0.0→5, 1.0.0→1, 1.2.1→3', {}, '1.0.0, 1.2.1, 2.0.0'],
    [
      '1.0.0→1, 1.2.1→2, 1.2.2→3, v1.2.3→4, 2.0.0→5, latest→6',
      { constraint: parseConstraint('1.2.x') },
      '1.2.1, 1.2.2, v1.2.3',
    ],
    ['1.0.0-rc.1→2, 1.0.0-rc1→2, 1.0.0-rc→2, 1.0.0→2', { preReleases: true }, '1.0.0'],
    ['1.0.0→2, 1.0.0-rc.1→2', { preReleases: true }, '1.0.0'],
    ['1.0.0-rc1→2, 1.0.0-rc.2→2', { preReleases: true }, '1.0.0-rc.2'],
    ['1.0.0-rc.1→1, 1.0.0→2', {}, '1.0.0'],
    [
      '1.0.0→1, 2.0.0-rc.1→2, 2.0.0→3, 2.0.0-build.1→4',
      { preReleases: true, preReleasePrefixes: ['build'] },
      '1.0.0, 2.0.0-build.1, 2.0.0-rc.1, 2.0.0',
    ],
    [
      '1.0.0-alpha→1, 1.0.0-beta2→2, 1.0.0-RC→3, 1.0.0-foo.1→4, 1.0.0-arc→5',
      { preReleases: true },
      '1.0.0-alpha, 1.0.0-beta2',
    ],
    [
      '1.0.0-foo→1, 1.0.0-rc.1-foo→2, 1.0.0-bar-foo→3, 1.0.0-rc.1-bar-foo→4',
      { variant: 'foo', preReleases: true },
      '1.0.0-rc.1-foo, 1.0.0-foo',
    ],
    [
      '1.0.0-build-foo→1, 1.0.0-rc.1-foo→2, 1.0.0-bar-foo→3, 1.0.0-rc.1-bar-foo→4',
      { variant: 'foo', preReleases: true, preReleasePrefixes: ['build'] },
      '1.0.0-build-foo, 1.0.0-rc.1-foo, 1.0.0-rc.1-bar-foo',
    ],
    ['1.0.0-x→1', { preReleases: true, preReleasePrefixes: [''] }, '1.0.0-x'],
    [
      'latest→1, 1.0.0→1, 0.9.0→2, foo→3, 0.8.0-foo→4, bar→5, 1.0.0-bar→5',
      { variant: 'foo' },
      '0.8.0-foo, foo',
    ],
    ['1.0.0→1, v1.0.0→1', {}, '1.0.0'],
    ['v1.0.0→1, 1.0.0→1', {}, 'v1.0.0'],
    ['1.2.0→2, 1.2→1', {}, '1.2.0, 1.2'],
    ['1.0→-, 1.1→1', {}, '1.1'],
    ['latest→-, 1.1→1', {}, '1.1'],
    ['9007199254740993→1, 9007199254740992→2', {}, '9007199254740992, 9007199254740993'],
  ])('returns the versions of %s with %o', (registry, settings, expected) => {
    expect(answerOf(registry, settings)).toBe(expected);
  });
});

describe('selectVersions with a cursor', () => {
  it.each<[string, string, Version, Partial<VersionSettings>, string]>([
    [
      'leaves out older versions',
      '1.0.0→1, 1.2.1→3, 2.0.0→5',
      { tag: '1.2.1', digest: '3' },
      {},
      '1.2.1, 2.0.0',
    ],
    [
      'leaves out nothing when the tag of the cursor moved',
      '1.0.0→1, 1.2.1→3, 2.0.0→5',
      { tag: '1.2.1', digest: 'bogus' },
      {},
      '1.0.0, 1.2.1, 2.0.0',
    ],
    ['drops nothing when the tag is missing', '1.0.0→1, 1.2.1→-', { tag: '1.2.1', digest: '3' }, {}, '1.0.0'],
    ['does not add a tag that is not listed', '1.0.0→1', { tag: '0.9.0', digest: '3' }, {}, '1.0.0'],
    [
      'finds a cursor whose tag is listed twice',
      '1.0→1, 2.0→2, 1.0→1',
      { tag: '1.0', digest: '1' },
      {},
      '1.0, 2.0',
    ],
    ['is nothing when it has no tag', '1.0→1, 2.0→2', { tag: '', digest: '2' }, {}, '1.0, 2.0'],
    ['is nothing on the bare tag', '1.0→1, latest→2', { tag: 'latest', digest: '2' }, {}, '1.0, latest'],
    [
      'ignores a cursor that the constraint excludes',
      '1.0→1, 2.0→2, 3.0→3',
      { tag: '2.0', digest: '2' },
      { constraint: parseConstraint('!=2') },
      '1.0, 3.0',
    ],
    ['skips an equal version on another digest', '6.3→1, 6.3.0→2', { tag: '6.3', digest: '1' }, {}, '6.3'],
    ['is replaced by a longer tag', '1.2.3→1, 1.2→1', { tag: '1.2', digest: '1' }, {}, '1.2.3'],
    ['wins among equal tags', '1.0.0→1, v1.0.0→1', { tag: 'v1.0.0', digest: '1' }, {}, 'v1.0.0'],
    [
      'does not report a bare tag on an older version',
      '1.0→1, 2.0→2, latest→1',
      { tag: '2.0', digest: '2' },
      {},
      '2.0',
    ],
    [
      'does not report a bare tag on an older version beside a newer version',
      '1.0→1, 2.0→2, latest→1, 3.0→3',
      { tag: '2.0', digest: '2' },
      {},
      '2.0, 3.0',
    ],
    [
      'does not report the bare tag of a variant on an older version',
      '1.0-x→1, 2.0-x→2, x→1',
      { tag: '2.0-x', digest: '2' },
      { variant: 'x' },
      '2.0-x',
    ],
    [
      'reports a bare tag that no version has',
      '1.0→1, 2.0→2, latest→3',
      { tag: '2.0', digest: '2' },
      {},
      '2.0, latest',
    ],
    [
      'reports a bare tag on a version that the settings skip, as without a cursor',
      '1.0-rc.1→1, 2.0→2, latest→1',
      { tag: '2.0', digest: '2' },
      {},
      '2.0, latest',
    ],
    [
      'compares versions of the variant only',
      '1.0-x→1, 2.0-x→2, 3.0→3, x→2',
      { tag: '2.0-x', digest: '2' },
      { variant: 'x' },
      '2.0-x',
    ],
    ['orders equal versions as listed', '1.2→1, 1.2.0→2', { tag: '1.2.0', digest: 'old' }, {}, '1.2, 1.2.0'],
  ])('%s', (_, registry, cursor, settings, expected) => {
    expect(answerOf(registry, settings, cursor)).toBe(expected);
  });

  it('looks older tags up only when the tag of the cursor moved', () => {
    const registry = registryOf('1.0→1, 1.1→2, 1.1.0→2, 2.0→3, latest→3, other→4');
    expect(ask(registry, plain, { tag: '1.1', digest: '2' }).asked).toEqual(['1.1', '2.0', 'latest']);
    expect(ask(registry, plain, { tag: '1.1', digest: '9' }).asked).toEqual([
      '1.0',
      '1.1',
      '1.1.0',
      '2.0',
      'latest',
    ]);
  });

  it.each([
    // registry, tags that are looked up in addition to the cursor's, higher versions and the bare tag
    ['1.0→1, 1.1→2, 2.0→3, latest→3', []],
    ['1.0→1, 1.1→2, 2.0→3, latest→2', ['1.1']],
    ['1.0→1, 1.1→2, 2.0→3, latest→1', ['1.0', '1.1']],
    ['1.0→1, 1.1→2, 2.0→3, latest→9', ['1.0', '1.1']],
    ['1.0→1, 1.1→2, 2.0→3, latest→-', []],
    ['1.0→1, 1.1→2, 2.0→3', []],
    ['other→1, 1.1-rc.1→1, 2.0→3, latest→1', []],
  ])(
    'looks up %s downwards from the cursor until a version has the digest of the bare tag',
    (registry, older) => {
      const bare = registry.includes('latest') ? ['latest'] : [];
      const { asked } = ask(registryOf(registry), plain, { tag: '2.0', digest: '3' });
      expect(asked).toEqual([...older, '2.0', ...bare]);
    },
  );
});

it('does not look up a bare tag that a constraint keeps from being reported', () => {
  const settings = { ...plain, constraint: parseConstraint('>=1') };
  expect(ask(registryOf('latest→1, 1.0→2'), settings).asked).toEqual(['1.0']);
});

it('looks up once a tag that is listed twice', () => {
  expect(ask(registryOf('1.0→1, latest→2, 1.0→1, latest→2'), plain)).toEqual({
    answer: [
      { tag: '1.0', digest: '1' },
      { tag: 'latest', digest: '2' },
    ],
    asked: ['1.0', 'latest'],
  });
});

/**
 * The same rule as one loop that looks tags up one after the other, as upstream does; then the versions that were
 * skipped for the cursor, from the highest on, as long as no version has the digest of the bare tag.
 */
function oneAfterTheOther(registry: Registry, settings: VersionSettings, cursor?: Version) {
  const { variant, constraint, preReleases, preReleasePrefixes } = settings;
  const bareTag = variant || 'latest';
  const listed = registry.map(([tag]) => tag);
  const order = [
    ...listed.filter((tag) => tag === cursor?.tag),
    ...listed.filter((tag) => tag !== cursor?.tag),
  ];
  const winners: { tag: string; digest: string; version: TagVersion }[] = [];
  const skipped: { tag: string; version: TagVersion }[] = [];
  const asked = new Set<string>();
  let active: TagVersion | undefined;
  let bare: Version | undefined;
  for (const tag of order) {
    let version: TagVersion | undefined;
    if (tag !== bareTag) {
      if (variant && !tag.endsWith(`-${variant}`)) {
        continue;
      }
      version = parseTagVersion(variant ? tag.slice(0, -variant.length - 1) : tag);
      if (!version || (constraint && !satisfies(constraint, version))) {
        continue;
      }
      const { prerelease } = version;
      if (prerelease) {
        const prefixes = ['alpha', 'beta', 'rc', ...preReleasePrefixes];
        if (!preReleases || (preReleasePrefixes.length === 0 && prerelease.includes('-'))) {
          continue;
        }
        if (!prefixes.some((prefix) => prerelease.startsWith(prefix))) {
          continue;
        }
      }
      if (active && compareVersions(active, version) >= 0) {
        skipped.push({ tag, version });
        continue;
      }
    }
    asked.add(tag);
    const digest = registry.find(([each]) => each === tag)![1];
    if (digest === '-') {
      continue;
    }
    if (version) {
      const at = winners.findIndex((winner) => winner.digest === digest);
      const winner = winners[at];
      const count = (text: string) => text.replace(/[^.]/g, '').length;
      if (!winner) {
        winners.push({ tag, digest, version });
      } else if (!winner.version.prerelease && version.prerelease) {
        // A final version stays.
      } else if (winner.version.prerelease && !version.prerelease) {
        winners[at] = { tag, digest, version };
      } else if (count(version.original) > count(winner.version.original)) {
        winners[at] = { tag, digest, version };
      }
    } else {
      bare = { tag, digest };
    }
    if (tag === cursor?.tag && digest === cursor.digest) {
      active = version;
    }
  }
  winners.sort(
    (a, b) => compareVersions(a.version, b.version) || listed.indexOf(a.tag) - listed.indexOf(b.tag),
  );
  const answer: Version[] = winners.map(({ tag, digest }) => ({ tag, digest }));
  let open = bare !== undefined && !constraint && !winners.some(({ digest }) => digest === bare?.digest);
  skipped.sort((a, b) => compareVersions(b.version, a.version));
  for (const { tag } of skipped) {
    if (open) {
      asked.add(tag);
      open = registry.find(([each]) => each === tag)![1] !== bare?.digest;
    }
  }
  if (bare && open) {
    answer.push(bare);
  }
  if (constraint) {
    asked.delete(bareTag);
  }
  return { answer, asked: [...asked].sort() };
}

it('looks up the same tags and returns the same versions as one look-up after the other would', () => {
  const number = fc.constantFrom(
    '1',
    '1.0',
    '1.0.0',
    'v1',
    'v1.0.0',
    '1.1',
    '1.1.0',
    '1.2.3',
    '2',
    '2.0',
    '2.0.0',
  );
  const prerelease = fc.constantFrom(
    '',
    '',
    '',
    '-rc',
    '-rc.1',
    '-rc.1.2',
    '-alpha1',
    '-rc.1-bar',
    '-build.1',
  );
  const suffix = fc.constantFrom('', '', '-foo');
  const version = fc.tuple(number, prerelease, suffix).map((parts) => parts.join(''));
  const tag = fc.oneof({ weight: 9, arbitrary: version }, fc.constantFrom('latest', 'foo', 'other', '-foo'));
  const entry = fc.record({ tag, digest: fc.constantFrom('1', '2', '3', '4', '-') });
  const settings = fc.record({
    variant: fc.constantFrom('', '', 'foo'),
    constraint: fc.constantFrom(
      undefined,
      undefined,
      parseConstraint('>=1.1'),
      parseConstraint('1.x, !=1.1-0'),
    ),
    preReleases: fc.boolean(),
    preReleasePrefixes: fc.constantFrom([], ['build'], ['']),
  });
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 14 }),
      settings,
      fc.option(fc.record({ position: fc.nat(20), moved: fc.boolean(), unlisted: tag })),
      (entries, { constraint, ...others }, from) => {
        const digests = new Map(entries.map((each) => [each.tag, each.digest]));
        const registry: Registry = entries.map((each) => [each.tag, digests.get(each.tag)!]);
        const [cursorTag, current] = registry[from?.position ?? 0] ?? [from?.unlisted ?? '', '1'];
        const cursor = from ? { tag: cursorTag, digest: from.moved ? 'bogus' : current } : undefined;
        const used: VersionSettings = { ...others, ...(constraint ? { constraint } : {}) };
        const expected = oneAfterTheOther(registry, used, cursor);
        expect(ask(registry, used, cursor)).toEqual(expected);
        const plan = planLookUps(
          registry.map(([each]) => each),
          used,
          cursor,
        );
        const everything = new Map(registry.filter(([, digest]) => digest !== '-'));
        expect(selectVersions(plan, everything)).toEqual(expected.answer);
      },
    ),
    { numRuns: 1000 },
  );
});
