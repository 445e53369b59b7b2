// What a command needs of the world around it, handed in so that tests can hand in their own.
import type { WantedPlatform } from '../oci/platform.ts';
import type { TerminalSize } from '../transfer/progress-display.ts';
import type { Clock } from '../transport/clock.ts';

/** Streams, directories, clock and random of one run. */
export interface Surroundings {
  /** The arguments behind the executable's name. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Go's names of the machine this runs on. */
  readonly platform: WantedPlatform;
  /** The numeric user id of the process; 0 may give files to other users. */
  readonly userId: number;
  readonly clock: Clock;
  /** Aborted when the process shall end: the command stops, removes what is unfinished, and fails with its reason. */
  readonly signal: AbortSignal;
  /** `shrunk` to milliseconds, so that suites of black-box tests end in time. */
  readonly waits: 'real' | 'shrunk';
  /** Everything on standard input. */
  readInput(): Promise<Uint8Array>;
  /** Text for standard error; secrets that {@link addSecret} was told of are redacted. */
  writeError(text: string): void;
  /** The size of the terminal that standard error is, by now; undefined when it is none. */
  terminal(): TerminalSize | undefined;
  /**
   * Does something every so many milliseconds until the function given back is called. That alone doesn't keep the
   * process alive.
   */
  every(milliseconds: number, action: () => void): () => void;
  /** A text that must never be shown from now on, whoever says it. */
  addSecret(secret: string): void;
  /** A number at least 0 and below 1. */
  random(): number;
}

/** How a run of a command ended. */
export interface CommandResult {
  /** For standard output, all of it; of check, in and out one line of JSON and its line feed. */
  readonly output: string;
  /** The exit status: 0 success, 1 failure, 2 success with a finding that a script may want to act on. */
  readonly code: 0 | 1 | 2;
}

/** One of the executables. A failure is thrown; whoever runs the command reports it and exits with 1. */
export type Command = (surroundings: Surroundings) => Promise<CommandResult>;
