// Compares check, get and put with other tools: `npm run bench -- --help`.
import { type Case, checkCase, type Ground, getCase, manyTagsCase, putCase } from './cases.ts';
import { resources } from './contenders.ts';
import { makeImages } from './images.ts';
import { type Measurement, measure } from './measure.ts';
import { type BenchOptions, readOptions, usage } from './options.ts';
import { startBenchRegistry, startTestRegistry } from './registry.ts';
import { table } from './table.ts';
import { makeWorkDirectory } from './work-directory.ts';

const neededBytes = 8e9;
const quickDivisor = 50;
const farAway = { delay: 20, tags: 1000 };
const quickTags = 100;

/** Runs the contenders in turn, so that what else the machine does hits all of them; the first round is not counted. */
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
  const wanted = (name: BenchOptions['only']) => only === undefined || only === name;
  await using directory = await makeWorkDirectory(
    options.directory,
    quick ? neededBytes / quickDivisor : neededBytes,
  );
  // The registry and the tools keep their temporary files there as well.
  process.env.TMPDIR = directory.path;
  await using registry = await startBenchRegistry();
  const divisor = only === 'check' || quick ? quickDivisor : 1;
  process.stdout.write(`${registry.name}, ${directory.path}; making images\n`);
  const images = await makeImages(directory.path, `http://${registry.host}`, divisor);
  const ground: Ground = {
    host: registry.host,
    directory: directory.path,
    resources: resources(options.against),
    runs,
  };
  if (wanted('check')) {
    await compare(checkCase(ground, images.small));
    const tags = quick ? quickTags : farAway.tags;
    await using far = await startTestRegistry({ ...farAway, tags });
    await compare(manyTagsCase(ground, far.host, tags, farAway.delay));
  }
  if (wanted('get')) {
    await compare(getCase(ground, images.gzip, 'gzip'));
    await compare(getCase(ground, images.zstd, 'zstd'));
  }
  if (wanted('put')) {
    await compare(putCase(ground, images, 'first'));
    await compare(putCase(ground, images, 'again'));
  }
}

const options = readOptions(process.argv.slice(2), process.env);
if (options) {
  await bench(options);
} else {
  process.stdout.write(usage);
}
