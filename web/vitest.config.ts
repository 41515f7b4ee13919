import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['packages/*/test/**/*.test.{ts,tsx}'],
    setupFiles: ['./vitest.setup.ts'],
    restoreMocks: true,
    // Two cores, shared.
    maxWorkers: 2,
    // A machine that does much else at the same time is slow; what is asserted stays the same.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
