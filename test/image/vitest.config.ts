// The test suite of the container image: it needs root and some minutes, so it is not part of `npm test`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'image', dir: import.meta.dirname, testTimeout: 600_000, hookTimeout: 600_000 },
});
