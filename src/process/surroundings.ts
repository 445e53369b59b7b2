// What a command uses of its process: streams, clock, environment, signal. Tests pass their own.
import type { WantedPlatform } from '../oci/platform.ts';
import type { TerminalSize } from '../transfer/progress-display.ts';
import type { Clock } from '../transport/clock.ts';

/** The surroundings of one run of a command. */
export interface Surroundings {
  /** The arguments after the executable's name. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Operating system and architecture of this machine by Go's names. */
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
  /** Writes to standard error; secrets passed to {@link addSecret} are redacted. */
  writeError(text: string): void;
  /** The current size of the terminal on standard error; undefined when it is not a terminal. */
  terminal(): TerminalSize | undefined;
  /** Runs an action at this interval until the returned function is called. Does not keep the process alive. */
  every(milliseconds: number, action: () => void): () => void;
  /** A string of the user that must not appear in any output from now on. */
  addSecret(secret: string): void;
  /** The same for a token or signature that a server chose, which may be a part of any message. */
  addServerSecret(secret: string): void;
  /** A foreign string, such as the error of a server, with all secrets redacted: for what goes to standard output. */
  redact(text: string): string;
  /** A number at least 0 and below 1. */
  random(): number;
}

/** How a run of a command ended. */
export interface CommandResult {
  /** For standard output, all of it; of check, in and out one line of JSON and its line feed. */
  readonly output: string;
  /** For standard output after that, in parts: an answer that would be too large as one string. */
  readonly parts?: Iterable<string>;
  /** The exit status: 0 success, 1 failure, 2 differences or changes pending. */
  readonly code: 0 | 1 | 2;
}

/** One of the executables. A failure is thrown; whoever runs the command reports it and exits with 1. */
export type Command = (surroundings: Surroundings) => Promise<CommandResult>;
