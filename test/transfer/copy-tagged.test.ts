// Tags move last and only where they must; what forbids them to move is known before anything is sent.
import { describe, expect, it } from 'vitest';
import type { ContentEvent } from '../../src/content/content-event.ts';
import type { ContentSource, TaggedTarget } from '../../src/content/content-graph.ts';
import { errorText } from '../../src/errors.ts';
import { createLimiter } from '../../src/limiter.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { immutableTagRule, type OnConflict } from '../../src/policy/tag-decision.ts';
import { copyTagged } from '../../src/transfer/copy-tagged.ts';
import { image, index, nameOf, sourceOf, targetOf } from '../support/content-graph.ts';

interface Settings {
  readonly tags?: readonly string[];
  readonly immutable?: readonly string[];
  readonly onConflict?: OnConflict;
}

async function run(source: ContentSource, target: TaggedTarget, settings: Settings = {}) {
  const { tags = ['latest'], immutable = [], onConflict = 'fail' } = settings;
  const rule = immutableTagRule(new Set(immutable), onConflict);
  const unchanged: string[] = [];
  const on = (event: ContentEvent) => {
    if (event.type === 'tag-unchanged') {
      unchanged.push(`${event.tag}@${event.digest}`);
    }
  };
  const { root, conflicts } = await copyTagged(source, target, tags, { limiter: createLimiter(3), on, rule });
  return { root: nameOf(root), conflicts, unchanged };
}

const sent = (events: readonly string[]) => events.filter((event) => !event.startsWith('look at'));
const published = (events: readonly string[]) => events.filter((event) => event.startsWith('publish'));

describe.each([true, false])('a copy under tags, with a root that is known before: %s', (known) => {
  it('publishes the root under all of them at once, after everything below it', async () => {
    const { target, events } = targetOf({});
    const { root } = await run(sourceOf(index(), { known }).source, target, { tags: ['1.0', 'latest'] });
    expect(root).toBe('root');
    expect(events.filter((event) => event.startsWith('wrote'))).toHaveLength(6);
    expect(events.at(-1)).toBe('publish root as 1.0 latest: root');
    expect(published(events)).toHaveLength(1);
  });

  it('moves only the tags that point elsewhere, and reports the others', async () => {
    const { target, events } = targetOf({ tags: { latest: 'root', '1.0': 'other' } });
    const { unchanged } = await run(sourceOf(image(), { known }).source, target, {
      tags: ['latest', '1.0', '1'],
    });
    expect(published(events)).toEqual(['publish root as 1.0 1: root']);
    expect(unchanged).toEqual([`latest@${digestOf('root')}`]);
  });

  it('reads movable tags once, and moves those too whose state is unclear', async () => {
    const { target, events } = targetOf({ tags: { latest: 'unclear' } });
    await run(sourceOf(image(), { known }).source, target);
    expect(events[0]).toBe('look at latest');
    expect(events.filter((event) => event.startsWith('look at'))).toHaveLength(1);
    expect(events.at(-1)).toBe('publish root as latest: root');
  });

  it('fails without having moved a tag when something below the root fails', async () => {
    const { target, events } = targetOf({ fails: 'layer 2' });
    const error = await run(sourceOf(image(), { known }).source, target).catch((reason: unknown) => reason);
    expect(errorText(error)).toContain('layer 2 failed');
    expect(published(events)).toEqual([]);
  });

  it('sends nothing when an immutable tag has another root', async () => {
    const { target, events } = targetOf({ tags: { '1.0': 'other' } });
    const outcome = run(sourceOf(image(), { known }).source, target, {
      tags: ['latest', '1.0'],
      immutable: ['1.0'],
    });
    await expect(outcome).rejects.toThrow(`1.0 points at ${digestOf('other')}`);
    expect(sent(events)).toEqual([]);
  });

  it('sends nothing when all tags are to be skipped', async () => {
    const { target, events } = targetOf({ tags: { '1.0': 'other' } });
    const settings = { tags: ['1.0'], immutable: ['1.0'], onConflict: 'skip' } as const;
    const { root, conflicts } = await run(sourceOf(image(), { known }).source, target, settings);
    expect([root, conflicts]).toEqual(['root', [{ tag: '1.0', digest: digestOf('other') }]]);
    expect(sent(events)).toEqual([]);
  });

  it('does not move an immutable tag that another client created meanwhile', async () => {
    const tags: Record<string, string> = {};
    const { target, events } = targetOf({ tags, writing: () => Object.assign(tags, { '1.0': 'other' }) });
    const outcome = run(sourceOf(image(), { known }).source, target, { tags: ['1.0'], immutable: ['1.0'] });
    await expect(outcome).rejects.toThrow(`1.0 points at ${digestOf('other')}`);
    expect(published(events)).toEqual([]);
  });
});

describe('a copy whose tags all point at the root', () => {
  const tags = { latest: 'root', '1.0': 'root' };

  it('reads and sends nothing when the root is known', async () => {
    const { target, events } = targetOf({ tags });
    const { source, yielded } = sourceOf(image(), { known: true });
    const { unchanged } = await run(source, target, { tags: ['latest', '1.0'] });
    expect([sent(events), yielded]).toEqual([[], []]);
    expect(unchanged).toHaveLength(2);
  });

  it('publishes nothing when the root is known only at the end', async () => {
    const { target, events } = targetOf({ tags });
    const { unchanged } = await run(sourceOf(image()).source, target, { tags: ['latest', '1.0'] });
    expect(published(events)).toEqual([]);
    expect(unchanged).toHaveLength(2);
  });

  it('sends nothing for immutable tags, although the source has to be read', async () => {
    const { target, events } = targetOf({ tags });
    const { source, yielded } = sourceOf(image());
    await run(source, target, { tags: ['1.0'], immutable: ['1.0'] });
    expect(yielded.at(-1)).toBe('root');
    expect(sent(events)).toEqual([]);
  });
});
