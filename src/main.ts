// The name that the program was started under → command; the only place that ends the process.
import { constants } from 'node:os';
import { basename } from 'node:path';
import { UserError } from './errors.ts';
import { createLog } from './log.ts';
import { reportFailure } from './process/failure-report.ts';
import { flushStandardError, writeStandardOutput } from './process/standard-streams.ts';
import type { Command } from './process/surroundings.ts';
import { systemSurroundings } from './process/system-surroundings.ts';

/** A command is loaded when it is the one: a check shall not wait for the code that unpacks images. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['check', async () => (await import('./command/check.ts')).runCheck],
  ['in', async () => (await import('./command/in.ts')).runIn],
  ['out', async () => (await import('./command/out.ts')).runOut],
]);

/** The command's name and its arguments: a link to the executable has the name, else the first argument is it. */
function invocation(): { name: string; args: string[] } {
  const name = basename(process.argv0);
  const args = process.argv.slice(2);
  return commands.has(name) ? { name, args } : { name: args[0] ?? '', args: args.slice(1) };
}

const { name, args } = invocation();
const surroundings = systemSurroundings(args);

async function run(): Promise<number> {
  const load = commands.get(name);
  if (!load) {
    throw new UserError('the command is not known', { hint: 'start the program as check, in or out' });
  }
  const command = await load();
  const { output, code } = await command(surroundings);
  await writeStandardOutput(output).catch((cause) => {
    throw new UserError('writing the answer to standard output', { cause });
  });
  return code;
}

async function end(code: number): Promise<never> {
  await flushStandardError();
  process.exit(code);
}

function fail(error: unknown): Promise<never> {
  const { clock, writeError } = surroundings;
  const log = createLog({ write: writeError, now: clock.now, startedAt: performance.timeOrigin }, false);
  reportFailure(error, log);
  return end(1);
}

// The first process of a container has no default action for signals: without these it would not end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

run().then(end, fail);
