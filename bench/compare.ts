// Runs the commands of a case in turn, so that other load affects all of them, and judges its goals.
import type { Case, Contender } from './case.ts';
import { judge } from './goals.ts';
import { type Measurement, measure } from './measure.ts';
import type { Outcome } from './report.ts';
import type { Result } from './results.ts';

/** A command that has taken so many seconds in all is run no oftener than a case demands. */
const enough = 20;

/** Measures a case, and says on standard error that it does. */
export async function compare({ title, runs, contenders, goals }: Case): Promise<Outcome> {
  const { least, most = least, warmUp = true } = runs;
  const start = performance.now();
  process.stderr.write(`${title}:`);
  const measurements = new Map<Contender, Measurement[]>(contenders.map((contender) => [contender, []]));
  const isDue = (taken: readonly Measurement[]) =>
    taken.length < least || (taken.length < most && taken.reduce((sum, { wall }) => sum + wall, 0) < enough);
  for (let run = warmUp ? 0 : 1; run === 0 || [...measurements.values()].some(isDue); run++) {
    for (const [contender, taken] of measurements) {
      if (run === 0) {
        await measure(await contender.prepare(run));
      } else if (isDue(taken)) {
        taken.push(await measure(await contender.prepare(run)));
      }
    }
  }
  const results: Result[] = [];
  for (const [contender, taken] of measurements) {
    const counts = await contender.count?.();
    results.push({ name: contender.name, measurements: taken, ...(counts ? { counts } : {}) });
  }
  process.stderr.write(` ${Math.round((performance.now() - start) / 1000)} s\n`);
  return { title, results, judgements: judge(goals, results) };
}
