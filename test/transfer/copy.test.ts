// A graph arrives children first and root last, as many nodes at a time as allowed, and not at all when it is there.
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ContentKind, ContentNode, ContentSource, ContentTarget } from '../../src/oci/content.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { copy } from '../../src/transfer/copy.ts';
import { recordedLog } from '../support/test-session.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

function node(name: string, kind: ContentKind = 'blob'): ContentNode & { name: string } {
  const bytes = Buffer.from(name);
  const descriptor: Descriptor = { mediaType: kind, size: bytes.length, digest: digestOf(bytes) };
  return { name, kind, descriptor, open: async () => Readable.from([bytes]) };
}

/** A source of these nodes; `yielded` tells how far it was read. */
function sourceOf(nodes: readonly ContentNode[], options: { known?: boolean } = {}) {
  const yielded: string[] = [];
  const root = nodes.at(-1)?.descriptor;
  const source: ContentSource = {
    root: options.known ? root : undefined,
    async *nodes(present) {
      for (const each of nodes) {
        const below = each.kind !== 'blob' && each.descriptor !== root;
        if (!below || !(await present(each.descriptor, each.kind))) {
          yielded.push(nameOf(each));
          yield each;
        }
      }
    },
  };
  return { source, yielded };
}

function nameOf({ descriptor }: { descriptor: Descriptor }): string {
  return names.get(descriptor.digest) ?? descriptor.digest;
}

const names = new Map<string, string>();
function named(...entries: readonly [name: string, kind?: ContentKind][]): ContentNode[] {
  return entries.map(([name, kind]) => {
    const made = node(name, kind);
    names.set(made.descriptor.digest, name);
    return made;
  });
}

/** A target in memory. Writes last until they are let go where `hold` says so. */
function targetOf(options: {
  order?: 'any' | 'listed';
  has?: readonly string[];
  tags?: Readonly<Record<string, string>>;
  hold?: boolean;
  fails?: string;
}) {
  const events: string[] = [];
  const held = new Map<string, () => void>();
  let running = 0;
  let most = 0;
  const target: ContentTarget = {
    order: options.order ?? 'any',
    has: async (descriptor) => options.has?.includes(nameOf({ descriptor })) ?? false,
    outdatedTags: async (root, tags) =>
      tags.filter((tag) => options.tags?.[tag] !== nameOf({ descriptor: root })),
    async write(each) {
      const name = nameOf(each);
      events.push(`write ${name}`);
      running += 1;
      most = Math.max(most, running);
      if (options.hold) {
        await new Promise<void>((resolve) => held.set(name, resolve));
      }
      await settled();
      running -= 1;
      if (options.fails === name) {
        throw new Error(`${name} failed`);
      }
      events.push(`wrote ${name}`);
      return 'pushed';
    },
    async publish(root, bytes, tags) {
      events.push(
        `publish ${Buffer.from(bytes).toString()} ${nameOf({ descriptor: root })} [${tags.join(' ')}]`,
      );
    },
  };
  const release = async (name: string) => {
    held.get(name)?.();
    await settled();
    await settled();
  };
  return { target, events, release, most: () => most };
}

const image = () => named(['config'], ['layer 1'], ['layer 2'], ['root', 'manifest']);
const index = () =>
  named(
    ['config a'],
    ['layer a'],
    ['image a', 'manifest'],
    ['config b'],
    ['layer b'],
    ['image b', 'manifest'],
    ['root', 'index'],
  );

function run(
  source: ContentSource,
  target: ContentTarget,
  { tags = ['latest'], concurrency = 3, log = recordedLog() } = {},
) {
  return copy(source, target, tags, { concurrency, log });
}

describe('a copy', () => {
  it('writes children before parents, and publishes the root last', async () => {
    const { target, events } = targetOf({});
    const { source } = sourceOf(index());
    const root = await run(source, target);
    expect(nameOf({ descriptor: root })).toBe('root');
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
    expect(events.at(-1)).toBe('publish root root [latest]');
    expect(events.filter((event) => event.startsWith('publish'))).toHaveLength(1);
  });

  it('holds a parent back while a child is on its way', async () => {
    const { target, events, release } = targetOf({ hold: true });
    const done = run(sourceOf(image()).source, target);
    await settled();
    await release('config');
    await release('layer 2');
    expect(events.some((event) => event.startsWith('publish'))).toBe(false);
    await release('layer 1');
    await done;
    expect(events.at(-1)).toBe('publish root root [latest]');
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

  it('publishes by digest when there are no tags', async () => {
    const { target, events } = targetOf({});
    await run(sourceOf(image()).source, target, { tags: [] });
    expect(events.at(-1)).toBe('publish root root []');
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
  it('is not written, and told', async () => {
    const { target, events } = targetOf({ has: ['config', 'layer 1'] });
    const log = recordedLog();
    await run(sourceOf(image()).source, target, { log });
    expect(events).toEqual(['write layer 2', 'wrote layer 2', 'publish root root [latest]']);
    expect(log.text.match(/existing blob: sha256:/g)).toHaveLength(2);
    expect(log.text.match(/pushed blob: sha256:/g)).toHaveLength(1);
  });

  it('is not descended into', async () => {
    const { target, events } = targetOf({ has: ['image a'] });
    const { source, yielded } = sourceOf(index());
    await run(source, target);
    expect(yielded).not.toContain('image a');
    expect(events).not.toContain('write image a');
  });

  it('sends nothing when every tag points at the known root', async () => {
    const { target, events } = targetOf({ tags: { latest: 'root', '1.0': 'root' } });
    const { source, yielded } = sourceOf(image(), { known: true });
    await run(source, target, { tags: ['latest', '1.0'] });
    expect([events, yielded]).toEqual([[], []]);
  });

  it('moves only the tags that point elsewhere', async () => {
    for (const known of [true, false]) {
      const { target, events } = targetOf({ tags: { latest: 'root', '1.0': 'other' } });
      await run(sourceOf(image(), { known }).source, target, { tags: ['latest', '1.0', '1'] });
      expect(events.at(-1)).toBe('publish root root [1.0 1]');
    }
  });

  it('publishes nothing when a root found on the way has all its tags', async () => {
    const { target, events } = targetOf({ tags: { latest: 'root' } });
    await run(sourceOf(image()).source, target);
    expect(events.some((event) => event.startsWith('publish'))).toBe(false);
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
    expect(events.some((event) => event.startsWith('publish'))).toBe(false);
    expect(yielded).not.toContain('layer b');
  });

  it('of a parent is told', async () => {
    const { target, events } = targetOf({ fails: 'image b' });
    await expect(run(sourceOf(index()).source, target)).rejects.toThrow('image b failed');
    expect(events.some((event) => event.startsWith('publish'))).toBe(false);
  });
});
