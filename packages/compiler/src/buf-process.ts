import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";

const require = createRequire(import.meta.url);
const run = promisify(execFile);

/** How a run of buf ended. */
export interface BufRun {
  readonly ok: boolean;
  /** All that it printed; its own error when it could not be started. */
  readonly output: string;
  readonly cause: unknown;
}

/** One finding of buf. */
export interface Annotation {
  /** Import path of the file; empty when the finding is about none. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Name of buf's rule, such as `FIELD_SAME_NAME`. */
  readonly type: string;
  readonly message: string;
}

/** Runs buf in a folder of its own; findings come as JSON. It is never given a network to use: nothing here needs one. */
export async function runBuf(args: readonly string[], folder: string): Promise<BufRun> {
  const [command, ...first] = buf();
  // A cache folder of its own: buf must neither need nor touch the user's home.
  const env = { ...process.env, BUF_CACHE_DIR: path.join(folder, ".cache") };
  const options = { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout, stderr } = await run(command, [...first, ...args, "--error-format=json"], options);
    return { ok: true, output: `${stdout}\n${stderr}`, cause: undefined };
  } catch (error) {
    return { ok: false, output: outputOf(error), cause: error };
  }
}

/**
 * buf's own binary where its package has the usual name for this platform, else the script that finds it.
 *
 * The script starts a second Node for each run, which takes longer than buf itself.
 */
function buf(): readonly [string, ...string[]] {
  const script = require.resolve("@bufbuild/buf/bin/buf");
  const name = `@bufbuild/buf-${process.platform}-${process.arch}/bin/buf${process.platform === "win32" ? ".exe" : ""}`;
  try {
    return [require.resolve(name, { paths: [script] })];
  } catch {
    return [process.execPath, script];
  }
}

/** Findings, and the lines that are none. */
export function annotationsOf(output: string): {
  readonly annotations: readonly Annotation[];
  readonly rest: readonly string[];
} {
  const annotations: Annotation[] = [];
  const rest: string[] = [];
  for (const line of output.split("\n")) {
    const found = annotation(line);
    if (found !== undefined) annotations.push(found);
    else if (line.trim() !== "") rest.push(line.trim());
  }
  return { annotations, rest };
}

function outputOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stdout = "stdout" in error ? String(error.stdout) : "";
  const stderr = "stderr" in error ? String(error.stderr) : "";
  return `${stdout}\n${stderr}`.trim() === "" ? error.message : `${stdout}\n${stderr}`;
}

/** One finding: a JSON object a line. */
function annotation(line: string): Annotation | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const found: unknown = JSON.parse(line);
    if (typeof found !== "object" || found === null || !("message" in found)) return undefined;
    return {
      path: "path" in found ? String(found.path) : "",
      line: "start_line" in found ? Number(found.start_line) : 1,
      type: "type" in found ? String(found.type) : "",
      message: String(found.message),
    };
  } catch {
    return undefined;
  }
}
