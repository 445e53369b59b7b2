// How the suites run: every file by itself, in parallel, on loopback only; the end-to-end tests once per flavour.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const patience = { testTimeout: 60_000, hookTimeout: 60_000 };

/** `EXECUTABLES` chooses one flavour; else both are tested, the native one (for Linux) when it is built. */
function flavours(): string[] {
  const chosen = process.env.EXECUTABLES;
  if (chosen !== undefined) {
    return [chosen];
  }
  const native = process.platform === 'linux' && existsSync(join(import.meta.dirname, 'dist/native/check'));
  return native ? ['node', 'native'] : ['node'];
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/image/**'],
          ...patience,
        },
      },
      ...flavours().map((flavour) => ({
        test: {
          name: flavour,
          include: ['test/e2e/**/*.test.ts'],
          env: { EXECUTABLES: flavour },
          ...patience,
        },
      })),
    ],
  },
});
