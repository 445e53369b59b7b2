// Starts a registry for one test.
import { onTestFinished } from 'vitest';
import { type RegistryOptions, startRegistry, type TestRegistry } from './registry.ts';

/** Starts a registry that is closed when the running test has finished. */
export async function registryForTest(options: RegistryOptions = {}): Promise<TestRegistry> {
  const registry = await startRegistry(options);
  onTestFinished(() => registry.close());
  return registry;
}
