// Goals of the benchmark: what is demanded of a result, and whether it holds.
import { type Measurement, median } from './measure.ts';
import type { Result } from './table.ts';

/** A demand on one result. */
export interface Goal {
  /** What is compared, with both figures. */
  readonly text: string;
  readonly holds: boolean;
}

/** One line for each goal. */
export function goalLines(goals: readonly Goal[]): string {
  return goals.map(({ text, holds }) => `  ${holds ? 'holds ' : 'MISSED'}  ${text}\n`).join('');
}

/** That the medians of a figure of `name` are at most a limit. */
export function atMost(
  results: readonly Result[],
  name: string,
  figure: 'wall' | 'cpu' | 'memory',
  limit: number,
): Goal[] {
  const own = results.find((result) => result.name === name);
  if (!own || own.measurements.length === 0) {
    return [];
  }
  const value = medianOf(own, figure);
  return [
    {
      text: `${name}: ${figure} ${print(figure, value)}, at most ${print(figure, limit)}`,
      holds: value <= limit,
    },
  ];
}

/** That `name` takes at most `share` of the time of `times` runs of the fastest other tool in `peers`. */
export function noSlowerThan(
  results: readonly Result[],
  name: string,
  peers: readonly string[],
  share = 1,
): Goal[] {
  const fastest = results
    .filter((result) => peers.includes(result.name))
    .toSorted((a, b) => medianOf(a, 'wall') - medianOf(b, 'wall'))[0];
  const own = results.find((result) => result.name === name);
  if (!fastest || !own) {
    return [];
  }
  const ratio = medianOf(own, 'wall') / medianOf(fastest, 'wall');
  return [
    { text: `${name}: ${ratio.toFixed(2)} of ${fastest.name}, at most ${share}`, holds: ratio <= share },
  ];
}

function medianOf(
  { measurements }: Result,
  figure: keyof Pick<Measurement, 'wall' | 'cpu' | 'memory'>,
): number {
  return median(measurements.map((measurement) => measurement[figure]));
}

function print(figure: 'wall' | 'cpu' | 'memory', value: number): string {
  return figure === 'memory' ? `${Math.round(value / 1e6)} MB` : `${Math.round(value * 1000)} ms`;
}
