import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIRTY, frame, Harness, negative, token } from "./harness.ts";
import { item, Partition, RUN, removal } from "./partition.ts";
import { scripts } from "./scripts.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

type Value = string | number | Buffer;

/** Arguments that a script takes, by name and in order. */
const good: Readonly<Record<string, Readonly<Record<string, Value>>>> = {
  acquire: { token: token("a"), leaseMs: 60_000, minVersion: 0, seen: "" },
  fill: { token: token("a"), frame: frame({ version: 7 }), px: 60_000, fresh: 0, seen: "", wake: "" },
  begin: { token: token("a"), markerMs: 60_000, prev: "" },
  finish: { token: token("a"), prev: "", version: 7, floorMs: 60_000, keep: 0, wake: "", l1: "" },
  store: {
    token: token("a"),
    prev: "",
    version: 7,
    floorMs: 60_000,
    keep: 0,
    wake: "",
    l1: "",
    frame: frame({ version: 7 }),
    px: 60_000,
    fresh: 0,
  },
  renew: { token: token("a"), ms: 60_000, role: "w" },
  release: { token: token("a"), wake: "" },
};

const noToken = [
  "",
  "short",
  token("a").slice(1),
  `${token("a")}x`,
  token("a").replace("a", "+"),
  `${token("a").slice(1)}\n`,
];
const noInteger = ["", "-1", "1.5", "007", "0x10", "1e3", " 1", "1 ", "inf", "nan", "seven", "99999999999999999"];
const noDuration = [...noInteger, "1000000000000"];
const noVersion = [...noInteger, "9007199254740992"];
const noFrame = [
  "",
  frame({}).subarray(0, 15),
  frame({ version: 7 }).subarray(0, 23),
  frame({}).fill(1, 2, 3),
  frame({ version: 7, flags: DIRTY }),
  negative({ version: 7 }),
];
const noSeen = ["x", "-1", "12345678901234567", "A".repeat(40), "g".repeat(40), "0".repeat(39), "0".repeat(41)];

const bad: Readonly<Record<string, Readonly<Record<string, readonly Value[]>>>> = {
  acquire: { token: noToken, leaseMs: ["0", ...noDuration], minVersion: noVersion, seen: noSeen },
  fill: { token: noToken, frame: noFrame, px: ["0", ...noDuration], fresh: noDuration, seen: noSeen },
  begin: { token: noToken, markerMs: ["0", ...noDuration], prev: [...noToken.slice(1), token("a")] },
  finish: {
    token: noToken.slice(1),
    prev: [...noToken.slice(1), token("a")],
    version: noVersion,
    floorMs: ["0", ...noDuration],
    keep: ["2", "", "yes"],
  },
  store: {
    token: noToken,
    prev: [...noToken.slice(1), token("a")],
    version: [...noVersion, "6", "8", "0"],
    floorMs: ["0", ...noDuration],
    keep: ["2", "", "yes"],
    frame: [...noFrame, frame({}), frame({ version: 8 }), "{}", "null"],
    px: ["0", ...noDuration],
    fresh: noDuration,
  },
  renew: { token: noToken, ms: ["0", ...noDuration], role: ["", "R", "reader"] },
  release: { token: noToken },
};

async function refused(name: string, keys: readonly string[], args: readonly Value[]): Promise<void> {
  await expect(harness.eval(name, keys, args)).rejects.toThrow(new RegExp(`^BADARG ${name}: `));
}

describe.each(Object.keys(good))("%s", (name) => {
  const taken = good[name] ?? {};

  test("takes its arguments as the header names them, in that order", async () => {
    const script = scripts.get(name);
    expect(script?.keys).toEqual(["value", "lease", "floor", "writers", "dirty"]);
    expect(script?.argv).toEqual([...Object.keys(taken), "id"]);
    await harness.eval(name, harness.entry().keys, Object.values(taken));
    const logged = harness.entry({ log: true });
    await harness.eval(name, logged.keys, [...Object.values(taken), logged.id]);
  });

  test.each(Object.entries(bad[name] ?? {}))("refuses a bad %s before any effect", async (argument, values) => {
    const entry = harness.entry();
    await entry.put(frame({ version: 1 }));
    await harness.redis.set(entry.lease, `r${token("a")}`);
    const before = await harness.dump();
    for (const value of values) await refused(name, entry.keys, Object.values({ ...taken, [argument]: value }));
    expect(await harness.dump()).toEqual(before);
  });

  test("refuses a wrong number of keys or arguments, and an id without its key", async () => {
    const args = Object.values(taken);
    const entry = harness.entry({ log: true });
    const keys = entry.keys;
    const before = await harness.dump();
    await refused(name, keys.slice(0, 3), args);
    await refused(name, [...keys, "more"], [...args, entry.id]);
    await refused(name, keys.slice(0, 4), args.slice(0, -1));
    await refused(name, keys.slice(0, 4), [...args, entry.id]);
    await refused(name, keys, args);
    await refused(name, keys, [...args, ""]);
    await refused(name, [], []);
    expect(await harness.dump()).toEqual(before);
  });
});

describe("finish", () => {
  test("takes an empty token, and floorMs 0 without a version; store takes neither", async () => {
    const entry = harness.entry();
    await harness.eval("finish", entry.keys, Object.values({ ...good["finish"], token: "", version: 0, floorMs: 0 }));
    const store = { ...good["store"], version: 0, floorMs: 0, frame: frame({}) };
    await harness.eval("store", entry.keys, Object.values(store));
    await refused("store", entry.keys, Object.values({ ...store, token: "" }));
  });
});

