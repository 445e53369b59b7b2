// Compares check, get and put with other tools: `npm run bench -- --help`.
import { type BenchSetup, type Case, checkCase, getCase, manyTagsCase, putCase } from './cases.ts';
import { resources } from './contenders.ts';
import { createImages } from './images.ts';
import { type Measurement, measure } from './measure.ts';
import { type BenchOptions, readOptions, usage } from './options.ts';
import { startBenchRegistry, startTestRegistry } from './registry.ts';
import { table } from './table.ts';
import { createWorkDirectory } from './work-directory.ts';

const neededBytes = 8e9;
const quickDivisor = 50;
const distant = { delay: 20, tags: 1000 };
const quickTags = 100;

/** Runs the commands of a case in turn, so that other load affects all of them; the first round is not counted. */
async function compare({ title, runs, contenders }: Case): Promise<void> {
  const results = contenders.map(({ name }) => ({ name, measurements: [] as Measurement[] }));
  for (let run = 0; run <= runs; run++) {
    for (const [index, contender] of contenders.entries()) {
      const measurement = await measure(await contender.prepare(run));
      if (run > 0) {
        results[index]?.measurements.push(measurement);
      }
    }
  }
  process.stdout.write(`\n${table(title, results)}\n`);
}

async function bench(options: BenchOptions): Promise<void> {
  const { only, quick, runs } = options;
  const isSelected = (name: BenchOptions['only']) => only === undefined || only === name;
  await using directory = await createWorkDirectory(
    options.directory,
    quick ? neededBytes / quickDivisor : neededBytes,
  );
  // The registry and the tools keep their temporary files there too.
  process.env.TMPDIR = directory.path;
  await using registry = await startBenchRegistry();
  const divisor = only === 'check' || quick ? quickDivisor : 1;
  process.stdout.write(`${registry.name}, ${directory.path}; creating images\n`);
  const images = await createImages(directory.path, `http://${registry.host}`, divisor);
  const setup: BenchSetup = {
    host: registry.host,
    directory: directory.path,
    resources: resources(options.against),
    runs,
  };
  if (isSelected('check')) {
    await compare(checkCase(setup, images.small));
    const tags = quick ? quickTags : distant.tags;
    await using far = await startTestRegistry({ ...distant, tags });
    await compare(manyTagsCase(setup, far.host, tags, distant.delay));
  }
  if (isSelected('get')) {
    await compare(getCase(setup, images.gzip, 'gzip'));
    await compare(getCase(setup, images.zstd, 'zstd'));
  }
  if (isSelected('put')) {
    await compare(putCase(setup, images, 'first'));
    await compare(putCase(setup, images, 'again'));
  }
}

const options = readOptions(process.argv.slice(2), process.env);
if (options) {
  await bench(options);
} else {
  process.stdout.write(usage);
}
