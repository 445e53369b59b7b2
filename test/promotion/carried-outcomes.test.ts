// What became of edges, kept by their position, and what that changes in the counts of a plan.
import { expect, it } from 'vitest';
import { createCarriedOutcomes } from '../../src/promotion/carried-outcomes.ts';

it('outcomes are kept by the position of their edge, with the reason where there is one', () => {
  const outcomes = createCarriedOutcomes(4);
  outcomes.set(3, { outcome: 'failed', reason: 'status 500' });
  outcomes.set(1, { outcome: 'present' });
  expect([0, 1, 2, 3].map((position) => outcomes.get(position))).toEqual([
    undefined,
    { outcome: 'present' },
    undefined,
    { outcome: 'failed', reason: 'status 500' },
  ]);
});

it('an edge that was carried out is no longer pending in the counts', () => {
  const outcomes = createCarriedOutcomes(9);
  for (const [position, outcome] of (
    ['copied', 'copied', 'tagged', 'present', 'failed'] as const
  ).entries()) {
    outcomes.set(position, { outcome });
  }
  expect(outcomes.changes()).toEqual({
    edges: 0,
    present: 1,
    pending: -5,
    copied: 2,
    tagged: 1,
    lost: 0,
    tag_moves: 0,
    failed: 1,
  });
});