describe("accept", () => {
  const partition = (): Partition => new Partition(harness, 7);
  const deadline = Date.now() + 25_000;

  test.each([
    ["run", 0, [""]],
    ["gen", 1, [...noInteger, "4294967296"]],
    ["nOther", 2, [...noInteger, "1", "9"]],
    ["nGroups", 3, [...noInteger, "0", "2", "129"]],
    ["op", 4, noToken],
    ["deadline", 5, ["0", ...noVersion]],
    ["n", 6, [...noInteger, "0", "2", "129"]],
    ["cost", 7, ["0", ...noVersion]],
    ["id", 8, [""]],
    [
      "h",
      9,
      [
        "",
        item("").head.subarray(0, 15),
        Buffer.concat([item("").head, Buffer.from("x")]),
        frame({ flags: DIRTY }).subarray(0, 16),
        frame({ version: 7 }).subarray(0, 16),
        frame({ version: 7, createdAt: 1, flags: DIRTY }).subarray(0, 16),
        frame({ version: 7, cost: 1, flags: DIRTY }).subarray(0, 16),
        frame({ version: 7, flags: DIRTY, staleAt: 1 }).subarray(0, 16),
        frame({ version: 7, flags: DIRTY | 1 }).subarray(0, 16),
        frame({ version: 7, flags: DIRTY | 2 }).subarray(0, 16),
        Buffer.from(item("").head).fill(0xc2, 0, 1),
        Buffer.from(item("").head).fill(0xcb, 1, 2),
        Buffer.from(item("").head).fill(0x0a, 2, 3),
        removal("").head,
      ],
    ],
  ] as const)("refuses a bad %s before any effect", async (_name, index, values) => {
    const { meta, wb, dirty } = await partition().armed();
    const keys = [meta, wb, dirty, partition().ops(deadline), partition().value("1")];
    const args: Value[] = [RUN, 1, 0, 1, token("op"), deadline, 1, 500, "1", item("1").head, "payload"];
    const before = await harness.dump();
    for (const value of values) await refused("accept", keys, args.with(index, value));
    expect(await harness.dump()).toEqual(before);
  });

  test("refuses the ops of the other half, a negative codec, too many items, and keys or arguments that do not add up", async () => {
    const { meta, wb, dirty } = await partition().armed();
    const keys = [meta, wb, dirty, partition().ops(deadline), partition().value("1")];
    const args: Value[] = [RUN, 1, 0, 1, token("op"), deadline, 1, 500, "1", item("1").head, "payload"];
    const before = await harness.dump();
    await refused("accept", keys.with(3, partition().ops(deadline + 30_000)), args);
    await refused("accept", keys, args.with(9, Buffer.from(removal("").head).fill(1, 4, 5)).with(10, ""));
    await refused("accept", [...keys, "more"], args);
    await refused("accept", keys.slice(0, -1), args);
    await refused("accept", keys, [...args, "more"]);
    await refused("accept", keys, args.slice(0, -1));
    await refused("accept", [], []);
    const half = partition().ops(deadline);
    const group = (n: number): Value[] => [token(`op${n}`), deadline, n, 500];
    const items = (n: number): Value[] => Array.from({ length: n }, () => ["1", item("1").head, "p"]).flat();
    const values = (n: number): string[] => Array.from({ length: n }, () => partition().value("1"));
    await refused(
      "accept",
      [meta, wb, dirty, half, ...values(100), meta, wb, dirty, half, ...values(29)],
      [RUN, 1, 0, 2, ...group(100), ...items(100), ...group(29), ...items(29)],
    );
    expect(await harness.dump()).toEqual(before);
  });
});

describe("ack, rearm, pending", () => {
  const partition = (): Partition => new Partition(harness, 8);
  const run = async (
    name: string,
    keys: string[],
    args: Value[],
    wrong: [number, readonly Value[]][],
  ): Promise<void> => {
    await harness.redis.flushall();
    await partition().armed();
    const before = await harness.dump();
    for (const [index, values] of wrong) {
      for (const value of values) await refused(name, keys, args.with(index, value));
    }
    await refused(name, [...keys, "more"], args);
    await refused(name, keys.slice(0, -1), args);
    await refused(name, keys, [...args, "more"]);
    await refused(name, keys, args.slice(0, -1));
    await refused(name, [], []);
    expect(await harness.dump()).toEqual(before);
  };

  test("ack refuses bad arguments before any effect", async () => {
    const { meta, wb, dirty } = partition();
    const keys = [meta, wb, dirty, partition().value("1"), partition().floor("1"), partition().lease("1")];
    await run(
      "ack",
      keys,
      [RUN, 7, 1, 500, 1000, 0, 0, 1, "1", 7, "A"],
      [
        [0, [""]],
        [1, ["0", ...noVersion.slice(1)]],
        [2, ["0", ...noVersion]],
        [3, noVersion],
        [4, ["0", ...noDuration]],
        [5, noDuration],
        [6, noDuration],
        [7, [...noInteger, "0", "2", "101"]],
        [9, ["0", ...noVersion]],
        [10, ["", "a", "AD"]],
      ],
    );
  });

  test("rearm refuses bad arguments before any effect", async () => {
    const { meta, wb, dirty } = partition();
    await run(
      "rearm",
      [meta, wb, dirty],
      [RUN, 1, 0, 1000],
      [
        [0, [""]],
        [1, ["0", ...noVersion]],
        [2, noVersion],
        [3, ["0", ...noVersion]],
      ],
    );
  });

  test("pending refuses bad arguments", async () => {
    await run(
      "pending",
      [partition().dirty, partition().wb],
      ["1", 1],
      [
        [0, [""]],
        [1, [...noInteger, "4294967296"]],
      ],
    );
  });
});
