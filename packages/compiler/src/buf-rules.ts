import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { type Annotation, annotationsOf, runBuf } from "./buf-process.ts";
import { filesOf } from "./descriptors.ts";
import { CompileError } from "./errors.ts";

/**
 * buf's STANDARD rules on the contract's own files. A comment `buf:lint:ignore RULE` above a line sets one aside.
 * @param own import paths of the contract's files: the options and Google's are not the contract's to correct
 * @throws {CompileError} `E_CONFIG` when buf cannot run
 */
export function lint(image: Uint8Array, own: readonly string[]): Promise<readonly Annotation[]> {
  const others = filesOf(image).filter((file) => !own.includes(file));
  return inFolder(async (folder) => {
    writeFileSync(path.join(folder, "image.binpb"), image);
    const config = JSON.stringify({ version: "v2", lint: { use: ["STANDARD"], ignore: others } });
    return annotations(await runBuf(["lint", "image.binpb", "--config", config], folder));
  });
}

/**
 * buf's WIRE_JSON rules between two releases of the contract.
 * @param against the descriptors of the earlier release
 * @throws {CompileError} `E_CONFIG` when buf cannot run
 */
export function breaking(
  image: Uint8Array,
  against: Uint8Array,
  own: readonly string[],
): Promise<readonly Annotation[]> {
  const imported = filesOf(image).filter((file) => !own.includes(file));
  return inFolder(async (folder) => {
    writeFileSync(path.join(folder, "image.binpb"), image);
    writeFileSync(path.join(folder, "against.binpb"), against);
    // Options and Google's files come with the tool, not with a release of the contract.
    const config = JSON.stringify({ version: "v2", breaking: { use: ["WIRE_JSON"], ignore: imported } });
    return annotations(
      await runBuf(["breaking", "image.binpb", "--against", "against.binpb", "--config", config], folder),
    );
  });
}

function annotations({ ok, output, cause }: Awaited<ReturnType<typeof runBuf>>): readonly Annotation[] {
  const { annotations: found, rest } = annotationsOf(output);
  if (ok || found.length > 0) return found;
  throw new CompileError("E_CONFIG", "buf could not apply its rules", rest, { cause });
}

async function inFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "cachepact-buf-"));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
