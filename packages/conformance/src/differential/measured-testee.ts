import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { REPOSITORY, startTestee, type TESTEES, type Testee } from "../testee.ts";

/** A testee under a limit of memory, whose memory can be looked at. */
export interface MeasuredTestee {
  readonly testee: Testee;
  /** The greatest address space that it had so far, in bytes: what it asked for, whether it touched it or not. */
  peakBytes(): number;
  close(): Promise<void>;
}

/** Old space of V8, in MB. What is decoded of a payload of 1 MiB fits several times; gigabytes do not. */
const V8_LIMIT_MB = 160;

/** Address space of Python, in KB: three times what it has after its start. */
const PYTHON_LIMIT_KB = 1_000_000;

/**
 * Starts a testee that dies when it asks for much more memory than its work needs.
 *
 * A limit of address space would not do for V8, which reserves terabytes of it and uses them later.
 */
export async function measuredTestee(
  name: (typeof TESTEES)[number],
  contracts: string,
  requestTimeoutMs: number,
): Promise<MeasuredTestee> {
  const folder = mkdtempSync(path.join(tmpdir(), "cachepact-measured-"));
  const [script, pidFile] = [path.join(folder, name), path.join(folder, "pid")];
  const limit =
    name === "typescript" ? `export NODE_OPTIONS=--max-old-space-size=${V8_LIMIT_MB}` : `ulimit -v ${PYTHON_LIMIT_KB}`;
  const program = path.join(REPOSITORY, "packages/conformance/testees", name);
  writeFileSync(script, `#!/bin/sh\nset -eu\n${limit}\necho $$ > '${pidFile}'\nexec '${program}'\n`);
  chmodSync(script, 0o755);
  const testee = await startTestee(script, { contracts, requestTimeoutMs });
  return {
    testee,
    peakBytes() {
      const status = readFileSync(`/proc/${readFileSync(pidFile, "utf8").trim()}/status`, "utf8");
      return Number(/^VmPeak:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    },
    async close() {
      await testee.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
