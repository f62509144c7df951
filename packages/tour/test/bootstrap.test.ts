import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const BOOTSTRAP = fileURLToPath(new URL("../../../scripts/bootstrap.mjs", import.meta.url));

/** A folder that is the whole PATH: only what a test puts there can be found. */
let bin: string;
beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), "cachepact-path-"));
});
afterEach(() => rm(bin, { recursive: true, force: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

function bootstrap(...nodeOptions: string[]): { status: number | null; stderr: string } {
  const result = spawnSync(process.execPath, [...nodeOptions, BOOTSTRAP], { env: { PATH: bin }, encoding: "utf8" });
  return { status: result.status, stderr: result.stderr };
}

describe("set-up on a machine that lacks something", () => {
  test("says that Node is too old, what is needed and where to get it", () => {
    const older = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.19.9"})';
    const { status, stderr } = bootstrap("--import", older);
    expect(status).toBe(1);
    expect(stderr).toContain("Node 20.19.9 is too old: 20.20 or newer is needed. Install it from nodejs.org");
  });

  test("says that there is no Python", () => {
    const { status, stderr } = bootstrap();
    expect(status).toBe(1);
    expect(stderr).toContain("Python 3.11 or newer is needed, but none is on PATH. Install one");
  });

  test("says which older Python it found", async () => {
    await program("python3", 'echo "3.9 False /usr/bin/python3"');
    const { status, stderr } = bootstrap();
    expect(status).toBe(1);
    expect(stderr).toContain("but only older ones are on PATH (python3 is 3.9)");
  });

  test("a step that fails is named, with its command", async () => {
    await program("python3", 'echo "3.12 True /usr/bin/python3"');
    await program("pnpm", 'test "$1" = --version && echo 12.0.0 || exit 7');
    await program("uv", "echo uv 0.13.9");
    const { status, stderr } = bootstrap();
    expect(status).toBe(1);
    expect(stderr).toContain("[setup] FAILED: Node packages: exit code 7");
    expect(stderr).toContain("command: pnpm install --frozen-lockfile");
  });
});
