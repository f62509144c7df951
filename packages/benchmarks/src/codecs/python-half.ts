import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import type { Rounds } from "./measure.ts";
import type { LanguageRun } from "./measurement.ts";

const packageFolder = fileURLToPath(new URL("../../", import.meta.url));
const binary = process.platform === "win32" ? "Scripts/python.exe" : "bin/python";
const interpreter = path.join(packageFolder, "../../.venv", binary);
/** The code of this half, and the classes generated from the contract. */
const modules = [path.join(packageFolder, "python"), path.join(packageFolder, "contract", "python")];

/**
 * Checks and measures the contenders of Python, in one process of its own; its progress goes to standard error.
 *
 * @throws {Error} when Python cannot be started, or a contender does not give back what it was given
 */
export async function measurePython({ rounds, sliceMs }: Rounds): Promise<LanguageRun> {
  const folder = mkdtempSync(path.join(tmpdir(), "cachepact-bench-"));
  const out = path.join(folder, "run.json");
  try {
    const args = ["--rounds", String(rounds), "--slice-ms", String(sliceMs), "--out", out];
    const child = spawn(interpreter, ["-m", "bench_codecs", ...args], {
      env: { ...process.env, PYTHONPATH: modules.join(path.delimiter) },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) {
      throw new Error(
        `measure Python: found exit code ${code}; read its message above, run npm run setup if Python is missing`,
      );
    }
    return JSON.parse(readFileSync(out, "utf8")) as LanguageRun;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
