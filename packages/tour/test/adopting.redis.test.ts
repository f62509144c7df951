import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from "@cachepact/dev-stack";
import { Redis } from "ioredis";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readmeExamples } from "../src/readme.ts";

// Compilers and servers are processes: a loaded machine may take seconds to start them.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const root = fileURLToPath(new URL("../../..", import.meta.url));
const python = path.join(root, ".venv/bin/python");
const page = readFileSync(path.join(root, "docs/adopting.md"), "utf8");

/** The blocks of a language on the page, in their order. */
function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(
    (match) => match[1] as string,
  );
}

const [json = ""] = blocks("json");
const [orderProto = "", cartProto = ""] = blocks("proto");
const [orderProgram = "", cartProgram = ""] = blocks("ts");
const [pythonProgram = ""] = blocks("python");

/** The worker of `@cachepact/writeback`'s README, for carts. */
const worker = /```ts\n([^]*?)```/
  .exec(readFileSync(path.join(root, "packages/writeback/README.md"), "utf8"))?.[1]
  ?.replaceAll("Preferences", "Cart")
  .replace('table: "preferences"', 'table: "carts"')
  .replace('"redis://localhost:6379",', 'process.env.REDIS_URL ?? "", namespace: "acme",');

let folder: string;
let redis: RedisServer;
let postgres: PostgresServer;

/** A place outside the repository in which the packages resolve by name, as they would when installed. */
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cachepact-adopting-"));
  const modules = path.join(folder, "node_modules");
  for (const scope of ["@cachepact", "@acme", "@types"]) mkdirSync(path.join(modules, scope), { recursive: true });
  for (const name of ["wire", "cache-core", "writeback"]) {
    symlinkSync(path.join(root, "packages", name), path.join(modules, "@cachepact", name));
  }
  for (const name of ["pg", "@types/pg", "@types/node"]) {
    symlinkSync(path.join(root, "packages/tour/node_modules", name), path.join(modules, name));
  }
  symlinkSync(path.join(root, "contracts"), path.join(modules, "@cachepact/contracts"));
  symlinkSync(path.join(folder, "contracts"), path.join(modules, "@acme/contracts"));
  put("contracts/cachepact.json", json);
  put("contracts/proto/orders/v1/order.proto", orderProto);
  put("contracts/package.json", '{ "type": "module", "exports": "./src/gen/index.ts" }');
  // The generated code imports the wire: it stands where its own package would install it.
  symlinkSync(modules, path.join(folder, "contracts/node_modules"));
  put("package.json", '{ "type": "module" }');
  put("order.ts", orderProgram);
  put("cart.ts", cartProgram);
  put("worker.ts", worker ?? "");
  put("order.py", pythonProgram);
  const readme = readmeExamples(path.join(root, "README.md"));
  put("readme.ts", readme.typescript);
  put("readme.py", readme.python);
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
});

afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
  rmSync(folder, { recursive: true });
});

function put(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

function start(command: string, args: readonly string[], cwd = folder): ReturnType<typeof spawn> {
  const servers = { REDIS_URL: redis.url, DATABASE_URL: postgres.url };
  return spawn(command, args, { cwd, env: { ...process.env, ...servers, PYTHONPATH: "contracts/python" } });
}

/** What a command prints on both streams, with its exit code if that is not 0. */
async function printed(command: string, args: readonly string[], cwd?: string): Promise<string> {
  const child = start(command, args, cwd);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += String(chunk)));
  const code = await new Promise((resolve) => child.on("close", resolve));
  return code === 0 ? text : `${text}exit code ${String(code)}`;
}

const node = (file: string): Promise<string> => printed(process.execPath, ["--conditions=@cachepact/source", file]);

function generate(): Promise<string> {
  const main = path.join(root, "packages/cli/src/main.ts");
  return printed(
    process.execPath,
    ["--conditions=@cachepact/source", main, "generate"],
    path.join(folder, "contracts"),
  );
}

describe("docs/adopting.md, step by step", () => {
  test("generate prints what the page shows, and writes those files", async () => {
    const [shown = ""] = blocks("console");
    expect(`$ npx cachepact generate\n${await generate()}`).toBe(shown);
    for (const file of shown.matchAll(/^wrote (.*)$/gm)) {
      expect(existsSync(path.join(folder, "contracts", file[1] as string))).toBe(true);
    }
  });

  test("the second entity is generated beside the first", async () => {
    put("contracts/proto/carts/v1/cart.proto", cartProto);
    expect(await generate()).toContain("wrote src/gen/carts/v1/cart.ts\n");
  });

  test("the programs of this page and of the README have types, with the compiler option that the page names", async () => {
    const option = /"rewriteRelativeImportExtensions": true/.exec(page)?.[0];
    const strict = '"strict": true, "noUncheckedIndexedAccess": true, "exactOptionalPropertyTypes": true';
    const modules = '"module": "nodenext", "target": "es2023", "types": ["node"], "noEmit": true, "skipLibCheck": true';
    const conditions = '"customConditions": ["@cachepact/source"]';
    put("tsconfig.json", `{ "compilerOptions": { ${strict}, ${modules}, ${conditions}, ${option} } }`);
    expect(await printed(path.join(root, "node_modules/.bin/tsc"), ["-p", "."])).toBe("");
  });

  test("TypeScript reads and writes the order, Python reads what TypeScript has written", async () => {
    expect(await node("order.ts")).toBe("paid\n");
    expect(await printed(python, ["-W", "error", "order.py"])).toBe("shipped\n");
  });

  test("the Python programs of this page and of the README pass mypy --strict", async () => {
    const args = ["-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", ".mypy", "order.py", "readme.py"];
    expect(await printed(python, args)).toBe("");
  });

  test("a cart is read at once, reaches the table, and is loaded from it by its id", async () => {
    const pool = new Pool({ connectionString: postgres.url });
    const client = new Redis(redis.url);
    const [table = ""] = blocks("sql");
    await pool.query(table);
    const drain = start(process.execPath, ["--conditions=@cachepact/source", "worker.ts"]);
    try {
      expect(await node("cart.ts")).toBe("2\n");
      const ids = async (): Promise<unknown[]> => (await pool.query("select id from carts")).rows;
      await expect.poll(ids, { timeout: 10_000 }).toEqual([{ id: "ann%40example.com" }]);
      const entry = (await client.keys("acme:cart@1:*"))[0] as string;
      await expect.poll(() => client.pttl(entry), { timeout: 10_000 }).toBeGreaterThan(0); // acknowledged
      await client.del(entry);
      put("reader.ts", cartProgram.replace(/^await carts\.put.*\n/m, ""));
      expect(await node("reader.ts")).toBe("2\n");
    } finally {
      drain.kill("SIGTERM");
      expect(await new Promise((resolve) => drain.on("exit", resolve))).toBe(0);
      client.disconnect();
      await pool.end();
    }
  });

  test("says what the contract folder of this repository holds as well", () => {
    expect(Object.keys(JSON.parse(json) as object)).toEqual(
      Object.keys(JSON.parse(readFileSync(path.join(root, "contracts/cachepact.json"), "utf8")) as object),
    );
    expect(readdirSync(path.join(root, "contracts"))).toEqual(expect.arrayContaining(["package.json", "python"]));
  });
});
