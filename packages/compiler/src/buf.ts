import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

import type { FileRegistry } from "@bufbuild/protobuf";

import { annotationsOf, runBuf } from "./buf-process.ts";
import { CompileError } from "./errors.ts";
import { compare, Problems } from "./problems.ts";
import { registryOf } from "./registry.ts";

/** Import path of the file that declares the `entry` and `field` options; the compiler supplies it. */
export const OPTIONS_PROTO = "cachepact/v1/options.proto";

/** Generated files and imports have the proto's path: text that no language must quote, and not the ending `.d`. */
const PROTO_PATH = /^([A-Za-z0-9_-]+\/)*[A-Za-z0-9_-]+\.proto$/;

/** Proto sources after buf has parsed and linked them. */
export interface Sources {
  readonly registry: FileRegistry;
  /** The descriptor set itself, imports and source information included: what buf's rules are run on. */
  readonly image: Uint8Array;
  /** Import paths of the contract's own files, sorted: without the options and Google's. */
  readonly protoPaths: readonly string[];
  /** Absolute file of an import path. */
  readonly fileOf: (protoPath: string) => string;
}

const require = createRequire(import.meta.url);

/**
 * Builds the descriptors of proto folders that may lie anywhere, offline.
 *
 * buf only reads inside one workspace, so the files are copied into a temporary one, next to the options file.
 * @throws {CompileError} `E_PROTO` with what buf found, or `E_CONFIG` when buf cannot run
 */
export async function buildSources(roots: readonly string[], shown: (file: string) => string): Promise<Sources> {
  const files = protoFiles(roots, shown);
  const workspace = copying(() => mkdtempSync(path.join(tmpdir(), "cachepact-buf-")));
  try {
    copying(() => fill(workspace, files));
    const image = await build(workspace, (protoPath) => shown(files.get(protoPath) ?? protoPath));
    return {
      registry: registryOf(image),
      image,
      protoPaths: [...files.keys()].toSorted(compare),
      fileOf: (protoPath) => files.get(protoPath) ?? protoPath,
    };
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

function fill(workspace: string, files: ReadonlyMap<string, string>): void {
  copyInto(path.join(workspace, "options", OPTIONS_PROTO), require.resolve(`@cachepact/wire/proto/${OPTIONS_PROTO}`));
  for (const [protoPath, file] of files) copyInto(path.join(workspace, "contract", protoPath), file);
  writeFileSync(path.join(workspace, "buf.yaml"), "version: v2\nmodules:\n  - path: contract\n  - path: options\n");
}

function copying<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CompileError("E_CONFIG", "the protos could not be copied for buf", [reason], { cause: error });
  }
}

function copyInto(target: string, source: string): void {
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, readFileSync(source));
}

/** Import path -> file, over all roots. */
function protoFiles(roots: readonly string[], shown: (file: string) => string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (const root of roots) {
    for (const name of readdirSync(root, { recursive: true, encoding: "utf8" }).toSorted(compare)) {
      const file = path.join(root, name);
      if (!name.endsWith(".proto") || !statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
      const protoPath = name.split(path.sep).join("/");
      if (!PROTO_PATH.test(protoPath)) {
        const remedy = 'use letters, digits, "_" and "-", as in orders/v1/order.proto';
        problems.push(`${JSON.stringify(shown(file))}: generated code is named after it; ${remedy}`);
        continue;
      }
      const earlier = files.get(protoPath);
      if (protoPath === OPTIONS_PROTO) {
        checkOptionsCopy(file, shown, problems);
      } else if (earlier !== undefined) {
        problems.push(`${shown(file)}: ${shown(earlier)} has the same import path; rename one of them`);
      } else {
        files.set(protoPath, file);
      }
    }
  }
  if (files.size === 0 && problems.length === 0) {
    problems.push(`no .proto file in ${roots.map((root) => shown(root)).join(", ")}; write one, or correct "protos"`);
  }
  if (problems.length > 0) throw new CompileError("E_PROTO", "the contract's files cannot be read", problems);
  return files;
}

/** A copy for the editor's sake does no harm as long as it is one. */
function checkOptionsCopy(file: string, shown: (file: string) => string, problems: string[]): void {
  const supplied = require.resolve(`@cachepact/wire/proto/${OPTIONS_PROTO}`);
  if (readFileSync(file, "utf8") === readFileSync(supplied, "utf8")) return;
  problems.push(
    `${shown(file)}: differs from the ${OPTIONS_PROTO} of this version; delete it, the compiler supplies it`,
  );
}

async function build(workspace: string, shownPath: (protoPath: string) => string): Promise<Uint8Array> {
  const image = path.join(workspace, "image.binpb");
  const { ok, output, cause } = await runBuf(["build", "--as-file-descriptor-set", "-o", image], workspace);
  if (!ok || !existsSync(image)) raise(output, shownPath, cause);
  return readFileSync(image);
}

function raise(output: string, shownPath: (protoPath: string) => string, cause: unknown): never {
  const problems = new Problems(shownPath);
  const { annotations, rest } = annotationsOf(output);
  for (const found of annotations) {
    problems.addAt(found.path.replace(/^(contract|options)\//, ""), found.line, `${found.message}; correct the proto`);
  }
  problems.raise();
  throw new CompileError(
    "E_CONFIG",
    "buf could not build the protos",
    [
      ...rest,
      "check that @bufbuild/buf is installed for this platform (its optional dependencies must not be omitted)",
    ],
    { cause },
  );
}
