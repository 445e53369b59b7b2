// Measures a series step by step; a step for which there is no room is left out, and said.
import { statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { compare } from '../compare.ts';
import { figureOf } from '../results.ts';
import type { Measured, MeasuredSeries, Series } from './series.ts';

/** Memory that is left to the commands, the registry and everything else. */
const reserve = 2e9;

/** Measures every step for which the directory has room. A command that takes seconds runs once, others up to `runs` times. */
export async function measureSeries(
  { title, unit, steps }: Series,
  directory: string,
  runs: number,
): Promise<MeasuredSeries> {
  const measured: Measured[] = [];
  const skipped: string[] = [];
  for (const { number, needs = 0, prepare } of steps) {
    const room = roomIn(directory);
    if (needs + reserve > room) {
      skipped.push(
        `${title}, ${number} ${unit}: needs ${gigabytes(needs + reserve)}, there are ${gigabytes(room)}`,
      );
      continue;
    }
    await using stack = new AsyncDisposableStack();
    const contenders = await prepare(stack);
    const outcome = await compare({
      title: `${title}, ${number} ${unit}`,
      runs: { least: 1, most: runs, warmUp: false },
      contenders,
      goals: [],
    });
    for (const result of outcome.results) {
      const [wall, cpu, memory] = (['wall', 'cpu', 'memory'] as const).map((figure) =>
        figureOf(result, figure),
      );
      if (wall !== undefined && cpu !== undefined && memory !== undefined) {
        measured.push({ command: result.name, number, wall, cpu, memory });
      }
    }
  }
  return { title, unit, measured, skipped };
}

/** What can be written to the directory: one in memory has no more room than the memory that is free. */
function roomIn(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return directory.startsWith('/dev/shm/') ? Math.min(bavail * bsize, freemem()) : bavail * bsize;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
