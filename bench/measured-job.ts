// Runs a command and prints its time and memory by wait4(2). Runs on Bun, because Node cannot measure a single child.
import { openSync } from 'node:fs';
import type { Job, Measurement } from './measure.ts';

interface BunChild {
  readonly exited: Promise<number>;
  resourceUsage():
    | { readonly maxRSS: number; readonly cpuTime: { readonly total: bigint | number } }
    | undefined;
}

declare const Bun: {
  spawn(
    command: readonly string[],
    options: {
      readonly stdio: readonly [number, 'ignore', 'inherit'];
      readonly env: Readonly<Record<string, string>>;
    },
  ): BunChild;
};

const job: Job = JSON.parse(process.argv[2] ?? '');
const input = openSync(job.input, 'r');
const start = performance.now();
const child = Bun.spawn(job.command, { stdio: [input, 'ignore', 'inherit'], env: job.environment });
const status = await child.exited;
const wall = (performance.now() - start) / 1000;
const usage = child.resourceUsage();
const cpu = Number(usage?.cpuTime.total) / 1e6;
const measurement: Measurement = { status, wall, cpu, memory: Number(usage?.maxRSS) };
process.stdout.write(JSON.stringify(measurement));
