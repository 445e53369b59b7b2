// The commands in this process, on a clock that the test turns: what the executables do, without their start.

import { createConcealment } from '../../src/command/concealment.ts';
import { reportFailure } from '../../src/command/failure-report.ts';
import type { Command, Surroundings } from '../../src/command/surroundings.ts';
import { createLog } from '../../src/log.ts';
import { createTurnedClock } from './turned-clock.ts';

/** How a command is run; what is absent is as on a worker with nothing set. */
export interface CommandOptions
  extends Partial<Omit<Surroundings, 'arguments' | 'readInput' | 'writeError'>> {
  /** A value is sent as JSON, a text as it is. */
  readonly request: unknown;
  /** The argument of `in` and `out`. */
  readonly directory?: string;
}

/** What a command left: `answer` is undefined when it failed. */
export interface CommandResult {
  readonly answer: string | undefined;
  readonly stderr: string;
}

/** Runs a command to its end; on a turned clock unless told otherwise, so that no wait takes time. */
export async function runCommand(command: Command, options: CommandOptions): Promise<CommandResult> {
  const { request, directory, ...others } = options;
  const { keep, conceal } = createConcealment();
  let stderr = '';
  const surroundings: Surroundings = {
    environment: {},
    platform: { os: 'linux', architecture: 'amd64' },
    userId: process.getuid?.() ?? -1,
    clock: createTurnedClock(),
    random: () => 0.5,
    terminal: () => undefined,
    every: () => () => {},
    keepSecret: keep,
    ...others,
    arguments: directory === undefined ? [] : [directory],
    readInput: async () => Buffer.from(typeof request === 'string' ? request : JSON.stringify(request)),
    writeError: (text) => {
      stderr += conceal(text);
    },
  };
  const { now } = surroundings.clock;
  try {
    return { answer: await command(surroundings), stderr };
  } catch (error) {
    reportFailure(error, createLog({ write: surroundings.writeError, now, startedAt: now() }, false));
    return { answer: undefined, stderr };
  }
}
