// The command-line options of the benchmark.
import { parseArgs } from 'node:util';

/** A part of the benchmark that can be measured alone. */
export type PartName = (typeof parts)[number];

const parts = ['start', 'check', 'get', 'verify', 'put', 'promotion'] as const;

/** The parsed options. */
export interface BenchOptions {
  readonly only: PartName | undefined;
  /** How time and memory grow, instead of the comparison. */
  readonly scale: boolean;
  /** Images of a fiftieth of the size, and fewer runs; with `scale`, without the largest of each kind. */
  readonly quick: boolean;
  /** Whether the results are written to the pages that show them. */
  readonly write: boolean;
  /** A directory with upstream's executables check, in and out. */
  readonly upstream: string | undefined;
  /** A directory with executables of other tools, which need not be on the PATH. */
  readonly tools: string | undefined;
  /** The directory for images and file systems; by default one in memory, if possible. */
  readonly directory: string | undefined;
  /** How often each command that transfers an image runs. */
  readonly runs: number;
}

/** The help text. */
export const usage = `npm run bench -- [--only start|check|get|verify|put|promotion] [--quick] [--upstream DIR] [--tools DIR]
                     [--directory DIR] [--runs N] [--write]
npm run bench -- --scale [--quick] [--directory DIR] [--runs N] [--write]

Runs the resource and registry-image in turn with upstream's resource, skopeo, umoci, crane, regctl, oras and curl | tar, as
far as they are found. Prints one table with the medians of wall time, CPU time (user and system, of all processes) and peak
memory (of the largest process; at least 30 MB), each also as a ratio to the first command of its case, and a table of
goals. Exits with 1 when a goal is missed by more than 5 %.

--only       one part instead of all
--scale      how time and memory grow with tags, layers, entries, size, children of an index and edges of a promotion
--quick      images of 22 MB instead of 1.1 GB: takes seconds, with rough results; with --scale, small numbers only
--upstream   a directory with upstream's executables check, in and out
--tools      a directory with executables of other tools, for those that are not on the PATH
--directory  the directory for images and file systems (8 GB); by default /dev/shm if it is large enough, otherwise
             the directory for temporary files
--runs       how often each command transfers an image, by default 3; one that takes milliseconds runs ten times as often
--write      writes the results to their section of bench/RESULTS.md, and their ratios to docs/differences.md and README.md;
             with --scale to their section and bench/scale.svg
`;

/** Parses the options; undefined for `--help`. Throws for an unknown option, and for options that contradict each other. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      scale: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      upstream: { type: 'string' },
      tools: { type: 'string' },
      directory: { type: 'string' },
      runs: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { quick, scale, write, directory, tools, upstream } = values;
  const only = parts.find((part) => part === values.only);
  if (values.help) {
    return undefined;
  }
  if (values.only !== undefined && only === undefined) {
    throw new Error(`--only must be ${parts.join(', ')}, not ${values.only}`);
  }
  if (scale && (only ?? tools ?? upstream) !== undefined) {
    throw new Error('--scale measures only what is built here, and all of it');
  }
  if (write && (quick || only !== undefined)) {
    throw new Error('--write takes a whole run: leave out --only and --quick');
  }
  if (write && !scale && upstream === undefined) {
    throw new Error('--write takes a run beside upstream: add --upstream DIR');
  }
  const runs = Number(values.runs ?? (quick ? 2 : 3));
  if (!Number.isInteger(runs) || runs < 1) {
    throw new Error(`--runs must be a positive integer, not ${values.runs}`);
  }
  return { only, scale, quick, write, upstream, tools, directory, runs };
}
