// Compares the resource and registry-image with other tools, or measures how they grow: `npm run bench -- --help`.
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { type BenchOptions, readOptions, usage } from './options.ts';
import { measureScale } from './scale/measure-scale.ts';
import { benchStandard } from './standard.ts';

function prepare({ tools, upstream }: BenchOptions): void {
  for (const [option, directory, program] of [
    ['--upstream', upstream, 'check'],
    ['--tools', tools, ''],
  ] as const) {
    if (directory !== undefined && !existsSync(join(directory, program))) {
      throw new Error(`${option}: ${join(directory, program)} does not exist`);
    }
  }
  process.env.PATH = [...(tools === undefined ? [] : [resolve(tools)]), process.env.PATH].join(delimiter);
}

const options = readOptions(process.argv.slice(2));
if (options === undefined) {
  process.stdout.write(usage);
} else {
  prepare(options);
  await (options.scale ? measureScale(options) : benchStandard(options));
}
