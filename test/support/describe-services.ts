// Test suites that need real programs: skipped with one line when a program is missing, failed in CI.
import { describe, it } from 'vitest';
import { missingPrograms, type ServiceProgram } from './services.ts';

/**
 * A `describe` block for tests that need these programs. When one is missing, the tests are skipped, and one
 * line says how to install it; with `CI=true` the block fails instead.
 */
export function describeServices(programs: readonly ServiceProgram[], name: string, suite: () => void): void {
  const missing = missingPrograms(programs);
  if (missing.length === 0) {
    describe(name, suite);
    return;
  }
  const advice = `${missing.join(', ')} not installed: run "npm run test:services"`;
  if (process.env.CI === 'true') {
    describe(name, () => {
      it(`needs ${missing.join(', ')}`, () => {
        throw new Error(advice);
      });
    });
    return;
  }
  process.stderr.write(`skipped: ${name} (${advice})\n`);
  describe.skip(name, suite);
}
