// A command as a process: signals, the answer on standard output, the report of a failure, and the exit status.
import { compileWhenLong } from '../compilation.ts';
import { UserError } from '../errors.ts';
import { createLog } from '../log.ts';
import { reportFailure } from './failure-report.ts';
import type { HintSurface } from './hints.ts';
import { listenForSignals } from './interruption.ts';
import { flushStandardError, writeStandardOutput } from './standard-streams.ts';
import type { Command, CommandResult } from './surroundings.ts';
import { systemSurroundings } from './system-surroundings.ts';

/**
 * Runs a command with these arguments as the only one of this process, and ends the process by calling `exit` with the
 * status: 0, 1, 2, or 128 and the number of a signal.
 */
export type Program = (args: readonly string[], exit: (status: number) => never) => void;

/** The program that runs this command. Hints about its failures are those for the surface. */
export function programOf(surface: HintSurface, command: Command): Program {
  return (args, exit) => {
    compileWhenLong();
    const interruption = listenForSignals(process, exit);
    const surroundings = systemSurroundings(args, interruption.signal);
    const log = createLog(
      {
        write: surroundings.writeError,
        now: surroundings.clock.now,
        startedAt: Date.now() - process.uptime() * 1000,
      },
      false,
    );
    const end = async (status: number) => {
      await flushStandardError();
      exit(status);
    };
    const fail = (error: unknown) => {
      if (interruption.status !== undefined) {
        // What fails after a signal fails because of it.
        log.plain('interrupted');
        return end(interruption.status);
      }
      reportFailure(error, log, surface);
      return end(1);
    };
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => {
        // After a signal the command's own end counts: it must have the time to clean up.
        if (interruption.status === undefined) {
          fail(error);
        }
      });
    }
    const run = async () => {
      if (surroundings.environment.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
        log.warn(
          'NODE_TLS_REJECT_UNAUTHORIZED has no effect: certificates are always verified; see ca_certs',
        );
      }
      const result = await command(surroundings);
      interruption.signal.throwIfAborted();
      await writeAnswer(result);
      return result.code;
    };
    run().then(end, fail);
  };
}

async function writeAnswer({ output, parts = [] }: CommandResult): Promise<void> {
  try {
    await writeStandardOutput(output);
    for (const part of parts) {
      await writeStandardOutput(part);
    }
  } catch (cause) {
    throw new UserError('writing the answer to standard output', { code: 'OUTPUT_FAILED', cause });
  }
}
