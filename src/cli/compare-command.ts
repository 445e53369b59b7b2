// registry-image compare: the differences of two images.
import { pairImages } from '../compare/compare-images.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { openImageArgument, parseImageArgument } from './image-argument.ts';
import { counted, jsonAnswer, tableText } from './table.ts';

/** The options of `compare`. */
export interface CompareCommandOptions extends RegistryOptions {
  /** Whether times of creation and modification count. */
  readonly times?: boolean;
}

/** Prints every difference of config, layers, packages and files. The exit code is 2 when there is one. */
export const runCompare: CliCommand<CompareCommandOptions> = async (run) => {
  const [first, second] = run.args.map(parseImageArgument);
  const { signal } = run.surroundings;
  const { times = false, json } = run.options;
  return await withRegistries(run, async ({ registries }) => {
    if (!first || !second) {
      throw new Error('compare has two arguments');
    }
    const a = await openImageArgument(first, registries, signal);
    try {
      const b = await openImageArgument(second, registries, signal);
      try {
        const pair = await pairImages(a.source, b.source, { times, signal });
        const differences = await pair.allDifferences();
        const equal = differences.length === 0;
        const rows = differences.map(({ where, what, a: ofA, b: ofB }) => [
          where,
          what,
          ofA ?? 'none',
          ofB ?? 'none',
        ]);
        const output = json
          ? jsonAnswer({ equal, differences })
          : `${tableText(['WHERE', 'WHAT', 'A', 'B'], rows)}${equal ? 'no difference' : counted(rows.length, 'difference')}\n`;
        return { output, code: equal ? 0 : 2 };
      } finally {
        await b.close();
      }
    } finally {
      await a.close();
    }
  });
};
