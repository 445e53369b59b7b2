// Compares check, get, put and promotion with other tools: `npm run bench -- --help`.
import { delimiter } from 'node:path';
import { type BenchSetup, checkCase, getCase, manyTagsCase, putCase } from './cases.ts';
import { compare } from './compare.ts';
import { resources } from './contenders.ts';
import { createImages } from './images.ts';
import { type BenchOptions, readOptions, usage } from './options.ts';
import { benchPromotion } from './promotion/promotion-bench.ts';
import { startBenchRegistry, startTestRegistry } from './registry.ts';
import { createWorkDirectory } from './work-directory.ts';

const neededBytes = 8e9;
const quickDivisor = 50;
const distant = { delay: 20, tags: 1000 };
const quickTags = 100;

async function bench(options: BenchOptions): Promise<void> {
  const { only, quick, runs } = options;
  const isSelected = (name: BenchOptions['only']) => only === undefined || only === name;
  await using directory = await createWorkDirectory(
    options.directory,
    quick ? neededBytes / quickDivisor : neededBytes,
  );
  // The registry and the tools keep their temporary files there too.
  process.env.TMPDIR = directory.path;
  if (isSelected('promotion')) {
    await benchPromotion({ directory: directory.path, runs, divisor: quick ? quickDivisor : 1 });
  }
  if (only === 'promotion') {
    return;
  }
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
  const { tools } = options;
  process.env.PATH = [...(tools === undefined ? [] : [tools]), process.env.PATH].join(delimiter);
  await bench(options);
} else {
  process.stdout.write(usage);
}
