import { defineConfig, type ViteUserConfig } from "vitest/config";

// Packages resolve each other's TypeScript source, so that tests and type checks need no build.
// `import` is not among these: vitest hands them to Node as flags, and a require() would then be given an ES module.
const conditions = ["@cachepact/source", "node"];
const resolution = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};

/**
 * The vitest configuration of one package: tests live in `test/` and their suffix picks the project.
 *
 * `.test.ts` = `unit`, no server; `.redis.test.ts` = `redis`, starts real servers on random ports;
 * `.e2e.test.ts` = `e2e`, starts the services as processes; `.long.test.ts` = `long`, runs under `npm run test:ci`.
 */
export function packageTests(): ViteUserConfig {
  const timeouts = { testTimeout: 30_000, hookTimeout: 60_000 };
  return defineConfig({
    test: {
      passWithNoTests: true,
      projects: [
        {
          ...resolution,
          test: {
            name: "unit",
            include: ["test/**/*.test.ts"],
            exclude: ["**/*.redis.test.ts", "**/*.e2e.test.ts", "**/*.long.test.ts"],
          },
        },
        { ...resolution, test: { name: "redis", include: ["test/**/*.redis.test.ts"], ...timeouts } },
        {
          ...resolution,
          test: {
            name: "e2e",
            include: ["test/**/*.e2e.test.ts"],
            fileParallelism: false,
            ...timeouts,
            testTimeout: 300_000,
          },
        },
        {
          ...resolution,
          test: { name: "long", include: ["test/**/*.long.test.ts"], testTimeout: 1_800_000, hookTimeout: 60_000 },
        },
      ],
    },
  });
}
