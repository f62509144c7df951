import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withLock } from "../src/lock.ts";
import { deadProcess } from "./processes.ts";

const PROGRAM = fileURLToPath(new URL("./lock-contender.ts", import.meta.url));

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cachepact-lock-"));
  path = join(folder, "lock");
});

afterEach(() => rmSync(folder, { recursive: true }));

function contend(): Promise<number | null> {
  const child = spawn(process.execPath, [PROGRAM, path, join(folder, "journal")], { stdio: "inherit" });
  return new Promise((resolve) => child.once("exit", resolve));
}

describe("withLock", () => {
  test("lets one process in at a time, also when all of them find a dead holder", async () => {
    for (let round = 0; round < 3; round++) {
      writeFileSync(path, JSON.stringify({ ...deadProcess(), token: `dead${round}` }));
      writeFileSync(join(folder, "journal"), "");
      const codes = await Promise.all([1, 2, 3, 4, 5].map(contend));
      expect(codes).toEqual([0, 0, 0, 0, 0]);
      const journal = readFileSync(join(folder, "journal"), "utf8").trim().split("\n");
      expect(journal).toHaveLength(50);
      for (let i = 0; i < journal.length; i += 2) {
        const pid = journal[i]?.split(" ")[1];
        expect([journal[i], journal[i + 1]]).toEqual([`enter ${pid}`, `leave ${pid}`]);
      }
    }
    expect(readdirSync(folder)).toEqual(["journal"]);
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
