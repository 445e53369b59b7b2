// The edges of a plan in little memory: each comes back as it was added, counted by what becomes of it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { edgeActions, type PlannedEdge } from '../../src/promotion/plan-edges.ts';
import { Places, PlannedEdges, RepositoryEdges } from '../../src/promotion/repository-edges.ts';

const destination = 'b.test/prod/app';
// Few of each, so that edges share places.
const name = fc.constantFrom('1', '2', '3');
const digest = name.map((text) => digestOf(text));
const edge: fc.Arbitrary<PlannedEdge> = fc.record(
  {
    source: name.map((text) => `a.test/staging/${text}`),
    destination: fc.constant(destination),
    digest,
    tag: fc.option(name),
    action: fc.constantFrom(...edgeActions),
    was: digest,
    reason: name,
  },
  { requiredKeys: ['source', 'destination', 'digest', 'tag', 'action'] },
);

/** Repositories with these edges; each has a destination of its own. */
function planOf(lists: readonly (readonly PlannedEdge[])[]) {
  const places = new Places();
  const added = lists.map((list, number) =>
    list.map((each) => ({ ...each, destination: `${destination}-${number}` })),
  );
  const repositories = added.map(
    (list, number) => new RepositoryEdges(`${destination}-${number}`, list, places),
  );
  return { added: added.flat(), edges: new PlannedEdges(repositories) };
}

const lists = fc.array(fc.array(edge, { maxLength: 6 }), { maxLength: 6 });

describe('the edges of a plan', () => {
  it('are those that were added, in their order', () => {
    fc.assert(
      fc.property(lists, (each) => {
        const { added, edges } = planOf(each);
        expect([...edges]).toEqual(added);
        expect(edges).toHaveLength(added.length);
      }),
    );
  });

  it('are found by their position among all, also after repositories without any', () => {
    fc.assert(
      fc.property(lists, (each) => {
        const { added, edges } = planOf(each);
        expect(added.map((_, position) => edges.at(position))).toEqual(added);
        expect(() => edges.at(added.length)).toThrow(RangeError);
      }),
    );
  });

  it('are counted by their action', () => {
    fc.assert(
      fc.property(lists, (each) => {
        const { added, edges } = planOf(each);
        expect(edgeActions.map((action) => edges.count(action))).toEqual(
          edgeActions.map((action) => added.filter((one) => one.action === action).length),
        );
      }),
    );
  });
});

it('equal edges to several destinations share their place', () => {
  const places = new Places();
  const of = (tag: string | null, to: string) =>
    places.of({ source: 'a.test/app', destination: to, digest: digestOf('1'), tag });
  expect(of('1', 'b.test/app')).toBe(of('1', 'c.test/app'));
  expect(of('1', 'b.test/app')).not.toBe(of('2', 'b.test/app'));
  expect(of(null, 'b.test/app')).toEqual({ source: 'a.test/app', digest: digestOf('1'), tag: null });
});
