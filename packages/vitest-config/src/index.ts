import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

// Packages resolve each other's TypeScript source, so that tests and type checks need no build.
// `import` is not among these: vitest hands them to Node as flags, and a require() would then be given an ES module.
const conditions = ["@cachepact/source", "node"];
const resolution = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};

/** How one package differs from the others. */
export interface PackageTestsOptions {
  /** Tests that cannot run in the project `hardened`, because the tools that they compare with make code from strings. */
  readonly needsCodeGeneration?: readonly string[];
}

/**
 * The vitest configuration of one package: tests live in `test/` and their suffix picks the project.
 *
 * `.test.ts` = `unit`, no server; `.redis.test.ts` = `redis`, starts real servers on random ports;
 * `.e2e.test.ts` = `e2e`, starts the services as processes; `.long.test.ts` = `long`, runs under `npm run test:ci`.
 * `hardened` = the first two once more, in processes that may neither make code from strings nor have
 * `Object.prototype.__proto__`; there Node loads the sources itself, since Vite's runner makes code from strings.
 */
export function packageTests(options: PackageTestsOptions = {}): ViteUserConfig {
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
        {
          test: {
            name: "hardened",
            include: ["test/**/*.test.ts"],
            exclude: ["**/*.e2e.test.ts", "**/*.long.test.ts", ...(options.needsCodeGeneration ?? [])],
            pool: "forks",
            execArgv: [
              ...conditions.map((condition) => `--conditions=${condition}`),
              `--import=${new URL("hardened-preload.ts", import.meta.url).href}`,
              "--disable-proto=delete",
              "--disallow-code-generation-from-strings",
            ],
            setupFiles: [fileURLToPath(new URL("hardened-setup.ts", import.meta.url))],
            experimental: { viteModuleRunner: false },
            ...timeouts,
          },
        },
      ],
    },
  });
}
