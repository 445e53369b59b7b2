// A graph arrives children first and root last, as many nodes at a time as allowed, and never twice.
import { describe, expect, it } from 'vitest';
import type { ContentSource, ContentTarget } from '../../src/content/content-graph.ts';
import { copy } from '../../src/transfer/copy.ts';
import { image, index, named, nameOf, settled, sourceOf, targetOf } from '../support/content-graph.ts';

function run(source: ContentSource, target: ContentTarget, { concurrency = 3 } = {}) {
  return copy(source, target, { concurrency });
}

const published = (events: readonly string[]) => events.filter((event) => event.startsWith('publish'));

describe('a copy', () => {
  it('writes children before parents, and publishes the root last, by its digest', async () => {
    const { target, events } = targetOf({});
    const { source } = sourceOf(index());
    const root = await run(source, target);
    expect(nameOf(root)).toBe('root');
    const at = (event: string) => events.indexOf(event);
    for (const [child, parent] of [
      ['config a', 'image a'],
      ['layer a', 'image a'],
      ['config b', 'image b'],
      ['layer b', 'image b'],
    ]) {
      expect(at(`wrote ${child}`)).toBeGreaterThanOrEqual(0);
      expect(at(`wrote ${child}`)).toBeLessThan(at(`write ${parent}`));
    }
    expect(events.at(-1)).toBe('publish root: root');
    expect(published(events)).toHaveLength(1);
  });

  it('holds a parent back while a child is on its way', async () => {
    const { target, events, release } = targetOf({ hold: true });
    const done = run(sourceOf(image()).source, target);
    await settled();
    await release('config');
    await release('layer 2');
    expect(published(events)).toEqual([]);
    await release('layer 1');
    await done;
    expect(events.at(-1)).toBe('publish root: root');
  });

  it('moves as many nodes at a time as allowed, and reads no further ahead', async () => {
    const blobs = named(...Array.from({ length: 10 }, (_, position): [string] => [`blob ${position}`]), [
      'root',
      'manifest',
    ]);
    const { target, release, most } = targetOf({ hold: true });
    const { source, yielded } = sourceOf(blobs);
    const done = run(source, target, { concurrency: 3 });
    await settled();
    await settled();
    expect(yielded).toEqual(['blob 0', 'blob 1', 'blob 2', 'blob 3']);
    for (let position = 0; position < 10; position++) {
      await release(`blob ${position}`);
    }
    await done;
    expect(most()).toBe(3);
  });

  it('needs a source that ends with its root', async () => {
    const { target } = targetOf({});
    await expect(run(sourceOf(named(['blob'])).source, target)).rejects.toThrow('must end with its root');
  });

  it('fails as the source fails', async () => {
    const source: ContentSource = {
      // biome-ignore lint/correctness/useYield: it fails before its first node
      async *nodes() {
        throw new Error('unreadable');
      },
    };
    await expect(run(source, targetOf({}).target)).rejects.toThrow('unreadable');
  });
});

describe('what is there already', () => {
  it('is not written', async () => {
    const { target, events } = targetOf({ has: ['config', 'layer 1'] });
    await run(sourceOf(image()).source, target);
    expect(events).toEqual(['write layer 2', 'wrote layer 2', 'publish root: root']);
  });

  it('is not descended into', async () => {
    const { target, events } = targetOf({ has: ['image a'] });
    const { source, yielded } = sourceOf(index());
    await run(source, target);
    expect(yielded).not.toContain('image a');
    expect(events).not.toContain('write image a');
  });
});

describe('a target that takes one after the other', () => {
  it('gets all nodes in the order of the source, parents too', async () => {
    const { target, events, most } = targetOf({ order: 'listed' });
    await run(sourceOf(index()).source, target, { concurrency: 8 });
    expect(events.filter((event) => event.startsWith('write'))).toEqual(
      ['config a', 'layer a', 'image a', 'config b', 'layer b', 'image b'].map((name) => `write ${name}`),
    );
    expect(most()).toBe(1);
  });
});

describe('a failure', () => {
  it.each(['any', 'listed'] as const)('is told and ends the copy (%s)', async (order) => {
    const { target, events } = targetOf({ order, fails: 'layer a' });
    const { source, yielded } = sourceOf(index());
    await expect(run(source, target, { concurrency: 1 })).rejects.toThrow('layer a failed');
    await settled();
    expect(events).not.toContain('write image a');
    expect(events).not.toContain('write config b');
    expect(published(events)).toEqual([]);
    expect(yielded).not.toContain('layer b');
  });

  it('of a parent is told', async () => {
    const { target, events } = targetOf({ fails: 'image b' });
    await expect(run(sourceOf(index()).source, target)).rejects.toThrow('image b failed');
    expect(published(events)).toEqual([]);
  });
});
