// A series: one command on inputs that grow, and what is measured of it at each number.
import type { Contender } from '../case.ts';

/** One input of a series. */
export interface Step {
  readonly number: number;
  /** Bytes of memory and disk that it needs in the directory of the benchmark. */
  readonly needs?: number;
  /** Creates the input and returns the commands. What it starts ends with the stack. */
  prepare(stack: AsyncDisposableStack): Promise<readonly Contender[]>;
}

/** A series. */
export interface Series {
  /** The command, and what grows. */
  readonly title: string;
  /** What the number counts: `tags`, `layers` and so on. */
  readonly unit: string;
  readonly steps: readonly Step[];
}

/** The medians of one command at a number. */
export interface Measured {
  readonly command: string;
  readonly number: number;
  /** Seconds and bytes. */
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
}

/** What was measured of a series. */
export interface MeasuredSeries {
  readonly title: string;
  readonly unit: string;
  readonly measured: readonly Measured[];
  /** The steps that were left out, with the reason. */
  readonly skipped: readonly string[];
}
