// A case of the benchmark: a title, the commands that are compared, and what is demanded of their results.
import type { Goal } from './goals.ts';
import type { Job } from './measure.ts';
import type { Counts } from './results.ts';

/** A command of a case. `prepare` restores the state before the first run and returns the job to measure. */
export interface Contender {
  readonly name: string;
  prepare(run: number): Promise<Job>;
  /** Counts what a run asks of registries; that run is not measured. */
  count?(): Promise<Counts>;
}

/** How often the commands of a case run. */
export interface Runs {
  /** Every command runs at least so often. */
  readonly least: number;
  /** A command that does not take long runs so often; by default no more than `least`. */
  readonly most?: number;
  /** Whether a first round is run that does not count; by default there is one. */
  readonly warmUp?: boolean;
}

/** A case. */
export interface Case {
  readonly title: string;
  readonly runs: Runs;
  readonly contenders: readonly Contender[];
  readonly goals: readonly Goal[];
}

/** How many runs a command that takes little time makes for each run of one that transfers an image. */
const shortFactor = 10;

/** Runs of a command that takes milliseconds: more of them, unless one turns out to take seconds. */
export function shortRuns(runs: number): Runs {
  return { least: runs, most: runs * shortFactor };
}

/** Runs of a command that transfers an image: one that takes long runs twice. */
export function transferRuns(runs: number): Runs {
  return { least: Math.min(runs, 2), most: runs, warmUp: false };
}
