import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Release } from "../src/rolling/release.ts";
import { Stage } from "../src/rolling/stage.ts";
import { additiveRoll, BUMP, bumpRoll, EVERY_WAY, install, overtaken, skippedRoll } from "./rolling-scenarios.ts";

// A dozen processes start, beside whatever else the machine does.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** Few rows, so that the members meet on them. */
const SIZE = { operations: 600, keys: 6 };
const seed = Number(process.env["CACHEPACT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

let stage: Stage;
const additive: Release[] = [];
const bump: Release[] = [];
beforeAll(async () => {
  process.stdout.write(`rolling: run again with CACHEPACT_SEED=${seed}\n`);
  stage = await Stage.set(seed);
  additive.push(await install("N", {}), await install("N+1", { more: true }));
  for (const [name, options] of Object.entries(BUMP)) bump.push(await install(name, options));
});
afterEach(() => stage.clear());
afterAll(async () => {
  await stage.close();
  for (const release of [...additive, ...bump]) release.close();
});

test("an additive change: both releases read what the other wrote, as far as their schema goes, and never a stale value", async () => {
  await additiveRoll(stage, additive as [Release, Release], SIZE);
});

test("a generation bump in three releases: no release ever reads or leaves a stale value, whatever ran beside it", async () => {
  await bumpRoll(stage, bump, SIZE);
});

test("without the announcement the same traffic leaves stale values", async () => {
  await skippedRoll(stage, bump, SIZE);
});

test("every way to write reaches the other release's readers at once when it was announced, and none does when not", async () => {
  const [before, announce, switched] = bump as [Release, Release, Release, Release];
  await stage.work(switched, before);
  const [skipping, announcing, switching] = [
    await stage.fleet(before),
    await stage.fleet(announce),
    await stage.fleet(switched),
  ];
  expect(await overtaken(switching, announcing, 1_000), "announced").toEqual([]);
  expect(await overtaken(announcing, switching, 2_000), "switched, with the previous generation").toEqual([]);
  expect(await overtaken(skipping, switching, 3_000), "switched, with the previous generation").toEqual([]);
  expect((await overtaken(switching, skipping, 4_000)).length, "not announced").toBe(EVERY_WAY);
});

test("the incompatible releases are incompatible", () => {
  const [, announce, switched] = bump as [Release, Release, Release, Release];
  for (const message of ["Order", "Cart", "Note", "Draft"]) {
    const [one, other] = [announce, switched].map((release) => release.entities[message]?.record.fingerprint);
    expect(one, message).not.toBe(other);
  }
});
