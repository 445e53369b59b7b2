// The command-line options of the benchmark.
import { parseArgs } from 'node:util';

/** A command that can be measured alone. */
export type CommandName = (typeof commands)[number];

const commands = ['check', 'get', 'put', 'promotion'] as const;

/** The parsed options. */
export interface BenchOptions {
  readonly only: CommandName | undefined;
  /** Images of a fiftieth of the size, and fewer runs. */
  readonly quick: boolean;
  /** A directory with executables check, in and out of another resource. */
  readonly against: string | undefined;
  /** A directory with executables of other tools, which need not be on the PATH. */
  readonly tools: string | undefined;
  /** The directory for images and file systems; by default one in memory, if possible. */
  readonly directory: string | undefined;
  /** How often each command of a case that transfers an image runs. */
  readonly runs: number;
}

/** The help text. */
export const usage = `npm run bench -- [--only check|get|put|promotion] [--quick] [--against DIR] [--tools DIR]
                     [--directory DIR] [--runs N]

Runs check, get and put in turn with skopeo and umoci and with curl | tar, and copies of registry-image with crane,
regctl, skopeo and oras, if these are installed; plans and audits promotions of hundreds of thousands of images. Prints the
medians of wall time, CPU time (user and system, of all processes) and peak memory (of the largest process; at
least 30 MiB), and each as a ratio to the first line; for promotion also how many requests are sent, and whether goals hold.

--only       one command instead of all
--quick      images of 22 MB instead of 1.1 GB: takes seconds, with rough results
--against    a directory with the executables check, in and out of another resource, such as upstream's;
             by default BENCH_AGAINST
--tools      a directory with executables of other tools, for those that are not on the PATH
--directory  the directory for images and file systems (8 GB); by default /dev/shm if it is large enough, otherwise
             the directory for temporary files
--runs       how often each command transfers an image, by default 3; a check runs ten times as often
`;

/** Parses the options; undefined for `--help`. Throws for an unknown option. */
export function readOptions(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      against: { type: 'string' },
      tools: { type: 'string' },
      directory: { type: 'string' },
      runs: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { quick, directory, tools } = values;
  const only = commands.find((command) => command === values.only);
  if (values.help) {
    return undefined;
  }
  if (values.only !== undefined && only === undefined) {
    throw new Error(`--only must be ${commands.join(', ')}, not ${values.only}`);
  }
  const runs = Number(values.runs ?? (quick ? 2 : 3));
  if (!Number.isInteger(runs) || runs < 1) {
    throw new Error(`--runs must be a positive integer, not ${values.runs}`);
  }
  return { only, quick, against: values.against ?? environment.BENCH_AGAINST, tools, directory, runs };
}
