import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { generate } from "@cachepact/compiler";

/** The protos of the golden contract, which the fixtures of packages/wire speak about. */
export const GOLDEN_PROTOS: string = fileURLToPath(
  new URL("proto/", import.meta.resolve("@cachepact/wire/fixtures/contract/cachepact.json")),
);

/** A contract folder that was generated and may be thrown away. */
export interface ScratchContract {
  /** Its `cachepact.json`. */
  readonly config: string;
  readonly folder: string;
  /** Removes the folder. */
  close(): void;
}

export interface ScratchOptions {
  /** A folder of protos, which is copied; or their texts by path, such as `shop/v1/order.proto`. */
  readonly protos: string | Readonly<Record<string, string>>;
  /** Where the folder is made; default the system's temporary folder, outside this repository. */
  readonly dir?: string;
  /** Members of `cachepact.json` beside the usual ones: `{ history: "history" }`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a contract folder with lock, TypeScript and Python, and generates it.
 *
 * @throws {CompileError} `E_PROTO`; nothing is left behind then
 */
export async function scratchContract(options: ScratchOptions): Promise<ScratchContract> {
  const folder = mkdtempSync(path.join(options.dir ?? tmpdir(), "cachepact-contract-"));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    putProtos(path.join(folder, "proto"), options.protos);
    const config = path.join(folder, "cachepact.json");
    const members = {
      protos: ["proto"],
      lock: "contracts.lock.json",
      typescript: { out: "src/gen" },
      python: { out: "python/scratch_contracts" },
      ...options.config,
    };
    writeFileSync(config, `${JSON.stringify(members, null, 2)}\n`);
    await generate(config);
    return { config, folder, close };
  } catch (error) {
    close();
    throw error;
  }
}

function putProtos(folder: string, protos: ScratchOptions["protos"]): void {
  if (typeof protos === "string") {
    cpSync(protos, folder, { recursive: true });
    return;
  }
  for (const [name, text] of Object.entries(protos)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
