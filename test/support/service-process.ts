// Runs a real server program as a child process of a test: its log, its end, and SIGKILL at the latest with the test.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { findProgram, type ServiceProgram } from './services.ts';

/** A running server program. */
export interface ServiceProcess {
  /** Resolves with the first group of the pattern in a line of stderr; rejects when the program ends before. */
  logged(pattern: RegExp): Promise<string>;
  /** Rejects with the log when the program ends, also when it cannot be started. */
  readonly failed: Promise<never>;
  /** Kills the program; resolves when it has ended. */
  close(): Promise<void>;
}

/** Starts a program. Throws when it is not installed. */
export function startService(
  program: ServiceProgram,
  programArguments: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): ServiceProcess {
  const path = findProgram(program);
  if (path === undefined) {
    throw new Error(`${program} is not installed: npm run test:services`);
  }
  const child = spawn(path, programArguments, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const lines: string[] = [];
  // All lines are read, so that the pipe never fills.
  const log = createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  const failed = ended.then((): never => {
    throw new Error(`${program} ended:\n${lines.join('\n')}`);
  });
  failed.catch(() => {});
  return {
    failed,
    logged: (pattern) => {
      const found = new Promise<string>((resolve) => {
        log.on('line', (line) => {
          const match = pattern.exec(line)?.[1];
          if (match !== undefined) {
            resolve(match);
          }
        });
      });
      return Promise.race([found, failed]);
    },
    async close() {
      process.removeListener('exit', kill);
      kill();
      await ended;
    },
  };
}
