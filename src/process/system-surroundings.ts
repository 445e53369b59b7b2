// The surroundings of a command in this process: its streams, clock, environment and random numbers.
import { isatty } from 'node:tty';
import { hostPlatform } from '../oci/platform.ts';
import { systemClock } from '../transport/clock.ts';
import { createErrorOutput } from './error-output.ts';
import { createRedaction } from './redaction.ts';
import { inputDescriptor, readStandardInput, writeStandardError } from './standard-streams.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * The surroundings of this process; `args` are the arguments after the name of the command. Takes from the process what
 * would make the runtime accept any certificate.
 */
export function systemSurroundings(args: readonly string[], signal: AbortSignal): Surroundings {
  const { add, addServerSecret, redact } = createRedaction();
  const environment = { ...process.env };
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  const writeError = createErrorOutput({ environment, redact, write: writeStandardError });
  return {
    arguments: args,
    environment,
    platform: hostPlatform(process.platform, process.arch),
    userId: process.getuid?.() ?? -1,
    clock: systemClock,
    signal,
    waits: environment.TEST === 'true' ? 'shrunk' : 'real',
    readInput: async () => {
      if (isatty(inputDescriptor)) {
        writeError('waiting for the request on standard input: a JSON object, see --help\n');
      }
      return await readStandardInput(signal);
    },
    writeError,
    terminal: () => {
      const { isTTY, columns, rows } = process.stderr;
      return isTTY ? { columns: columns || 80, rows: rows || 24 } : undefined;
    },
    every: (milliseconds, action) => {
      const timer = setInterval(action, milliseconds).unref();
      return () => clearInterval(timer);
    },
    addSecret: add,
    addServerSecret,
    redact,
    random: Math.random,
  };
}
