// Measures time and memory of a command and its child processes, as counted by the operating system.
import { join } from 'node:path';
import { runProgram } from '../test/support/child-process.ts';
import { repositoryRoot } from '../test/support/run.ts';

/** A command to run once. */
export interface Job {
  readonly command: readonly string[];
  /** The file on its standard input. */
  readonly input: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The status that it is to end with; by default 0. */
  readonly status?: number;
}

/** One run: `wall` and `cpu` (user and system) in seconds, `memory` the peak of the largest process in bytes. */
export interface Measurement {
  readonly status: number;
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
}

/** Runs a command. Rejects with its stderr when it ends with another status. */
export async function measure(job: Job): Promise<Measurement> {
  const wrapper = join(import.meta.dirname, 'measured-job.ts');
  const { stdout, stderr } = await runProgram(bunExecutable, [wrapper, JSON.stringify(job)]);
  if (stdout === '') {
    throw new Error(`${job.command.join(' ')} could not be measured: ${stderr}`);
  }
  const measurement: Measurement = JSON.parse(stdout);
  if (measurement.status !== (job.status ?? 0)) {
    throw new Error(`${job.command.join(' ')} ended with ${measurement.status}: ${stderr}`);
  }
  return measurement;
}

const architecture = process.arch === 'arm64' ? 'aarch64' : process.arch;
const bunPackage = `bun-${process.platform}-${architecture}`;
/** The runtime of the native executables. */
export const bunExecutable: string = join(repositoryRoot, 'node_modules', '@oven', bunPackage, 'bin', 'bun');

/** The median. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
