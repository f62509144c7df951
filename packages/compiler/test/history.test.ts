import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { type Release, readHistory, releaseText } from "../src/history.ts";
import { CompileError, check, generate, loadConfig, snapshot } from "../src/index.ts";
import { jcs } from "../src/jcs.ts";
import { CONFIG, edit, onCopy, RELEASED, release, releasedContract } from "./compatibility/base-contract.ts";
import { entity, snapshot as filesOf, put, refusal, scratch } from "./scratch-contract.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const FIRST = "0001-1.0.0.json";
const SECOND = "0002-1.1.0.json";
const LAST = "0003-1.2.0.json";
const NOW = new Date("2026-02-01T00:00:00Z");

let base = "";

beforeAll(async () => {
  base = await releasedContract();
});

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

function history(folder: string, name = ""): string {
  return path.join(folder, "history", name);
}

function json(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** What is wrong with the history after something happened to it. */
function problemsAfter(action: (folder: string) => void): Promise<readonly string[]> {
  return onCopy(base, async (folder) => {
    action(folder);
    try {
      readHistory(loadConfig(folder));
      return [];
    } catch (error) {
      if (!(error instanceof CompileError) || error.code !== "E_HISTORY") throw error;
      for (const problem of error.problems) expect(problem).toContain("only cachepact snapshot writes it");
      return error.problems;
    }
  });
}

describe("a history", () => {
  test("holds one canonical JSON file a release, each with the digest of the one before, and one baseline for buf", () => {
    expect(readdirSync(history(base))).toEqual([FIRST, SECOND, LAST, "README.md", "baseline.binpb"]);
    const releases = [FIRST, SECOND, LAST].map((name) => json(history(base, name)));
    expect(releases.map(({ sequence, release: name, at }) => [sequence, name, at])).toEqual(
      Object.entries(RELEASED).map(([name, at], index) => [index + 1, name, at]),
    );
    expect(releases.map(({ previous }) => previous)).toEqual([null, releases[0]?.["digest"], releases[1]?.["digest"]]);
    for (const [index, name] of [FIRST, SECOND, LAST].entries()) {
      expect(readFileSync(history(base, name), "utf8")).toBe(`${jcs(releases[index])}\n`);
    }
    expect(releases[2]?.["lock"]).toEqual(json(path.join(base, "contracts.lock.json")));
  });

  test("is the same for the same contract, names and times, byte for byte", async () => {
    const again = await releasedContract();
    try {
      const bytes = (folder: string): readonly string[] =>
        readdirSync(history(folder)).map((name) => readFileSync(history(folder, name), "base64"));
      expect(bytes(again)).toEqual(bytes(base));
    } finally {
      rmSync(again, { recursive: true, force: true });
    }
  });

  test("passes as it was written", async () => {
    expect(await problemsAfter(() => undefined)).toEqual([]);
  });

  test.each<readonly [string, (folder: string) => void, readonly string[]]>([
    [
      "a value that was edited",
      (folder) => {
        const text = readFileSync(history(folder, FIRST), "utf8");
        writeFileSync(history(folder, FIRST), text.replace('"ttl_ms":300000', '"ttl_ms":300001'));
      },
      [`history/${FIRST}: was edited after its release`],
    ],
    [
      "white space that was added",
      (folder) => writeFileSync(history(folder, LAST), JSON.stringify(json(history(folder, LAST)), null, 2)),
      [`history/${LAST}: was edited after its release`],
    ],
    [
      "a snapshot that is gone",
      (folder) => rmSync(history(folder, SECOND)),
      [`history/${LAST}: does not follow release 1.0.0, a snapshot is missing or was replaced`],
    ],
    [
      "the first snapshot that is gone",
      (folder) => rmSync(history(folder, FIRST)),
      [`history/${SECOND}: is not the first release, a snapshot is missing or was replaced`],
    ],
    [
      "the last snapshot that is gone",
      (folder) => rmSync(history(folder, LAST)),
      ["history/baseline.binpb: is not that of the last release, 1.1.0"],
    ],
    [
      "a snapshot under another name",
      (folder) => renameSync(history(folder, LAST), history(folder, "0003-2.0.0.json")),
      ["history/0003-2.0.0.json: holds release 1.2.0"],
    ],
    [
      "a baseline that was replaced",
      (folder) => appendFileSync(history(folder, "baseline.binpb"), "\0"),
      ["history/baseline.binpb: is not that of the last release, 1.2.0"],
    ],
    [
      "a baseline that is gone",
      (folder) => rmSync(history(folder, "baseline.binpb")),
      ["history/baseline.binpb: is missing"],
    ],
    [
      "a baseline without a release",
      (folder) => {
        for (const name of [FIRST, SECOND, LAST]) rmSync(history(folder, name));
      },
      ["history/baseline.binpb: belongs to no release"],
    ],
    [
      "a file that snapshot did not write",
      (folder) => writeFileSync(history(folder, "notes.json"), "{}"),
      ["history/notes.json: is no snapshot; move it away, or restore the folder from version control"],
    ],
    ["text that is not JSON", (folder) => writeFileSync(history(folder, LAST), "{"), [`history/${LAST}: is not JSON`]],
    [
      "a snapshot of another format",
      (folder) => writeFileSync(history(folder, "0004-2.0.0.json"), '{"format":2}\n'),
      ["history/0004-2.0.0.json: is not a snapshot of format 1"],
    ],
    [
      "a snapshot that was forged, digest and all, in the middle",
      (folder) => {
        const { digest: _, ...content } = json(history(folder, SECOND)) as unknown as Release;
        writeFileSync(history(folder, SECOND), releaseText({ ...content, drained: ["cart@1"] }));
      },
      [`history/${LAST}: does not follow release 1.1.0, a snapshot is missing or was replaced`],
    ],
    [
      "a snapshot in another's place",
      (folder) => writeFileSync(history(folder, SECOND), readFileSync(history(folder, FIRST), "utf8")),
      [
        `history/${SECOND}: holds release 1.0.0`,
        `history/${LAST}: does not follow release 1.0.0, a snapshot is missing or was replaced`,
      ],
    ],
  ])("shows %s", async (_, action, expected) => {
    const found = await problemsAfter(action);
    expect(found).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(found[index]).toContain(text);
  });

  test("may hold other files, which are none of the gate's business", async () => {
    expect(await problemsAfter((folder) => writeFileSync(history(folder, ".gitkeep"), ""))).toEqual([]);
  });

  test.each([
    ["is not named any more", { history: undefined }],
    ["is named otherwise", { history: "elsewhere" }],
  ])("that %s is missed", async (_, changed) => {
    await onCopy(base, async (folder) => {
      put(folder, { "cachepact.json": JSON.stringify({ ...(CONFIG as object), ...changed }) });
      const { ok, findings } = await check(folder, { now: NOW });
      expect(ok).toBe(false);
      expect(findings).toEqual([
        expect.objectContaining({
          rule: "history",
          code: "E_HISTORY",
          change: expect.stringContaining("holds the releases of account up to 1.2.0"),
          instead: 'set "history": "history"',
        }),
      ]);
    });
  });

  test("of another contract in the same folder is not ours", async () => {
    await onCopy(base, async (folder) => {
      put(folder, {
        "other.json": JSON.stringify({ protos: ["other"], lock: "other.lock.json" }),
        "other/shop/v1/thing.proto": entity("  string id = 1;").replace(
          'import "google/protobuf/timestamp.proto";\n',
          "",
        ),
      });
      await generate(path.join(folder, "other.json"));
      expect(await check(path.join(folder, "other.json"))).toMatchObject({ ok: true, findings: [] });
    });
  });

  test("that cannot be read does not hide what else is wrong", async () => {
    await onCopy(base, async (folder) => {
      rmSync(history(folder, "baseline.binpb"));
      writeFileSync(path.join(folder, "contracts.lock.json"), "");
      const { ok, findings } = await check(folder, { now: NOW });
      expect(ok).toBe(false);
      expect(findings.map(({ rule, code }) => `${rule} ${code}`).toSorted()).toEqual([
        "generated E_GENERATED",
        "history E_HISTORY",
      ]);
      expect(findings[1]).toMatchObject({ file: "history/baseline.binpb", change: "is missing" });
    });
  });
});

describe("snapshot", () => {
  test("writes nothing that check refuses, and says all of it", async () => {
    await onCopy(base, async (folder) => {
      edit(folder, [
        ["account", "  int32 logins = 3;", "  int64 logins = 3;"],
        ["badge", "framing: FRAMING_PLAIN", "framing: FRAMING_FRAMED"],
      ]);
      await generate(folder);
      const before = filesOf(folder);
      const error = await refusal(() => snapshot(folder, { release: "1.3.0", now: NOW }));
      expect(error.code).toBe("E_COMPATIBILITY");
      expect(error.message).toMatch(/^E_COMPATIBILITY: 1\.3\.0 cannot be released, 2 refusals\n/);
      expect(error.problems).toEqual([
        expect.stringContaining(
          "proto/accounts/v1/account.proto:26: account.logins: field logins was int32 and is int64",
        ),
        expect.stringContaining("proto/badges/v1/badge.proto:8: badge: framing was plain and is framed"),
      ]);
      expect(filesOf(folder)).toEqual(before);
    });
  });

  test("refuses output that was not generated, a proto that does not compile and a history that was edited", async () => {
    await onCopy(base, async (folder) => {
      const code = async (): Promise<string> =>
        (await refusal(() => snapshot(folder, { release: "1.3.0", now: NOW }))).code;
      edit(folder, [["account", "  int32 logins = 3;", "  int32 logins = 3;\n  optional int32 more = 15;"]]);
      expect(await code()).toBe("E_GENERATED");
      edit(folder, [["account", "optional int32 more = 15", "float more = 15"]]);
      expect(await code()).toBe("E_PROTO");
      appendFileSync(history(folder, FIRST), "x");
      expect(await code()).toBe("E_HISTORY");
    });
  });

  test.each([
    [
      "1.2.0",
      "2026-02-01",
      "release 1.2.0 is in the history already, of 2026-01-03T00:00:00.000Z; choose another name",
    ],
    ["1.1.0", "2026-02-01", "release 1.1.0 is in the history already"],
    ["1.3.0", "2026-01-02", "it is 2026-01-02T00:00:00.000Z, but release 1.2.0 was made at 2026-01-03T00:00:00.000Z"],
  ])("refuses release %s at %s", async (name, at, says) => {
    const error = await onCopy(base, (folder) => refusal(() => snapshot(folder, { release: name, now: new Date(at) })));
    expect(error.code).toBe("E_HISTORY");
    expect(error.message).toContain(says);
  });

  test.each(["", "../x", "a b", "a/b", "-x", "x".repeat(65)])("refuses %j as a name", async (name) => {
    const error = await refusal(() => snapshot(base, { release: name, now: NOW }));
    expect(error.message).toMatch(/^E_CONFIG: .* cannot name a release/);
  });

  test("refuses to believe that something is drained that cannot be", async () => {
    const drained = ["cart", "cart@7", "nobody@1", "order@1", "cart@2", "setting@1"];
    const error = await onCopy(base, (folder) =>
      refusal(() => snapshot(folder, { release: "1.3.0", now: NOW, drained })),
    );
    expect(error.code).toBe("E_HISTORY");
    const says = [
      "is not of the form entity@generation",
      "no release has it",
      "no release has it",
      "order has no log",
      "release 1.2.0 still writes it",
      "release 1.2.0 still writes it",
    ];
    expect(error.problems).toEqual(says.map((text) => expect.stringContaining(text)));
  });

  test("keeps what was drained, sorted, once", async () => {
    await onCopy(base, async (folder) => {
      await release(folder, "1.3.0", NOW.toISOString(), ["cart@1", "cart@1"]);
      expect(json(history(folder, "0004-1.3.0.json"))["drained"]).toEqual(["cart@1"]);
    });
  });

  test("needs a folder for its history", async () => {
    const folder = scratch(
      { "proto/shop/v1/thing.proto": entity("  string id = 1;") },
      { protos: ["proto"], lock: "l.json" },
    );
    const error = await refusal(() => snapshot(folder, { release: "1.0.0" }));
    expect(error.message).toMatch(
      /^E_CONFIG: .*\n {2}cachepact\.json: name a folder for it, such as "history": "history"/,
    );
  });

  test("takes the time from the clock unless it is given, and makes the folder", async () => {
    const folder = scratch(
      { "proto/shop/v1/thing.proto": entity("  string id = 1;") },
      { protos: ["proto"], lock: "l.json", history: "deep/history" },
    );
    put(folder, {
      "proto/shop/v1/thing.proto": entity("  string id = 1;").replace(
        'import "google/protobuf/timestamp.proto";\n',
        "",
      ),
    });
    await generate(folder);
    const before = Date.now();
    expect(await snapshot(folder, { release: "1.0.0" })).toEqual({
      file: "deep/history/0001-1.0.0.json",
      entities: 1,
      warnings: [],
    });
    const at = Date.parse(String(json(path.join(folder, "deep/history/0001-1.0.0.json"))["at"]));
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(existsSync(path.join(folder, "deep/history/README.md"))).toBe(true);
  });
});
