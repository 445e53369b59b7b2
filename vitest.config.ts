// The test projects: `parts` for tests in this process, and the end-to-end tests once for each kind of executable.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };

/** The kinds of executables to test: that in `EXECUTABLES`, or by default both, the native one (Linux only) if it is built. */
function executableKinds(): string[] {
  const chosen = process.env.EXECUTABLES;
  if (chosen !== undefined) {
    return [chosen];
  }
  const native = process.platform === 'linux' && existsSync(join(import.meta.dirname, 'dist/native/check'));
  return native ? ['node', 'native'] : ['node'];
}

export default defineConfig({
  test: {
    // By default there is one fewer than cores, although most of these tests wait for the processes that they start.
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/image/**'],
          ...timeouts,
        },
      },
      ...executableKinds().map((kind) => ({
        test: {
          name: kind,
          include: ['test/e2e/**/*.test.ts'],
          env: { EXECUTABLES: kind },
          ...timeouts,
        },
      })),
    ],
  },
});
