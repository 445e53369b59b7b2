// What is compared: the options of the command line.
import { parseArgs } from 'node:util';

/** Which of the commands are measured. */
export type CommandName = 'check' | 'get' | 'put';

/** The options, read. */
export interface BenchOptions {
  readonly only: CommandName | undefined;
  /** Images a fiftieth of the size, and fewer runs. */
  readonly quick: boolean;
  /** A directory with further executables named check, in and out that take the same requests. */
  readonly against: string | undefined;
  /** Where images and trees go; a directory in memory where there is one. */
  readonly directory: string | undefined;
  /** How often each contender of a case that moves an image runs. */
  readonly runs: number;
}

/** What `--help` shows. */
export const usage = `npm run bench -- [--only check|get|put] [--quick] [--against DIR] [--directory DIR] [--runs N]

Runs check, get and put beside skopeo with umoci and beside curl | tar, where these are installed, in turn. Prints the
medians of wall time, CPU time (user and system, of all processes) and peak memory (of the largest process; below
30 MiB it can't be told), and each as a ratio to the first line.

--only       one command instead of all three
--quick      images of 22 MB instead of 1.1 GB: says little, but in seconds
--against    a directory with executables check, in and out of another resource that takes the same requests;
             also taken from BENCH_AGAINST
--directory  where images and trees go (8 GB); without it /dev/shm where that is large enough, else the system's
             directory for temporary files
--runs       how often an image is moved by each contender: 3; a check runs ten times as often
`;

/** Reads the options; nothing when help is wanted. Throws for an option that there is not. */
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
      directory: { type: 'string' },
      runs: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { only, quick, directory } = values;
  if (values.help) {
    return undefined;
  }
  if (only !== undefined && only !== 'check' && only !== 'get' && only !== 'put') {
    throw new Error(`--only is check, get or put, not ${only}`);
  }
  const runs = Number(values.runs ?? (quick ? 2 : 3));
  if (!Number.isInteger(runs) || runs < 1) {
    throw new Error(`--runs is a number from 1 on, not ${values.runs}`);
  }
  return { only, quick, against: values.against ?? environment.BENCH_AGAINST, directory, runs };
}
