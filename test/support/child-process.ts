// Runs a program in a test to its end and returns everything that it wrote.
import { spawn } from 'node:child_process';

/** The result of a program that has ended. `status` is null when a signal ended it. */
export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run. */
export interface ProgramOptions {
  /** The whole of its standard input. */
  readonly input?: string | Uint8Array;
  /** Its whole environment; by default that of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Ends the program when aborted. */
  readonly signal?: AbortSignal;
  /** The signal that an abort sends; by default SIGKILL. */
  readonly killSignal?: NodeJS.Signals;
}

/** Runs a program to its end. Rejects when it cannot be started or was aborted, not when its status is not 0. */
export function runProgram(
  command: string,
  commandArguments: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArguments, {
      ...(options.environment ? { env: options.environment } : {}),
      ...(options.workingDirectory ? { cwd: options.workingDirectory } : {}),
      ...(options.signal
        ? { signal: options.signal, killSignal: options.killSignal ?? ('SIGKILL' as const) }
        : {}),
    });
    const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    child.stdout.on('data', (chunk: Buffer) => output.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (status) => {
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
      resolve({ status, stdout: text(output.stdout), stderr: text(output.stderr) });
    });
    // A program may end without reading its input.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}
