// Runs the commands of a case in turn, and prints what they took and which goals hold.
import type { Case } from './cases.ts';
import { goalLines } from './goals.ts';
import { type Measurement, measure } from './measure.ts';
import { type Count, table } from './table.ts';

/** Measures a case. Other load affects all of its commands, as they run in turn; the first round is not counted. */
export async function compare({ title, runs, contenders, goals }: Case): Promise<void> {
  const results = contenders.map(({ name }) => ({ name, measurements: [] as Measurement[] }));
  for (let run = 0; run <= runs; run++) {
    for (const [index, contender] of contenders.entries()) {
      const measurement = await measure(await contender.prepare(run));
      if (run > 0) {
        results[index]?.measurements.push(measurement);
      }
    }
  }
  const counts: (Count | undefined)[] = [];
  for (const contender of contenders) {
    counts.push(await contender.count?.());
  }
  const counted = results.map((result, index) => {
    const count = counts[index];
    return count ? { ...result, count } : result;
  });
  process.stdout.write(`\n${table(title, counted)}\n${goalLines(goals?.(counted) ?? [])}`);
}
