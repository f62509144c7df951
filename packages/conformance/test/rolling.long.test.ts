import { afterAll, afterEach, beforeAll, describe, test } from "vitest";
import type { Release } from "../src/rolling/release.ts";
import { Stage } from "../src/rolling/stage.ts";
import { additiveRoll, BUMP, bumpRoll, install, skippedRoll } from "./rolling-scenarios.ts";

const seed = Number(process.env["CACHEPACT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Beyond that a run only takes longer: the calls of one seed repeat what those before them did. */
const OPERATIONS_MAX = 100_000;
const operations = Math.min(OPERATIONS_MAX, Number(process.env["CACHEPACT_CASES"] ?? 20_000));
/** Rows of each entity: few collide all the time; with more, entries live long enough to be overtaken in other ways. */
const SIZES = [3, 40].map((keys) => ({ operations: Math.ceil(operations / 2), keys }));

let stage: Stage;
const additive: Release[] = [];
const bump: Release[] = [];
beforeAll(async () => {
  process.stdout.write(`rolling: run again with CACHEPACT_SEED=${seed} CACHEPACT_CASES=${operations}\n`);
  stage = await Stage.set(seed);
  additive.push(await install("N", {}), await install("N+1", { more: true }));
  for (const [name, options] of Object.entries(BUMP)) bump.push(await install(name, options));
});
afterEach(() => stage.clear());
afterAll(async () => {
  await stage.close();
  for (const release of [...additive, ...bump]) release.close();
});

describe.each(SIZES)("$operations operations on $keys rows of each entity", (size) => {
  test("an additive change", () => additiveRoll(stage, additive as [Release, Release], size));
  test("a generation bump in three releases", () => bumpRoll(stage, bump, size));
  test("without the announcement", () => skippedRoll(stage, bump, size));
});
