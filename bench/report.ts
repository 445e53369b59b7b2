// The report of the benchmark: one table of all cases with ratios, the goals, and how many of them are missed.
import type { Judgement, Verdict } from './goals.ts';
import { type Counts, type Figure, figureOf, figures, type Result } from './results.ts';
import { markdownTable } from './table.ts';

/** What became of a case. */
export interface Outcome {
  readonly title: string;
  readonly results: readonly Result[];
  readonly judgements: readonly Judgement[];
}

/** All cases in one table. A ratio is a figure divided by that of the first command of the case. */
export function resultsTable(outcomes: readonly Outcome[]): string {
  const head = ['case', 'command', 'wall', '÷', 'CPU', '÷', 'memory', '÷', 'counted'];
  const rows = outcomes.flatMap(({ title, results }) =>
    results.map((result, position) => [
      position === 0 ? title : '',
      result.name,
      ...measured.flatMap((figure) => {
        const value = figureOf(result, figure);
        const first = figureOf(results[0], figure);
        return value === undefined
          ? ['', '']
          : [figures[figure].print(value), first === undefined ? '' : (value / first).toFixed(2)];
      }),
      countsOf(result),
    ]),
  );
  return markdownTable(head, rows, 2);
}

const measured = ['wall', 'cpu', 'memory'] as const;
const counted: readonly (keyof Counts & Figure)[] = [
  'requests',
  'read',
  'connections',
  'refused',
  'use',
  'size',
];
const units: Readonly<Record<keyof Counts, string>> = {
  requests: ' requests',
  read: ' read',
  connections: ' connections',
  refused: ' refused in a pause',
  use: ' used',
  size: '',
};

function countsOf(result: Result): string {
  return counted
    .flatMap((figure) => {
      const value = figureOf(result, figure);
      return value === undefined ? [] : [`${figures[figure].print(value)}${units[figure]}`];
    })
    .join(', ');
}

/** The goals in one table. */
export function goalsTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ title, judgements }) =>
    judgements.map(({ goal, found, verdict }) => [title, goal, found, verdict]),
  );
  return markdownTable(['case', 'goal', 'found', ''], rows, 4);
}

/** In one line, how many goals there are of each verdict. */
export function verdictLine(outcomes: readonly Outcome[]): string {
  const verdicts = outcomes.flatMap(({ judgements }) => judgements.map(({ verdict }) => verdict));
  const count = (wanted: Verdict) => verdicts.filter((verdict) => verdict === wanted).length;
  const words: readonly (readonly [Verdict, string])[] = [
    ['holds', 'hold'],
    ['within 5 %', 'missed by at most 5 %'],
    ['MISSED', 'missed by more than 5 %'],
    ['not judged', 'not judged because a command was not found'],
  ];
  const parts = words
    .filter(([verdict]) => count(verdict) > 0)
    .map(([verdict, text]) => `${count(verdict)} ${text}`);
  return `Of ${verdicts.length} goals, ${parts.join(', ') || 'none is judged'}.\n`;
}

/** Whether a goal is missed by more than the tolerance. */
export function isMissed(outcomes: readonly Outcome[]): boolean {
  return outcomes.some(({ judgements }) => judgements.some(({ verdict }) => verdict === 'MISSED'));
}
