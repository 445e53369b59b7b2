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
  /** Scheme and host. */
  readonly url: string;
}

/** Starts docker-registry, with its storage in the directory for temporary files, or else the test registry. */
export async function startBenchRegistry(scheme: 'http' | 'https' = 'http'): Promise<BenchRegistry> {
  if (findProgram('docker-registry') === undefined) {
    return await startTestRegistry({ tls: scheme === 'https' });
  }
  const registry = await startDockerRegistry({ kind: scheme === 'https' ? 'tls' : 'anonymous' });
  const { host, url } = registry;
  return { name: 'docker-registry', host, url, [Symbol.asyncDispose]: () => registry.close() };
}

/** What the test registry has, and how it behaves. */
export interface TestRegistrySettings {
  /** The latency of every response in milliseconds; by default there is none. */
  readonly delay?: number;
  /** The number of versions in the repository `tags`. */
  readonly tags?: number;
  /** The number of images in the index `index:latest`. */
  readonly children?: number;
  readonly tls?: boolean;
}

/** Starts the test registry as a process. */
export async function startTestRegistry(settings: TestRegistrySettings): Promise<BenchRegistry> {
  const { delay = 0, tags = 0, children = 0, tls = false } = settings;
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'registry-process.ts'),
      ...['--delay', String(delay)],
      ...['--tags', String(tags)],
      ...['--children', String(children)],
      ...(tls ? ['--tls'] : []),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [host] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    name: 'test registry',
    host: String(host),
    url: `${tls ? 'https' : 'http'}://${host}`,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
