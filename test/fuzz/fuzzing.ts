// Runs a property on many random inputs, and says what a parser of foreign content may do with them.
import fc from 'fast-check';
import { it } from 'vitest';
import { UserError } from '../../src/errors.ts';

/** The number of inputs of a property: FUZZ_RUNS, by default 20,000. */
const runs = Number(process.env.FUZZ_RUNS ?? 20_000);
/** FUZZ_SEED repeats the inputs of an earlier run, which a failure prints. */
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) };
/** The most CPU time for one input in microseconds; quadratic work on a large input takes longer. */
const timeLimit = 2_000_000;

/** How the inputs of a property are chosen. */
export interface FuzzOptions {
  /** The share of the runs, for slow properties; by default 1. */
  readonly share?: number;
}

/** A test that a property holds for random inputs. */
export function fuzz<Input>(
  name: string,
  inputs: fc.Arbitrary<Input>,
  property: (input: Input) => void | Promise<void>,
  { share = 1 }: FuzzOptions = {},
): void {
  it(name, async () => {
    const timed = fc.asyncProperty(inputs, async (input) => {
      const start = process.threadCpuUsage();
      await property(input);
      const { user } = process.threadCpuUsage(start);
      if (user > timeLimit) {
        throw new Error(`one input took ${Math.round(user / 1000)} ms`);
      }
    });
    await fc.assert(timed, { ...seed, numRuns: Math.max(100, Math.round(runs * share)) });
  });
}

/** The result of a parser, or undefined for a UserError, which is how a parser refuses content. Other errors are thrown. */
export function unlessRefused<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch (error) {
    return undefinedIfUserError(error);
  }
}

/** {@link unlessRefused} for a parser that returns a promise. */
export async function unlessRejected<Result>(parse: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await parse();
  } catch (error) {
    return undefinedIfUserError(error);
  }
}

function undefinedIfUserError(error: unknown): undefined {
  if (!(error instanceof UserError)) {
    throw error;
  }
  return undefined;
}
