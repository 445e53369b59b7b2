// Starts the registries of the benchmark: docker-registry if it is installed, and the test registry as a process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startDockerRegistry } from '../test/support/docker-registry.ts';
import { findProgram } from '../test/support/services.ts';

/** A running registry. */
export interface BenchRegistry extends AsyncDisposable {
  readonly name: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
}

/** Starts docker-registry, with its storage in the directory for temporary files, or else the test registry. */
export async function startBenchRegistry(): Promise<BenchRegistry> {
  if (findProgram('docker-registry') === undefined) {
    return await startTestRegistry({ delay: 0, tags: 0 });
  }
  const registry = await startDockerRegistry();
  return { name: 'docker-registry', host: registry.host, [Symbol.asyncDispose]: () => registry.close() };
}

/** Starts the test registry with a latency of `delay` milliseconds and a number of versions in the repository `tags`. */
export async function startTestRegistry(options: { delay: number; tags: number }): Promise<BenchRegistry> {
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'registry-process.ts'),
      ...['--delay', String(options.delay)],
      ...['--tags', String(options.tags)],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [host] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    name: 'test registry',
    host: String(host),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
