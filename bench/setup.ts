// What the cases of the resource share.
import type { Resource } from './contenders.ts';

/** The registry, the directory of the benchmark, the executables, and how often a command transfers an image. */
export interface BenchSetup {
  readonly host: string;
  readonly directory: string;
  readonly resources: readonly Resource[];
  readonly runs: number;
}
