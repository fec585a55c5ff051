import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{cmd,pkg,shims,test,bench}/**/*.test.ts"],
    // Many tests wait for processes: two at a time are faster on two processors than one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    unstubEnvs: true,
    restoreMocks: true,
    // Limits are there for what never ends: a machine that does much else at the same time is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    coverage: { include: ["{cmd,pkg,shims}/**/*.ts"] },
  },
});
