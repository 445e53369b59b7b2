// Runs registry-image in this process on a fake clock: what the executable does, without a process.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runRegistryImage } from '../../src/cli/program.ts';
import { createLog } from '../../src/log.ts';
import { reportFailure } from '../../src/process/failure-report.ts';
import type { Surroundings } from '../../src/process/surroundings.ts';
import { schemaProblems } from './json-schema.ts';
import { repositoryRoot } from './run.ts';
import { testSurroundings } from './run-command.ts';

/** How a run of registry-image ended. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs registry-image to its end. Throws for an answer with --json that does not match its schema. The environment has no home directory, so that no log-in of this machine counts. */
export async function runCli(
  args: readonly string[],
  others: Partial<Omit<Surroundings, 'arguments' | 'writeError'>> = {},
): Promise<CliResult> {
  const result = await runWith(args, others);
  if (args.includes('--json') && args[0] !== undefined && result.stdout !== '') {
    requireSchema(args[0], JSON.parse(result.stdout));
  }
  return result;
}

async function runWith(...[args, others = {}]: Parameters<typeof runCli>): Promise<CliResult> {
  const { surroundings, stderr } = testSurroundings({
    ...others,
    environment: { HOME: '/nonexistent', ...others.environment },
    arguments: args,
  });
  try {
    const { output, parts = [], code } = await runRegistryImage(surroundings);
    return { code, stdout: [output, ...parts].join(''), stderr: stderr() };
  } catch (error) {
    const { writeError: write, clock } = surroundings;
    reportFailure(error, createLog({ write, now: clock.now, startedAt: clock.now() }, false), 'command line');
    return { code: 1, stdout: '', stderr: stderr() };
  }
}

/** Throws unless the answer of a command is what its schema in docs/schema/registry-image says. */
export function requireSchema(command: string, answer: unknown): void {
  const path = join(repositoryRoot, 'docs', 'schema', 'registry-image', `${command}.json`);
  const problems = schemaProblems(answer, JSON.parse(readFileSync(path, 'utf8')));
  if (problems.length > 0) {
    throw new Error(`the answer of ${command} does not match its schema:\n${problems.join('\n')}`);
  }
}

/** The JSON document that a run of registry-image printed, with its exit status. */
export async function runCliJson(
  args: readonly string[],
  others: Partial<Omit<Surroundings, 'arguments' | 'writeError'>> = {},
): Promise<{ readonly code: number; readonly json: Record<string, unknown>; readonly stderr: string }> {
  const { code, stdout, stderr } = await runCli([...args, '--json'], others);
  return { code, json: stdout === '' ? {} : JSON.parse(stdout), stderr };
}
