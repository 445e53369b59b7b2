// A graph arrives children first and root last, as many nodes at a time as allowed, and never twice.
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ContentNode, ContentSource, ContentTarget } from '../../src/content/content-graph.ts';
import { errorText } from '../../src/errors.ts';
import { createLimiter } from '../../src/limiter.ts';
import { copy } from '../../src/transfer/copy.ts';
import { CopyError } from '../../src/transfer/copy-error.ts';
import { image, index, named, nameOf, settled, sourceOf, targetOf } from '../support/content-graph.ts';

function run(source: ContentSource, target: ContentTarget, { concurrency = 3 } = {}) {
  return copy(source, target, { limiter: createLimiter(concurrency), on: () => {} });
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

  it('writes a parent only after its children', async () => {
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

  it('copies as many nodes at a time as allowed, and reads no further ahead', async () => {
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

  it('fails when the source does not end with its root', async () => {
    const { target } = targetOf({});
    await expect(run(sourceOf(named(['blob'])).source, target)).rejects.toThrow('must end with its root');
  });
});

describe('content that the target has already', () => {
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

describe('a target with listed order', () => {
  it('receives all nodes in the order of the source, parents too', async () => {
    const { target, events, most } = targetOf({ order: 'listed' });
    await run(sourceOf(index()).source, target, { concurrency: 8 });
    expect(events.filter((event) => event.startsWith('write'))).toEqual(
      ['config a', 'layer a', 'image a', 'config b', 'layer b', 'image b'].map((name) => `write ${name}`),
    );
    expect(most()).toBe(1);
  });
});

describe('a copy whose root exists already', () => {
  it('checks only the root, and publishes it', async () => {
    const { target, events } = targetOf({ has: ['root'] });
    const { source, yielded } = sourceOf(index(), { known: true });
    await run(source, target);
    expect(yielded).toEqual(['root']);
    expect(events).toEqual(['publish root: root']);
  });
});

describe('a copy that can mount', () => {
  const origin = { registry: 'registry.example.com', path: 'team/other' };
  const fromOther = () => image().map((node) => ({ ...node, origin }));

  it('mounts blobs from their origin, and reads none of them', async () => {
    const { target, events } = targetOf({});
    const mounted: string[] = [];
    const mounting: ContentTarget = {
      ...target,
      async mount(descriptor, from) {
        mounted.push(`${nameOf(descriptor)} from ${from.path}`);
        return true;
      },
    };
    await run(sourceOf(fromOther()).source, mounting);
    expect(mounted).toEqual(['config', 'layer 1', 'layer 2'].map((name) => `${name} from team/other`));
    expect(events).toEqual(['publish root: root']);
  });

  it('writes a blob that the target cannot mount', async () => {
    const { target, events } = targetOf({});
    await run(sourceOf(fromOther()).source, { ...target, mount: async () => false });
    expect(events.filter((event) => event.startsWith('wrote'))).toHaveLength(3);
  });
});

describe('a copy to a target that lacks content which it said it has', () => {
  const unknown = () => Object.assign(new Error('blob unknown'), { code: 'CONTENT_UNKNOWN' });

  /** A target that refuses the root until `layer 1` was written. */
  function forgetful(options: { readonly always?: boolean } = {}) {
    const { target, events } = targetOf({ has: ['layer 1', 'layer 2'] });
    const checking: ContentTarget = {
      ...target,
      async publish(root, bytes) {
        if (options.always || !events.includes('wrote layer 1')) {
          throw unknown();
        }
        await target.publish(root, bytes);
      },
    };
    return { checking, events };
  }

  it('sends everything again, once', async () => {
    const { checking, events } = forgetful();
    await run(sourceOf(image()).source, checking);
    expect(events.filter((event) => event.startsWith('wrote'))).toEqual(
      ['config', 'config', 'layer 1', 'layer 2'].map((name) => `wrote ${name}`),
    );
    expect(events.at(-1)).toBe('publish root: root');
  });

  it('fails when the target still lacks it', async () => {
    const { checking, events } = forgetful({ always: true });
    const failure = await run(sourceOf(image()).source, checking).catch((error: unknown) => error);
    expect(errorText(failure)).toMatch(/^writing manifest sha256:\w+ to target: blob unknown$/);
    expect(events.filter((event) => event === 'wrote layer 1')).toHaveLength(1);
  });
});

describe('the events of a copy', () => {
  it('state of each node whether it existed, was mounted or pushed', async () => {
    const { target } = targetOf({ has: ['config'] });
    const happened: string[] = [];
    await copy(sourceOf(image()).source, target, {
      limiter: createLimiter(1),
      on: (event) =>
        happened.push('node' in event ? `${event.type} ${nameOf(event.node.descriptor)}` : event.type),
    });
    expect(happened).toEqual(['existing config', 'pushed layer 1', 'pushed layer 2']);
  });
});

describe('a failed copy', () => {
  const failureOf = async (copying: Promise<unknown>) => {
    const error = await copying.catch((reason: unknown) => reason);
    return { side: error instanceof CopyError ? error.side : undefined, text: errorText(error) };
  };

  it.each(['any', 'listed'] as const)(
    'names the destination when that fails, and starts nothing more (order %s)',
    async (order) => {
      const { target, events } = targetOf({ order, fails: 'layer a' });
      const { source, yielded } = sourceOf(index());
      const failure = await failureOf(run(source, target, { concurrency: 1 }));
      expect(failure.side).toBe('destination');
      expect(failure.text).toMatch(/^writing blob sha256:\w+ to target: layer a failed$/);
      await settled();
      expect(events).not.toContain('write image a');
      expect(events).not.toContain('write config b');
      expect(published(events)).toEqual([]);
      expect(yielded).not.toContain('layer b');
    },
  );

  it('names the destination when a parent fails there', async () => {
    const { target, events } = targetOf({ fails: 'image b' });
    const { side, text } = await failureOf(run(sourceOf(index()).source, target));
    expect([side, text]).toEqual(['destination', expect.stringContaining('image b failed')]);
    expect(published(events)).toEqual([]);
  });

  it('names the source when its nodes cannot be listed', async () => {
    const source: ContentSource = {
      name: 'source',
      // biome-ignore lint/correctness/useYield: it fails before its first node
      async *nodes() {
        throw new Error('unreadable');
      },
    };
    expect(await failureOf(run(source, targetOf({}).target))).toEqual({
      side: 'source',
      text: 'reading source: unreadable',
    });
  });

  it.each([
    ['cannot be opened', async () => Promise.reject(new Error('unreadable'))],
    [
      'breaks while it is read',
      async () =>
        Readable.from(
          (async function* () {
            yield Buffer.from('half');
            throw new Error('unreadable');
          })(),
        ),
    ],
  ])('names the source when content %s', async (_, open) => {
    const { target } = targetOf({});
    const reading: ContentTarget = {
      ...target,
      async write(node) {
        await buffer(await node.open());
        return 'pushed';
      },
    };
    const [config, ...others] = image();
    const broken = sourceOf([{ ...config, open } as ContentNode, ...others]).source;
    const { side, text } = await failureOf(run(broken, reading));
    expect(side).toBe('source');
    expect(text).toMatch(/^reading blob sha256:\w+ from source: unreadable$/);
  });

  it('aborts the other transfers before it is reported', async () => {
    const ended: string[] = [];
    const { target } = targetOf({});
    const waiting: ContentTarget = {
      ...target,
      async write(node, signal) {
        if (nameOf(node.descriptor) === 'layer 2') {
          throw new Error('layer 2 failed');
        }
        const stream = await node.open();
        await once(signal ?? new EventTarget(), 'abort');
        await settled();
        ended.push(`${nameOf(node.descriptor)} ${stream.destroyed}`);
        throw new Error('ended');
      },
    };
    const { text } = await failureOf(run(sourceOf(image()).source, waiting));
    expect(text).toContain('layer 2 failed');
    expect(ended).toEqual(['config true', 'layer 1 true']);
  });

  it('ends with the reason of its signal when that is aborted', async () => {
    const { target, events, release } = targetOf({ hold: true });
    const interruption = new AbortController();
    const copying = copy(sourceOf(image()).source, target, {
      limiter: createLimiter(3),
      signal: interruption.signal,
      on: () => {},
    });
    copying.catch(() => {});
    await settled();
    interruption.abort(new Error('interrupted'));
    for (const name of ['config', 'layer 1', 'layer 2']) {
      await release(name);
    }
    await expect(copying).rejects.toThrow('interrupted');
    expect(published(events)).toEqual([]);
  });
});
