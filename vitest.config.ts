import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{cmd,pkg,shims,test,bench}/**/*.test.ts"],
    unstubEnvs: true,
    restoreMocks: true,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { include: ["{cmd,pkg,shims}/**/*.ts"] },
  },
});
