// Which temporary tags are due, and how each is deleted without taking anything else along.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { deleteTags } from '../../src/promotion/cleanup.ts';
import { type AgedTag, dueTags } from '../../src/promotion/due-tags.ts';
import { timeInTag } from '../../src/promotion/tag-age.ts';
import { readRepositoryContents } from '../../src/registry/repository-contents.ts';
import type { FaultRule } from '../support/fault.ts';
import { buildIndex, type Root, seed } from '../support/images.ts';
import { imageWith, registryWith } from '../support/promotion.ts';
import type { TestRegistry } from '../support/registry.ts';
import { errorReply } from '../support/reply.ts';
import { openTestSession } from '../support/test-session.ts';

const hour = 3_600_000;
const now = Date.UTC(2026, 0, 10);
const [one, two, three] = await Promise.all([imageWith('1'), imageWith('2'), imageWith('3')]);

describe('tags that are due', () => {
  const aged = (tag: string, hours: number | undefined): AgedTag => ({
    tag,
    digest: digestOf(tag),
    time: hours === undefined ? undefined : now - hours * hour,
  });
  const tags = [
    aged('new', 1),
    aged('exact', 24),
    aged('old', 48),
    aged('older', 72),
    aged('unknown', undefined),
  ];

  it.each([
    ['are those of at least that age, oldest first', 24, 0, ['older', 'old', 'exact']],
    ['leave out the newest of all', 24, 2, ['older', 'old']],
    ['leave out the newest that are old enough, too', 24, 4, []],
    ['are all whose age is known for an age of 0', 0, 0, ['older', 'old', 'exact', 'new']],
    ['are none for a great age', 1000, 0, []],
  ])('%s', (_, hours, keep, due) => {
    expect(dueTags(tags, { olderThan: hours * hour, keep }, now).map(({ tag }) => tag)).toEqual(due);
  });

  it('of one age are kept by their names, the same every time', () => {
    const same = ['b', 'a', 'c'].map((tag) => aged(tag, 48));
    expect(dueTags(same, { olderThan: 0, keep: 1 }, now)).toEqual(
      dueTags(same.toReversed(), { olderThan: 0, keep: 1 }, now),
    );
  });
});

it.each([
  ['change_7-202601020304', '2026-01-02T03:04:00.000Z'],
  ['20260102030405', '2026-01-02T03:04:05.000Z'],
  ['1.0-202601020304-amd64', '2026-01-02T03:04:00.000Z'],
  ['change_123456789012', undefined],
  ['v1.2.3', undefined],
  ['2026-01-02', undefined],
  ['99991301000000', undefined],
  ['x-202602310000', undefined],
])('the time in the tag %s is %s', (tag, time) => {
  const found = timeInTag(tag);
  expect(found === undefined ? undefined : new Date(found).toISOString()).toBe(time);
});

