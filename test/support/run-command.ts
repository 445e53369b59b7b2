// Runs the commands in this process on a fake clock: what the executables do, without a process.

import { createLog } from '../../src/log.ts';
import { createErrorOutput } from '../../src/process/error-output.ts';
import { reportFailure } from '../../src/process/failure-report.ts';
import { createRedaction } from '../../src/process/redaction.ts';
import type { Command, Surroundings } from '../../src/process/surroundings.ts';
import { createFakeClock } from './fake-clock.ts';

/** How a command is run; what is absent is as on a worker without any settings. */
export interface CommandOptions
  extends Partial<Omit<Surroundings, 'arguments' | 'readInput' | 'writeError'>> {
  /** A value is sent as JSON, a string as it is. */
  readonly request: unknown;
  /** The argument of `in` and `out`. */
  readonly directory?: string;
}

/** The result of a command: `answer` is undefined when it failed. */
export interface CommandResult {
  readonly answer: string | undefined;
  readonly stderr: string;
}

/** Surroundings, by default on a fake clock, so that no wait takes time; `stderr` is what was written so far. */
export function testSurroundings(others: Partial<Omit<Surroundings, 'writeError'>>): {
  readonly surroundings: Surroundings;
  stderr(): string;
} {
  const { add, addServerSecret, redact } = createRedaction();
  let stderr = '';
  const surroundings: Surroundings = {
    arguments: [],
    environment: {},
    platform: { os: 'linux', architecture: 'amd64' },
    userId: process.getuid?.() ?? -1,
    clock: createFakeClock(),
    signal: new AbortController().signal,
    waits: 'real',
    random: () => 0.5,
    readInput: async () => Buffer.alloc(0),
    terminal: () => undefined,
    every: () => () => {},
    addSecret: add,
    addServerSecret,
    redact,
    ...others,
    writeError: createErrorOutput({
      environment: others.environment ?? {},
      redact,
      write: (text) => {
        stderr += text;
      },
    }),
  };
  return { surroundings, stderr: () => stderr };
}

/** Runs a command to its end; by default on a fake clock, so that no wait takes time. */
export async function runCommand(command: Command, options: CommandOptions): Promise<CommandResult> {
  const { request, directory, ...others } = options;
  const { surroundings, stderr } = testSurroundings({
    ...others,
    arguments: directory === undefined ? [] : [directory],
    readInput: async () => Buffer.from(typeof request === 'string' ? request : JSON.stringify(request)),
  });
  const { now } = surroundings.clock;
  try {
    const { output } = await command(surroundings);
    return { answer: output, stderr: stderr() };
  } catch (error) {
    reportFailure(error, createLog({ write: surroundings.writeError, now, startedAt: now() }, false));
    return { answer: undefined, stderr: stderr() };
  }
}
