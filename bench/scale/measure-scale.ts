// Measures how time and memory grow, prints tables, and writes them with a picture to the page of results.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineText } from '../machine.ts';
import type { BenchOptions } from '../options.ts';
import { startBenchRegistry } from '../registry.ts';
import { writeSection } from '../section.ts';
import { resultsPage } from '../standard.ts';
import { createWorkDirectory } from '../work-directory.ts';
import { allSeries } from './all-series.ts';
import { measureSeries } from './measure-series.ts';
import { pictureOf } from './picture.ts';
import { fasterThanLinear, growthTable, pointsTable } from './scale-report.ts';
import type { MeasuredSeries } from './series.ts';

const neededBytes = 8e9;
const quickSteps = 2;

/** Measures all series. With `quick`, only the first two steps of each. */
export async function measureScale({ directory: chosen, quick, runs, write }: BenchOptions): Promise<void> {
  await using directory = await createWorkDirectory(chosen, neededBytes);
  // The registry keeps its storage there too.
  process.env.TMPDIR = directory.path;
  const machine = machineText(directory.path);
  await using registry = await startBenchRegistry();
  const all: MeasuredSeries[] = [];
  for (const series of allSeries(directory.path, registry)) {
    const steps = quick ? series.steps.slice(0, quickSteps) : series.steps;
    all.push(await measureSeries({ ...series, steps }, directory.path, runs));
  }
  const skipped = all.flatMap((series) => series.skipped);
  const text = [
    machine,
    pointsTable(all),
    explanation,
    growthTable(all),
    fasterThanLinear(all),
    skipped.length === 0 ? 'No step was left out.\n' : `Left out, for want of room:\n\n${list(skipped)}`,
  ].join('\n');
  process.stdout.write(`\n${text}`);
  if (write) {
    const picture = 'scale.svg';
    await writeFile(join(import.meta.dirname, '..', picture), await pictureOf(all));
    const body = `${introduction}\n![wall time and memory of every series](${picture})\n\n${text}`;
    await writeSection(resultsPage, 'Growth', body);
  }
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}\n`).join('');
}

const introduction = `\`npm run bench -- --scale --write\` writes this section and the picture.
`;

const explanation = `A figure is fitted as constant + factor × number ^ exponent, all of them at least 0. An exponent below 1 grows slower than linearly.
One above 1 counts as faster only when no straight line comes within 10 % of all points.
`;
