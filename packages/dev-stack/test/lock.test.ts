import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withLock } from "../src/lock.ts";
import { deadProcess, processOf } from "./processes.ts";

const PROGRAM = fileURLToPath(new URL("./lock-contender.ts", import.meta.url));

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cachepact-lock-"));
  path = join(folder, "lock");
});

afterEach(() => rmSync(folder, { recursive: true }));

function contend(startAt: number): Promise<number | null> {
  const child = spawn(process.execPath, [PROGRAM, path, join(folder, "journal"), String(startAt)], {
    stdio: "inherit",
  });
  return new Promise((resolve) => child.once("exit", resolve));
}

describe("withLock", () => {
  test("lets one process in at a time, when each of them dies with the lock in its hand", async () => {
    const startAt = Date.now() + 1_000;
    const codes = await Promise.all(Array.from({ length: 8 }, () => contend(startAt)));
    expect(codes).toEqual(Array.from({ length: 8 }, () => 0));
    const journal = readFileSync(join(folder, "journal"), "utf8").trim().split("\n");
    expect(journal).toHaveLength(16);
    for (let i = 0; i < journal.length; i += 2) {
      const pid = journal[i]?.split(" ")[1];
      expect([journal[i], journal[i + 1]]).toEqual([`enter ${pid}`, `leave ${pid}`]);
    }
    expect(readdirSync(folder)).toEqual(["journal", "lock"]);
  }, 30_000);

  test("waits while another process takes the lock over from the dead", async () => {
    writeFileSync(path, JSON.stringify({ ...deadProcess(), token: "a" }));
    writeFileSync(`${path}.a`, JSON.stringify({ ...processOf(process.pid), token: "b" }));
    await expect(withLock(path, 50, async () => "in")).rejects.toThrow("Waited 50 ms");
    rmSync(`${path}.a`);
    expect(await withLock(path, 50, async () => "in")).toBe("in");
  });

  test("takes over a lock whose taking over was itself cut short", async () => {
    writeFileSync(path, JSON.stringify({ ...deadProcess(), token: "a" }));
    writeFileSync(`${path}.a`, JSON.stringify({ ...deadProcess(), token: "b" }));
    expect(await withLock(path, 1_000, async () => "in")).toBe("in");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("names the holder when it has waited long enough, and leaves its lock alone", async () => {
    await withLock(path, 1_000, async () => {
      await expect(withLock(path, 30, async () => "in")).rejects.toThrow(`which process ${process.pid} holds`);
      expect(readdirSync(folder)).toEqual(["lock"]);
    });
  });

  test("is free again after a failure", async () => {
    await expect(withLock(path, 1_000, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withLock(path, 0, async () => "in")).toBe("in");
  });
});
