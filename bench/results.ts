// What was measured of a command: its runs, what it asked of registries, and how each figure is printed.
import { type Measurement, median } from './measure.ts';

/** The results of a command in one case. */
export interface Result {
  readonly name: string;
  readonly measurements: readonly Measurement[];
  readonly counts?: Counts;
}

/** What is counted in a run of its own, where it matters. */
export interface Counts {
  readonly requests?: number;
  /** Bytes that the source sends. */
  readonly read?: number;
  /** The greatest number of connections at the same time. */
  readonly connections?: number;
  /** Requests that a registry refuses because it throttles. */
  readonly refused?: number;
  /** The least share of what a registry admits in a second that was asked of it. */
  readonly use?: number;
  /** Bytes of a file on disk. */
  readonly size?: number;
}

type Measured = 'wall' | 'cpu' | 'memory';

/** What a goal can be about: a median over the runs, or what was counted. */
export type Figure = Measured | keyof Counts;

/** The name of each figure, and how a value of it is printed. */
export const figures: Readonly<Record<Figure, { name: string; print(value: number): string }>> = {
  wall: { name: 'wall time', print: seconds },
  cpu: { name: 'CPU time', print: seconds },
  memory: { name: 'memory', print: megabytes },
  requests: { name: 'requests', print: String },
  read: { name: 'bytes read from the source', print: megabytes },
  connections: { name: 'connections', print: String },
  refused: { name: 'requests refused in a pause of the registry', print: String },
  use: { name: 'use of what each host admits', print: (share) => `${Math.round(share * 100)} %` },
  size: { name: 'size', print: megabytes },
};

/** The median of a measured figure, or a count; undefined where there is none. */
export function figureOf(result: Result | undefined, figure: Figure): number | undefined {
  if (figure === 'wall' || figure === 'cpu' || figure === 'memory') {
    const values = result?.measurements.map((measurement) => measurement[figure]) ?? [];
    return values.length === 0 ? undefined : median(values);
  }
  return result?.counts?.[figure];
}

function seconds(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(value < 0.1 ? 1 : 0)} ms` : `${value.toFixed(2)} s`;
}

/** Memory and content in the same unit, 10⁶ bytes, as the goals have it. */
function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
