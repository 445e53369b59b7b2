// Goals of the benchmark: what is demanded of the results of a case, and whether it holds.
import { type Figure, figureOf, figures, type Result } from './results.ts';

/** A limit that a figure must not exceed, or must reach. */
export type Bound = { readonly atMost: number } | { readonly atLeast: number };

/** What is judged: a figure of one command, by how much it exceeds that of another, or its ratio to other tools. */
export type Goal = { readonly own: string; readonly figure: Figure } & (
  | { readonly kind: 'value'; readonly bound: Bound }
  | { readonly kind: 'difference'; readonly without: string; readonly bound: { readonly atMost: number } }
  /** To the best of the peers that were found: `atMost` bounds own / peer, `atLeast` peer / own. */
  | { readonly kind: 'ratio'; readonly peers: readonly string[]; readonly bound: Bound }
);

/** How far a figure may be from its bound before the goal counts as missed: two runs differ by as much. */
export const tolerance = 0.05;

/** What became of a goal. One whose commands were not found is not judged. */
export type Verdict = 'holds' | 'within 5 %' | 'MISSED' | 'not judged';

/** A goal in words, with its figure in this run. */
export interface Judgement {
  readonly goal: string;
  readonly found: string;
  readonly verdict: Verdict;
}

/** Judges the goals by the medians of the results. */
export function judge(goals: readonly Goal[], results: readonly Result[]): Judgement[] {
  return goals.map((goal) => {
    const text = `${goal.own}: ${demandOf(goal)}`;
    const found = foundFor(goal, results);
    if (found === undefined) {
      return { goal: text, found: missingFor(goal), verdict: 'not judged' };
    }
    return { goal: text, found: found.text, verdict: verdictOf(found.value, goal.bound) };
  });
}

function demandOf(goal: Goal): string {
  const { name, print } = figures[goal.figure];
  const limit =
    goal.kind === 'ratio'
      ? 'atMost' in goal.bound
        ? `at most ${goal.bound.atMost} × ${peersOf(goal)}`
        : `${peersOf(goal)} needs at least ${goal.bound.atLeast} ×`
      : 'atMost' in goal.bound
        ? `at most ${print(goal.bound.atMost)}`
        : `at least ${print(goal.bound.atLeast)}`;
  return goal.kind === 'difference'
    ? `${name} beyond that of ${goal.without}, ${limit}`
    : `${name}, ${limit}`;
}

function peersOf({ peers }: Goal & { readonly kind: 'ratio' }): string {
  return peers.length === 1 ? (peers[0] ?? '') : `the best of ${peers.join(', ')}`;
}

function missingFor(goal: Goal): string {
  const commands = [goal.own, ...(goal.kind === 'difference' ? [goal.without] : [])].join(' or ');
  return goal.kind === 'ratio'
    ? `${goal.own} or ${peersOf(goal)} was not found`
    : `${commands} was not found`;
}

function foundFor(goal: Goal, results: readonly Result[]): { value: number; text: string } | undefined {
  const { print } = figures[goal.figure];
  const own = figureOf(resultOf(results, goal.own), goal.figure);
  if (own === undefined) {
    return undefined;
  }
  switch (goal.kind) {
    case 'value':
      return { value: own, text: print(own) };
    case 'difference': {
      const other = figureOf(resultOf(results, goal.without), goal.figure);
      return other === undefined
        ? undefined
        : { value: own - other, text: own < other ? `-${print(other - own)}` : print(own - other) };
    }
    case 'ratio': {
      const best = goal.peers
        .flatMap((name) => {
          const value = figureOf(resultOf(results, name), goal.figure);
          return value === undefined ? [] : [{ name, value }];
        })
        .toSorted((a, b) => a.value - b.value)[0];
      if (best === undefined) {
        return undefined;
      }
      const ratio = 'atMost' in goal.bound ? own / best.value : best.value / own;
      return { value: ratio, text: `${ratio.toFixed(2)} (${best.name})` };
    }
  }
}

function resultOf(results: readonly Result[], name: string): Result | undefined {
  return results.find((result) => result.name === name);
}

function verdictOf(value: number, bound: Bound): Verdict {
  const isMet = (slack: number) =>
    'atMost' in bound ? value <= bound.atMost * (1 + slack) : value >= bound.atLeast * (1 - slack);
  return isMet(0) ? 'holds' : isMet(tolerance) ? 'within 5 %' : 'MISSED';
}
