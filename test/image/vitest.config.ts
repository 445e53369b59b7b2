// The container image's own suite: it needs root and some minutes, so `npm test` leaves it out.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'image', dir: import.meta.dirname, testTimeout: 600_000, hookTimeout: 600_000 },
});
