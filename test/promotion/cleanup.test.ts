// Which temporary tags are due, and how each is deleted without taking anything else along.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { type AgedTag, deleteTags, dueTags } from '../../src/promotion/cleanup.ts';
import { timeInTag } from '../../src/promotion/tag-age.ts';
import { readRepositoryContents } from '../../src/registry/repository-contents.ts';
import type { FaultRule } from '../support/fault.ts';
import { buildIndex, type Root } from '../support/images.ts';
import { imageWith, registryWith } from '../support/promotion.ts';
import { errorReply } from '../support/reply.ts';
import { openTestSession } from '../support/test-session.ts';

const hour = 3_600_000;
const now = Date.UTC(2026, 0, 10);
const [one, two] = await Promise.all([imageWith('1'), imageWith('2')]);

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
  ) {
    const registry = await registryWith(
      Object.fromEntries(Object.entries(images).map(([tag, image]) => [`app:${tag}`, image])),
      { faults },
    );
    const session = await openTestSession(`${registry.host}/app`, { actions: 'push,pull', policy: 'out' });
    const { tags } = await readRepositoryContents(session, 4);
    const chosen = due.map((tag) => ({ tag, digest: tags.get(tag) ?? digestOf(tag) }));
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

  it('not at all where the registry deletes nothing', async () => {
    const { registry, outcomes, reasons } = await deletion({ a: one }, ['a'], [nothing]);
    expect(outcomes).toEqual(['a kept']);
    expect(reasons[0]).toContain('405');
    expect(registry.tags('app')).toEqual(['a']);
  });
});
