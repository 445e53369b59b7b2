// `npm run soak`: many checks, gets and puts on a registry behind a proxy that fails some requests; see --help.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { runCheck } from '../src/command/check.ts';
import { runIn } from '../src/command/in.ts';
import { runOut } from '../src/command/out.ts';
import { systemClock } from '../src/transport/clock.ts';
import { type ExecutableName, runExecutable } from '../test/support/run.ts';
import { runCommand } from '../test/support/run-command.ts';
import { numbersFrom } from './layer-content.ts';
import { median } from './measure.ts';
import { startBenchRegistry } from './registry.ts';
import { prepareWork, type Run, type Work } from './soak-work.ts';
import { createWorkDirectory } from './work-directory.ts';

const usage = `npm run soak -- [--scale N] [--faults SHARE] [--seed N] [--executables node|native]

Runs 500 checks, 50 gets and 50 puts, four at a time, on docker-registry behind a proxy that fails 5 % of all requests:
429, 500, 502 and 503, resets, truncated and changed content. Every result is verified. By default the commands run in
one process, whose memory and file descriptors must not grow; with --executables each one is a process.

--scale        a multiple of that number of commands, by default 1
--faults       the share of failing requests, by default 0.05
--seed         chooses other faults and another order, by default 1
`;

const counts = { check: 500, get: 50, put: 50 };
const concurrency = 4;
const commands = { check: runCheck, in: runIn, out: runOut };
/** Growth of the heap and of open files from the second third to the last that is not a leak. */
const allowedGrowth = { heap: 8 * 2 ** 20, files: 4 };

const inProcess: Run = async (name, request, directory) => {
  const { answer, stderr } = await runCommand(commands[name], {
    request,
    ...(directory === undefined ? {} : { directory }),
    clock: systemClock,
    waits: 'shrunk',
    random: Math.random,
  });
  return answer ?? fail(name, stderr);
};

const asProcess: Run = async (name, request, directory) => {
  const { status, stdout, stderr } = await runExecutable(name, {
    request,
    ...(directory === undefined ? {} : { directory }),
  });
  return status === 0 ? stdout : fail(name, stderr);
};

function fail(name: ExecutableName, log: string): never {
  throw new Error(`${name} failed:\n${log}`);
}

interface Sample {
  readonly heap: number;
  readonly files: number;
}

function sample(): Sample {
  globalThis.gc?.();
  return { heap: process.memoryUsage().heapUsed, files: readdirSync('/proc/self/fd').length };
}

/** The pieces of work in random order. */
function shuffled(work: Readonly<Record<keyof typeof counts, Work>>, scale: number, random: () => number) {
  const all = (['check', 'get', 'put'] as const).flatMap((kind) =>
    Array.from({ length: Math.round(counts[kind] * scale) }, (_, number) => ({
      kind,
      number,
      place: random(),
      run: () => work[kind](number),
    })),
  );
  return all.sort((a, b) => a.place - b.place);
}

async function startProxy(registry: string, faults: string, seed: string) {
  const path = join(import.meta.dirname, 'faulty-proxy.ts');
  const proxyArguments = ['--registry', registry, '--faults', faults, '--seed', seed];
  const child = spawn(process.execPath, [path, ...proxyArguments], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [host] = await once(lines, 'line');
  return {
    host: String(host),
    async end(): Promise<{ requests: number; faults: number }> {
      child.stdin.end();
      const [line] = await once(lines, 'line');
      return JSON.parse(String(line));
    },
  };
}

async function soak(options: { scale: number; faults: string; seed: string; run: Run }): Promise<boolean> {
  await using directory = await createWorkDirectory(undefined, 2e9);
  process.env.TMPDIR = directory.path;
  await using registry = await startBenchRegistry();
  const url = `http://${registry.host}`;
  const proxy = await startProxy(url, options.faults, options.seed);
  const setup = { proxy: proxy.host, registry: url, directory: directory.path, run: options.run };
  const queue = shuffled(await prepareWork(setup), options.scale, numbersFrom(Number(options.seed)));
  const total = queue.length;
  const failures: string[] = [];
  const samples: Sample[] = [];
  const start = performance.now();
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { kind, number, run } = next;
      await run().catch((error: Error) => failures.push(`${kind} ${number}: ${error.message}`));
      if (queue.length % 20 === 0) {
        samples.push(sample());
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const { requests, faults } = await proxy.end();
  process.stdout.write(failures.map((failure) => `${failure}\n`).join(''));
  process.stdout.write(
    `${total} commands in ${seconds} s on ${registry.name}: ${failures.length} failed; ${requests} requests, ${faults} faults\n`,
  );
  return failures.length === 0 && (options.run === asProcess || isFlat(samples));
}

/** Whether memory and open files stayed the same from the second third of the samples to the last one. */
function isFlat(samples: readonly Sample[]): boolean {
  const third = Math.floor(samples.length / 3);
  const middle = samples.slice(third, 2 * third);
  const last = samples.slice(2 * third);
  const of = (part: readonly Sample[], key: keyof Sample) => median(part.map((each) => each[key]));
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  process.stdout.write(
    `heap ${megabytes(of(middle, 'heap'))}, then ${megabytes(of(last, 'heap'))}; ` +
      `open files ${of(middle, 'files')}, then ${of(last, 'files')}\n`,
  );
  return (['heap', 'files'] as const).every((key) => of(last, key) - of(middle, key) <= allowedGrowth[key]);
}

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    faults: { type: 'string', default: '0.05' },
    seed: { type: 'string', default: '1' },
    executables: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
} else {
  const { scale, faults, seed, executables } = values;
  process.env.EXECUTABLES = executables ?? 'node';
  const run = executables === undefined ? inProcess : asProcess;
  process.exitCode = (await soak({ scale: Number(scale), faults, seed, run })) ? 0 : 1;
}
