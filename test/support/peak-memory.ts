// Runs a program and reports its peak memory by wait4(2). Runs on Bun, because Node cannot measure a single child.
import { writeFileSync } from 'node:fs';

interface Job {
  /** The file to write the number of bytes to. */
  readonly report: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly command: readonly string[];
}

interface BunChild {
  readonly exited: Promise<number>;
  readonly signalCode: NodeJS.Signals | null;
  kill(signal: NodeJS.Signals): void;
  resourceUsage(): { readonly maxRSS: number } | undefined;
}

declare const Bun: {
  spawn(
    command: readonly string[],
    options: {
      readonly stdio: readonly ['inherit', 'inherit', 'inherit'];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
    },
  ): BunChild;
};

const job: Job = JSON.parse(process.argv[2] ?? '');
const child = Bun.spawn(job.command, {
  stdio: ['inherit', 'inherit', 'inherit'],
  env: job.environment,
  cwd: job.workingDirectory,
});
process.on('SIGTERM', () => child.kill('SIGKILL'));
const status = await child.exited;
writeFileSync(job.report, String(child.resourceUsage()?.maxRSS));
if (child.signalCode) {
  process.kill(process.pid, child.signalCode);
} else {
  process.exitCode = status;
}
