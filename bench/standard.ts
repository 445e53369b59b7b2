// The comparison: all cases in turn, their table, and the exit status by the goals.
import { join } from 'node:path';
import type { Case } from './case.ts';
import { checkCase, manyTagsCase, tlsCheckCase } from './check-cases.ts';
import { compare } from './compare.ts';
import { resources } from './contenders.ts';
import { formatCase, getCase, verifiedCase } from './get-cases.ts';
import { createImages, pushSmall } from './images.ts';
import { machineText } from './machine.ts';
import type { BenchOptions, PartName } from './options.ts';
import { benchPromotion } from './promotion/promotion-bench.ts';
import { putCase } from './put-cases.ts';
import { startBenchRegistry, startTestRegistry } from './registry.ts';
import { goalsTable, isMissed, type Outcome, resultsTable, verdictLine } from './report.ts';
import { writeSection } from './section.ts';
import type { BenchSetup } from './setup.ts';
import { writeSpeed } from './speed-page.ts';
import { helpCase, imageSize } from './start-cases.ts';
import { createWorkDirectory } from './work-directory.ts';

const neededBytes = 8e9;
const quickDivisor = 50;
const distant = { delay: 20, tags: 1000 };
const quickTags = 100;

/** The page with results. */
export const resultsPage: string = join(import.meta.dirname, 'RESULTS.md');

/** Runs the cases that the options choose, prints the tables, and sets the exit status to 1 when a goal is missed. */
export async function benchStandard(options: BenchOptions): Promise<void> {
  const { quick, write } = options;
  await using directory = await createWorkDirectory(
    options.directory,
    quick ? neededBytes / quickDivisor : neededBytes,
  );
  // The registry and the tools keep their temporary files there too.
  process.env.TMPDIR = directory.path;
  const machine = machineText(directory.path);
  const start = performance.now();
  const outcomes = await measuredCases(options, directory.path);
  const minutes = Math.round((performance.now() - start) / 60e3);
  const text = [
    `${machine}Medians of alternating runs; it took ${minutes} minutes.\n`,
    resultsTable(outcomes),
    goalsTable(outcomes),
    verdictLine(outcomes),
  ].join('\n');
  process.stdout.write(`\n${text}`);
  if (write) {
    await writeSection(resultsPage, 'Beside other tools', `${introduction}\n${text}`);
    await writeSpeed(outcomes);
  }
  process.exitCode = isMissed(outcomes) ? 1 : 0;
}

const introduction = `\`npm run bench -- --upstream DIR --tools DIR --write\` writes this section. A number behind a figure is its ratio to that of the first
command of the case: 2.00 took twice as much. Memory is that of the largest process. Upstream's executables are built from its sources and not
part of this repository.
`;

async function measuredCases(options: BenchOptions, directory: string): Promise<Outcome[]> {
  const { only, quick, runs } = options;
  const isSelected = (...names: PartName[]) => only === undefined || names.includes(only);
  const divisor = quick ? quickDivisor : 1;
  const outcomes: Outcome[] = [];
  const run = async (...cases: readonly Case[]) => {
    for (const each of cases) {
      outcomes.push(await compare(each));
    }
  };
  if (isSelected('start')) {
    await run(helpCase(directory, runs));
    outcomes.push(imageSize());
  }
  if (isSelected('check', 'get', 'verify', 'put')) {
    await using registry = await startBenchRegistry();
    const setup: BenchSetup = {
      host: registry.host,
      directory,
      resources: resources(options.upstream),
      runs,
    };
    const small = await pushSmall(registry.url);
    if (isSelected('check')) {
      await run(checkCase(setup, small.repository));
      await using secure = await startBenchRegistry('https');
      await run(await tlsCheckCase(setup, secure, (await pushSmall(secure.url)).repository));
      const tags = quick ? quickTags : distant.tags;
      await using far = await startTestRegistry({ ...distant, tags });
      await run(manyTagsCase(setup, far.host, tags, distant.delay));
    }
    if (isSelected('verify')) {
      await run(await verifiedCase(setup, small, await pushSmall(registry.url, 'signed')));
    }
    if (isSelected('get', 'put')) {
      process.stderr.write('creating images\n');
      const images = await createImages(directory, registry.url, divisor);
      if (isSelected('get')) {
        await run(getCase(setup, images.gzip, 'gzip'), getCase(setup, images.zstd, 'zstd'));
        await run(formatCase(setup, images.gzip, 'oci'), formatCase(setup, images.gzip, 'oci-layout'));
      }
      if (isSelected('put')) {
        await run(putCase(setup, images, 'fresh'), putCase(setup, images, 'unchanged'));
      }
    }
  }
  if (isSelected('promotion')) {
    outcomes.push(...(await benchPromotion({ directory, runs, divisor })));
  }
  return outcomes;
}
