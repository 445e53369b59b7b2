// The goals of the benchmark: what holds, what is missed by little or by more, and what cannot be judged.
import { describe, expect, it } from 'vitest';
import { type Goal, judge } from '../../bench/goals.ts';
import type { Measurement } from '../../bench/measure.ts';
import type { Result } from '../../bench/results.ts';

function result(name: string, walls: readonly number[], counts?: Result['counts']): Result {
  const measurements = walls.map((wall): Measurement => ({ status: 0, wall, cpu: wall / 2, memory: 50e6 }));
  return { name, measurements, ...(counts ? { counts } : {}) };
}

const results = [
  result('native', [9, 1, 1.1], { requests: 3 }),
  result('upstream', [2]),
  result('crane', [1]),
  result('without', [1.08], { requests: 3 }),
];
const native = { own: 'native', figure: 'wall' } as const;

describe('a goal', () => {
  const rows: readonly [string, Goal, string, string][] = [
    ['a median at its bound', { kind: 'value', ...native, bound: { atMost: 1.1 } }, '1.10 s', 'holds'],
    [
      'a median 4 % above its bound',
      { kind: 'value', ...native, bound: { atMost: 1.058 } },
      '1.10 s',
      'within 5 %',
    ],
    [
      'a median 6 % above its bound',
      { kind: 'value', ...native, bound: { atMost: 1.037 } },
      '1.10 s',
      'MISSED',
    ],
    [
      'a count that is too high by one',
      { kind: 'value', own: 'native', figure: 'requests', bound: { atMost: 2 } },
      '3',
      'MISSED',
    ],
    [
      'a share of a peer',
      { kind: 'ratio', ...native, peers: ['upstream'], bound: { atMost: 0.65 } },
      '0.55 (upstream)',
      'holds',
    ],
    [
      'a multiple that a peer needs',
      { kind: 'ratio', ...native, peers: ['upstream'], bound: { atLeast: 1.9 } },
      '1.82 (upstream)',
      'within 5 %',
    ],
    [
      'a multiple that a peer does not need',
      { kind: 'ratio', ...native, peers: ['upstream'], bound: { atLeast: 3 } },
      '1.82 (upstream)',
      'MISSED',
    ],
    [
      'the best of several peers, of which one was not found',
      { kind: 'ratio', ...native, peers: ['upstream', 'crane', 'oras'], bound: { atMost: 1 } },
      '1.10 (crane)',
      'MISSED',
    ],
    [
      'what one command takes beyond another',
      { kind: 'difference', ...native, without: 'without', bound: { atMost: 0.025 } },
      '20.0 ms',
      'holds',
    ],
    [
      'a difference of none where none is allowed',
      { kind: 'difference', own: 'native', figure: 'requests', without: 'without', bound: { atMost: 0 } },
      '0',
      'holds',
    ],
    [
      'a difference in favour of the command',
      { kind: 'difference', own: 'crane', figure: 'wall', without: 'upstream', bound: { atMost: 0 } },
      '-1.00 s',
      'holds',
    ],
    [
      'a peer that was not found',
      { kind: 'ratio', ...native, peers: ['oras'], bound: { atMost: 1 } },
      'native or oras was not found',
      'not judged',
    ],
    [
      'a command that is not built',
      { kind: 'value', own: 'Node', figure: 'wall', bound: { atMost: 1 } },
      'Node was not found',
      'not judged',
    ],
    [
      'a figure that was not counted',
      { kind: 'value', own: 'upstream', figure: 'requests', bound: { atMost: 1 } },
      'upstream was not found',
      'not judged',
    ],
  ];

  it.each(rows)('judges %s', (_, goal, found, verdict) => {
    expect(judge([goal], results)).toEqual([expect.objectContaining({ found, verdict })]);
  });

  it('is said in words, as the limit that it is', () => {
    const goals: Goal[] = [
      { kind: 'ratio', ...native, peers: ['upstream'], bound: { atLeast: 3.2 } },
      { kind: 'ratio', own: 'native', figure: 'cpu', peers: ['crane', 'oras'], bound: { atMost: 0.5 } },
      { kind: 'value', own: 'native', figure: 'memory', bound: { atMost: 256e6 } },
      { kind: 'value', own: 'native', figure: 'use', bound: { atLeast: 0.9 } },
      { kind: 'difference', own: 'verify', figure: 'cpu', without: 'native', bound: { atMost: 0.025 } },
    ];
    expect(judge(goals, []).map(({ goal }) => goal)).toEqual([
      'native: wall time, upstream needs at least 3.2 ×',
      'native: CPU time, at most 0.5 × the best of crane, oras',
      'native: memory, at most 256 MB',
      'native: use of what each host admits, at least 90 %',
      'verify: CPU time beyond that of native, at most 25.0 ms',
    ]);
  });
});