describe('a tag is deleted', () => {
  async function deletion(
    images: Readonly<Record<string, Root>>,
    due: readonly string[],
    faults: readonly FaultRule[] = [],
    meanwhile: (registry: TestRegistry) => void = () => {},
  ) {
    const registry = await registryWith(
      Object.fromEntries(Object.entries(images).map(([tag, image]) => [`app:${tag}`, image])),
      { faults },
    );
    const session = await openTestSession(`${registry.host}/app`, { actions: 'push,pull', policy: 'out' });
    const { tags } = await readRepositoryContents(session, 4);
    const chosen = due.map((tag) => ({ tag, digest: tags.get(tag) ?? digestOf(tag) }));
    meanwhile(registry);
    const outcomes = await deleteTags(session, chosen, tags);
    return {
      registry,
      outcomes: outcomes.map(({ tag, outcome }) => `${tag} ${outcome}`),
      reasons: outcomes.map(({ reason }) => reason),
    };
  }

  /** A registry that deletes no tags, as docker-registry. */
  const noTags: FaultRule = {
    method: 'DELETE',
    path: /\/manifests\/(?!sha256:)/,
    fault: { kind: 'status', status: 405, body: errorReply(405, 'UNSUPPORTED', 'no').body ?? '' },
  };
  const nothing: FaultRule = { method: 'DELETE', path: /./, fault: { kind: 'status', status: 405 } };

  it('alone where the registry can, and its digest stays', async () => {
    const { registry, outcomes } = await deletion({ a: one, b: one }, ['a']);
    expect(outcomes).toEqual(['a tag']);
    expect(registry.tags('app')).toEqual(['b']);
  });

  it('by its digest where the registry cannot delete tags, and nothing else uses it', async () => {
    const { registry, outcomes } = await deletion({ a: one, b: two }, ['a'], [noTags]);
    expect(outcomes).toEqual(['a manifest']);
    expect(registry.tags('app')).toEqual(['b']);
    expect(registry.manifest('app', one.digest)).toBeUndefined();
  });

  it('never by its digest when another tag uses it', async () => {
    const { registry, outcomes, reasons } = await deletion({ a: one, b: one }, ['a'], [noTags]);
    expect(outcomes).toEqual(['a kept']);
    expect(reasons[0]).toMatch(
      /^the registry does not delete tags \(.*UNSUPPORTED.*\), and tag b uses the digest$/,
    );
    expect(registry.tags('app')).toEqual(['a', 'b']);
  });

  it('never by its digest when an index uses it', async () => {
    const index = buildIndex([one, two]);
    const { registry, outcomes, reasons } = await deletion({ a: one, multi: index }, ['a'], [noTags]);
    expect(outcomes).toEqual(['a kept']);
    expect(reasons[0]).toContain('the index of tag multi uses the digest');
    expect(registry.manifest('app', one.digest)).toBeDefined();
  });

  it('by its digest when all other tags of it are due, too', async () => {
    const { registry, outcomes } = await deletion({ a: one, b: one, c: two }, ['a', 'b'], [noTags]);
    expect(outcomes).toEqual(['a manifest', 'b manifest']);
    expect(registry.tags('app')).toEqual(['c']);
  });

  it('without the other tags of its digest, which some registries delete along', async () => {
    const { registry, outcomes } = await deletion(
      { a: one, b: one },
      ['a'],
      [
        {
          method: 'DELETE',
          path: /manifests\/a$/,
          fault: { kind: 'redirect', to: `/v2/app/manifests/${one.digest}`, status: 307 },
        },
      ],
    );
    expect(outcomes).toEqual(['a tag']);
    expect(registry.tags('app')).toEqual(['b']);
    expect(registry.manifest('app', 'b')?.bytes).toEqual(one.bytes);
  });

  it.each([
    ['an image', () => one],
    ['an index', () => buildIndex([one])],
  ])('never by its digest when an index in an index uses it: %s', async (_, build) => {
    const used = build();
    const outer = buildIndex([buildIndex([used, two])]);
    const { registry, outcomes, reasons } = await deletion({ a: used, multi: outer }, ['a'], [noTags]);
    expect(outcomes).toEqual(['a kept']);
    expect(reasons[0]).toContain('the index of tag multi uses the digest');
    expect(registry.manifest('app', used.digest)).toBeDefined();
  });

  it('by its digest after the index that uses it, when both are due', async () => {
    const index = buildIndex([one]);
    const { registry, outcomes } = await deletion({ a: one, multi: index, z: two }, ['a', 'multi'], [noTags]);
    expect(outcomes).toEqual(['a manifest', 'multi manifest']);
    expect(registry.tags('app')).toEqual(['z']);
  });

  it('by few requests: what other tags are on is read once', async () => {
    const { registry, outcomes } = await deletion(
      { a: one, b: two, x: three, y: buildIndex([three]) },
      ['a', 'b'],
      [noTags],
    );
    expect(outcomes).toEqual(['a manifest', 'b manifest']);
    const reads = registry.journal.select({ method: 'GET', path: /manifests/ }).map(({ path }) => path);
    expect(new Set(reads).size).toBe(reads.length);
  });

  it('without a manifest that an index uses, which some registries delete along', async () => {
    const { registry, outcomes } = await deletion(
      { a: one, b: two, multi: buildIndex([one]) },
      ['a', 'b'],
      [
        {
          method: 'DELETE',
          path: /manifests\/[ab]$/,
          fault: ({ path }) => ({
            kind: 'redirect',
            to: `/v2/app/manifests/${(path.endsWith('a') ? one : two).digest}`,
          }),
        },
      ],
    );
    expect(outcomes).toEqual(['a tag', 'b tag']);
    expect(registry.tags('app')).toEqual(['multi']);
    expect(registry.manifest('app', one.digest)?.bytes).toEqual(one.bytes);
    expect(registry.manifest('app', two.digest)).toBeUndefined();
  });

  describe('unless somebody else was faster', () => {
    const registries: { readonly noTags: boolean }[] = [{ noTags: false }, { noTags: true }];

    it.each(registries)('and pushed another image under it (%j)', async (kind) => {
      const { registry, outcomes, reasons } = await deletion(
        { a: one, b: two },
        ['a'],
        kind.noTags ? [noTags] : [],
        (stored) => seed(stored, 'app', 'a', three),
      );
      expect(outcomes).toEqual(['a kept']);
      expect(reasons).toEqual([`the tag was moved meanwhile: it is on ${three.digest}`]);
      expect(registry.manifest('app', 'a')?.digest).toBe(three.digest);
      expect(registry.manifest('app', one.digest)).toBeDefined();
    });

    it.each(registries)('and deleted it, after another tag was set on its digest (%j)', async (kind) => {
      const path = /\/manifests\/a$/;
      const gone: FaultRule[] = [
        { method: 'HEAD', path, times: 1, fault: { kind: 'pass' } },
        { method: 'HEAD', path, fault: { kind: 'status', status: 404 } },
      ];
      const { registry, outcomes, reasons } = await deletion(
        { a: one, b: two },
        ['a'],
        kind.noTags ? [noTags, ...gone] : gone,
        (stored) => seed(stored, 'app', 'latest', one),
      );
      expect(outcomes).toEqual(['a tag']);
      expect(reasons).toEqual(['somebody else has deleted it']);
      expect(registry.journal.select({ method: 'DELETE' })).toEqual([]);
    });
  });

  it.each([
    ['as a tag', /manifests\/a$/],
    ['by its digest', /manifests\/sha256/],
  ])('not when a web page comes in the place of the answer (%s)', async (_, path) => {
    const page = {
      kind: 'status',
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html>',
    } as const;
    const { outcomes, reasons } = await deletion(
      { a: one },
      ['a'],
      [{ method: 'DELETE', path, fault: page }, noTags],
    );
    expect(outcomes).toEqual(['a kept']);
    expect(reasons[0]).toContain("the response is a web page (text/html), not a registry's answer");
  });

  it.each([
    ['as a tag', /manifests\/a$/, [], 'a tag'],
    ['by its digest', /manifests\/sha256/, [noTags], 'a manifest'],
  ] as const)('also when the answer is lost (%s)', async (_, path, others, expected) => {
    const lost: FaultRule = { method: 'DELETE', path, times: 1, fault: { kind: 'reset' } };
    const { registry, outcomes } = await deletion({ a: one, b: two }, ['a'], [...others, lost]);
    expect(outcomes).toEqual([expected]);
    expect(registry.tags('app')).toEqual(['b']);
    expect(registry.manifest('app', one.digest) === undefined).toBe(expected === 'a manifest');
  });

  it('not by its digest when the registry may be able to delete it as a tag later', async () => {
    const { registry, outcomes, reasons } = await deletion(
      { a: one },
      ['a'],
      [{ method: 'DELETE', path: /manifests\/a$/, fault: { kind: 'status', status: 503 } }],
    );
    expect(outcomes).toEqual(['a kept']);
    expect(reasons[0]).toContain('503');
    expect(registry.manifest('app', 'a')).toBeDefined();
  });

  it('where the registry states the type of a web page for its empty answer', async () => {
    const { outcomes } = await deletion(
      { a: one },
      ['a'],
      [
        {
          method: 'DELETE',
          path: /manifests\/a$/,
          fault: { kind: 'headers', headers: { 'content-type': 'text/html' } },
        },
      ],
    );
    expect(outcomes).toEqual(['a tag']);
  });

  it('not at all where the registry deletes nothing', async () => {
    const { registry, outcomes, reasons } = await deletion({ a: one }, ['a'], [nothing]);
    expect(outcomes).toEqual(['a kept']);
    expect(reasons[0]).toContain('405');
    expect(registry.tags('app')).toEqual(['a']);
  });
});
