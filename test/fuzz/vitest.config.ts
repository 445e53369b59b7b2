// The fuzz tests: `npm run fuzz`. They take minutes, so they are not part of `npm test`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'fuzz', dir: import.meta.dirname, include: ['*.fuzz.ts'], testTimeout: 3_600_000 },
});
