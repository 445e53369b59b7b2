// How a plan is divided into shards: every repository once, hosts kept together, the same on every machine.
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { PlannedEdge } from '../../src/promotion/plan-edges.ts';
import { encodePlan } from '../../src/promotion/plan-file.ts';
import { readPlanContents, readPlanEdges } from '../../src/promotion/plan-reader.ts';
import { promotionsOfShard, repositoriesOfShard, type WeighedRepository } from '../../src/promotion/shard.ts';

const repositories = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 99 })), {
    selector: ([host, name]) => `${host}/${name}`,
    maxLength: 60,
  })
  .map((pairs) =>
    pairs.map(([host, name]) => ({ destination: `host-${host}.test/app-${name}`, edges: 1 + (name % 7) })),
  );

const shardsOf = (all: readonly WeighedRepository[], count: number) =>
  Array.from({ length: count }, (_, index) => [...repositoriesOfShard(all, { index, count })]);

const hostOf = (destination: string) => destination.split('/')[0];

describe('the shards of a plan', () => {
  it('have every repository exactly once, whatever their order', () => {
    fc.assert(
      fc.property(repositories, fc.integer({ min: 1, max: 12 }), (all, count) => {
        const shards = shardsOf(all, count);
        expect(shards.flat().sort()).toEqual(all.map(({ destination }) => destination).sort());
        const reversed = shardsOf(all.toReversed(), count);
        expect(reversed.map((shard) => shard.sort())).toEqual(shards.map((shard) => shard.sort()));
      }),
    );
  });

  it('do not divide a host where there are as many hosts as shards, or more', () => {
    fc.assert(
      fc.property(repositories, fc.integer({ min: 1, max: 9 }), (all, count) => {
        fc.pre(new Set(all.map(({ destination }) => hostOf(destination))).size >= count);
        const owners = new Map<string | undefined, Set<number>>();
        for (const [index, shard] of shardsOf(all, count).entries()) {
          for (const destination of shard) {
            const host = hostOf(destination);
            owners.set(host, (owners.get(host) ?? new Set()).add(index));
          }
        }
        expect([...owners.values()].every(({ size }) => size === 1)).toBe(true);
      }),
    );
  });

  it('share the work of hosts of different sizes', () => {
    const sizes = [400, 200, 100, 100, 50, 50, 50, 50];
    const all = sizes.flatMap((size, host) =>
      Array.from({ length: size }, (_, name) => ({ destination: `h${host}.test/${name}`, edges: 1 })),
    );
    const loads = shardsOf(all, 4).map(({ length }) => length);
    expect(Math.max(...loads)).toBeLessThanOrEqual(400);
    expect(Math.min(...loads)).toBeGreaterThanOrEqual(150);
  });

  it('divide the largest hosts where there are more shards than hosts', () => {
    const all = Array.from({ length: 400 }, (_, name) => ({ destination: `h.test/app-${name}`, edges: 1 }));
    const loads = shardsOf(all, 4).map(({ length }) => length);
    expect(Math.min(...loads)).toBeGreaterThan(60);
  });
});

it('the promotions of all shards are all promotions', () => {
  const promotions = ['a.test/app', 'b.test/app', 'b.test/y'].map((destination) => ({
    destination,
    sources: [
      {
        source: 's.test/app',
        name: 'x',
        digests: [{ digest: digestOf('x'), tags: ['1', '2'], file: '', line: 1 }],
      },
    ],
  }));
  const shards = [0, 1].map((index) => promotionsOfShard(promotions, { index, count: 2 }));
  expect(shards.map(({ length }) => length).toSorted()).toEqual([1, 2]);
  expect(new Set(shards.flat())).toEqual(new Set(promotions));
});

it('the edges of a repository are in one shard of a saved plan, with what was set aside', async () => {
  const edge = (destination: string, action: PlannedEdge['action']): PlannedEdge => ({
    source: 's.test/app',
    destination,
    digest: digestOf('x'),
    tag: null,
    action,
  });
  const edges = [
    edge('a.test/app', 'copy'),
    edge('a.test/app', 'lost'),
    edge('b.test/app', 'tag'),
    edge('b.test/app', 'tag'),
    edge('c.test/app', 'failed'),
  ];
  const saved = [...encodePlan({ edges, total: 99 }, 0, String)].map((line) => Buffer.from(line));
  const { repositories } = await readPlanContents(Readable.from(saved));
  const shards = await Promise.all(
    [0, 1].map(async (index) => {
      const mine = repositoriesOfShard(repositories, { index, count: 2 });
      return [...(await readPlanEdges(Readable.from(saved), (destination) => mine.has(destination)))];
    }),
  );
  expect(shards.flat()).toHaveLength(5);
  expect(new Set(shards.flat())).toEqual(new Set(edges));
  const owners = shards.map((shard) => new Set(shard.map(({ destination }) => destination)));
  expect(owners[0]?.isDisjointFrom(owners[1] ?? new Set())).toBe(true);
  expect(owners.every(({ size }) => size > 0)).toBe(true);
});
