// The name that the program was started under → command; the only place that ends the process.
import { basename } from 'node:path';
import { UserError } from './errors.ts';
import { createLog } from './log.ts';
import { overviewCommand, withOptions } from './process/command-line.ts';
import { reportFailure } from './process/failure-report.ts';
import { listenForSignals } from './process/interruption.ts';
import { flushStandardError, writeStandardOutput } from './process/standard-streams.ts';
import type { Command } from './process/surroundings.ts';
import { systemSurroundings } from './process/system-surroundings.ts';

const resourceCommands: readonly string[] = ['check', 'in', 'out'];

/** A command is loaded only when it runs: a check must not wait for the code that unpacks images. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['check', async () => withOptions('check', (await import('./command/check.ts')).runCheck)],
  ['in', async () => withOptions('in', (await import('./command/in.ts')).runIn)],
  ['--help', async () => overviewCommand],
  ['out', async () => withOptions('out', (await import('./command/out.ts')).runOut)],
  ['registry-image', async () => (await import('./cli/program.ts')).runRegistryImage],
]);

/**
 * The command's name and its arguments: the name of a link to the executable, else the first argument. The commands of the
 * resource are commands of registry-image too.
 */
function invocation(): { name: string; args: string[] } {
  const link = basename(process.argv0);
  const words = commands.has(link) ? [link, ...process.argv.slice(2)] : process.argv.slice(2);
  const [first = '', second = ''] = words;
  const isResource = first === 'registry-image' && resourceCommands.includes(second);
  const [name = '', ...args] = isResource ? words.slice(1) : words;
  return { name, args };
}

const { name, args } = invocation();
const interruption = listenForSignals(process, (status) => process.exit(status));
const surroundings = systemSurroundings(args, interruption.signal);
const log = createLog(
  {
    write: surroundings.writeError,
    now: surroundings.clock.now,
    startedAt: Date.now() - process.uptime() * 1000,
  },
  false,
);

async function run(): Promise<number> {
  const load = commands.get(name);
  if (!load) {
    throw new UserError('the command is not known', {
      hint: 'start the program as check, in, out or registry-image',
    });
  }
  const command = await load();
  if (surroundings.environment.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    log.warn('NODE_TLS_REJECT_UNAUTHORIZED has no effect: certificates are always verified; see ca_certs');
  }
  const { output, parts = [], code } = await command(surroundings);
  interruption.signal.throwIfAborted();
  try {
    await writeStandardOutput(output);
    for (const part of parts) {
      await writeStandardOutput(part);
    }
  } catch (cause) {
    throw new UserError('writing the answer to standard output', { code: 'OUTPUT_FAILED', cause });
  }
  return code;
}

async function end(code: number): Promise<never> {
  await flushStandardError();
  process.exit(code);
}

function fail(error: unknown): Promise<never> {
  if (interruption.status !== undefined) {
    // What fails after a signal fails because of it.
    log.plain('interrupted');
    return end(interruption.status);
  }
  reportFailure(error, log, name === 'registry-image' ? 'command line' : 'pipeline');
  return end(1);
}

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    // After a signal the command's own end counts: it must have the time to clean up.
    if (interruption.status === undefined) {
      fail(error);
    }
  });
}

run().then(end, fail);
