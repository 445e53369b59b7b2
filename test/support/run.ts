// Runs the executables as Concourse starts them: a request on stdin, the answer on stdout.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProgramOptions, type ProgramResult, runProgram } from './child-process.ts';

/** The root of the repository. */
export const repositoryRoot: string = join(import.meta.dirname, '..', '..');

/** The executables of the resource. */
export type ExecutableName = 'check' | 'in' | 'out';

/** How an executable is started. */
export interface ExecutableOptions {
  /** A value is sent as JSON; a string or bytes as they are. */
  readonly request: unknown;
  /** The argument of `in` and `out`. */
  readonly directory?: string;
  /** The whole environment; by default exactly `TEST=true`. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly signal?: AbortSignal;
}

/** The result of a measured program; `peakMemory` in bytes. */
export interface MeasuredResult extends ProgramResult {
  readonly peakMemory: number;
}

/** The path of an executable: the compiled one with `EXECUTABLES=native`, by default the launcher for Node. */
export function executablePath(name: ExecutableName | 'registry-image'): string {
  const kind = process.env.EXECUTABLES ?? 'node';
  switch (kind) {
    case 'node':
      return join(repositoryRoot, 'bin', name);
    case 'native':
      return join(repositoryRoot, 'dist', 'native', name);
    default:
      throw new Error(`EXECUTABLES is node or native, not ${JSON.stringify(kind)}`);
  }
}

/** Runs an executable to its end. */
export function runExecutable(name: ExecutableName, options: ExecutableOptions): Promise<ProgramResult> {
  return runProgram(executablePath(name), argumentsOf(options), programOptions(options));
}

/** Runs registry-image to its end with these arguments. */
export function runRegistryImageExecutable(
  commandArguments: readonly string[],
  options: Partial<ExecutableOptions> = {},
): Promise<ProgramResult> {
  const path = executablePath('registry-image');
  return runProgram(path, commandArguments, programOptions({ request: '', ...options }));
}

/** Runs an executable to its end and measures its memory, see {@link runMeasured}. */
export function runExecutableMeasured(
  name: ExecutableName,
  options: ExecutableOptions,
): Promise<MeasuredResult> {
  return runMeasured(executablePath(name), argumentsOf(options), programOptions(options));
}

/**
 * Runs a program to its end and returns the greatest resident memory that it, or a child it waited for, ever had: what
 * wait4(2) reports, so nothing is sampled and no peak is missed. Limits: for a program that needs less than the
 * measuring process itself (about 25 MB) that amount is returned, and several processes are not added up.
 */
export async function runMeasured(
  command: string,
  commandArguments: readonly string[],
  options: ProgramOptions & { readonly environment: Readonly<Record<string, string>> },
): Promise<MeasuredResult> {
  const folder = await mkdtemp(join(tmpdir(), 'peak-memory-'));
  try {
    const report = join(folder, 'bytes');
    const { environment, workingDirectory = process.cwd(), ...rest } = options;
    const job = { report, environment, workingDirectory, command: [command, ...commandArguments] };
    // The wrapper runs in an empty directory, where no file configures Bun, and ends its child on SIGTERM.
    const result = await runProgram(
      bunExecutable(),
      [join(import.meta.dirname, 'peak-memory.ts'), JSON.stringify(job)],
      { ...rest, environment: {}, workingDirectory: folder, killSignal: 'SIGTERM' },
    );
    return { ...result, peakMemory: Number(await readFile(report, 'utf8')) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function bunExecutable(): string {
  const architecture = process.arch === 'arm64' ? 'aarch64' : process.arch;
  return join(
    repositoryRoot,
    'node_modules',
    '@oven',
    `bun-${process.platform}-${architecture}`,
    'bin',
    'bun',
  );
}

function argumentsOf({ directory }: ExecutableOptions): string[] {
  return directory === undefined ? [] : [directory];
}

function programOptions(options: ExecutableOptions) {
  const { request, environment = { TEST: 'true' }, workingDirectory, signal } = options;
  const plain = typeof request === 'string' || request instanceof Uint8Array;
  return {
    input: plain ? request : JSON.stringify(request),
    environment,
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    ...(signal === undefined ? {} : { signal }),
  };
}
