import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../src/testee.ts";

/** An executable that says hello and skips everything else. */
export function idleTestee(folder: string, name: string): string {
  const file = path.join(folder, name);
  const source = `#!${process.execPath}
let rest = "";
process.stdin.setEncoding("utf8").on("data", (text) => {
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    const { id, op } = JSON.parse(line);
    const answer = op === "hello" ? { ok: { impl: "idle", version: "0", ops: ["hello"] } } : { skipped: "idle" };
    process.stdout.write(JSON.stringify({ id, ...answer }) + "\\n");
  }
});
`;
  writeFileSync(file, source, { mode: 0o755 });
  return file;
}

/** What is wrong with a testee. */
export type Fault = "crash" | "hang" | "swap" | "wrong" | "code" | "value" | "garbage" | "twice" | "skip" | "none";

const STEPS: Readonly<Record<Fault, string>> = {
  crash: "console.error('out of luck'); process.exit(7)",
  hang: "hung = true",
  // The reply to this request comes after that to the next one.
  swap: "held = reply; return",
  wrong: "if (reply.ok) reply.ok = { ...reply.ok, hex: 'ff' + reply.ok.hex, slot: 16384 }",
  code: "if (reply.error) reply.error.code = 'E_OTHER'",
  value: "if (reply.ok?.value) delete reply.ok.value[Object.keys(reply.ok.value)[0]]",
  garbage: "process.stdout.write('Segmentation fault (not really)\\n'); return",
  twice: "write(reply)",
  skip: "delete reply.ok; delete reply.error; reply.skipped = 'not today'",
  none: "",
};

/**
 * An executable that is the TypeScript testee, but for one fault at each request whose line holds `mark`: an op, or all
 * of a member; at hello only if that is the mark. Real processes, because the faults are those of processes.
 */
export function brokenTestee(folder: string, fault: Fault, mark: string, name: string = fault): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name);
  const real = path.join(REPOSITORY, "packages/conformance/testees/typescript");
  const source = `#!${process.execPath}
const { spawn } = require("node:child_process");
const child = spawn(${JSON.stringify(real)}, [], { stdio: ["pipe", "pipe", "inherit"] });
const asked = [];
let held;
let hung = false;
function onLines(stream, take) {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split("\\n");
    rest = lines.pop();
    lines.forEach(take);
  });
}
function write(reply) { process.stdout.write(JSON.stringify(reply) + "\\n"); }
onLines(process.stdin, (line) => { asked.push(line); child.stdin.write(line + "\\n"); });
process.stdin.on("end", () => child.stdin.end());
child.stdout.on("end", () => process.exit(0));
onLines(child.stdout, (line) => {
  const request = asked.shift();
  const reply = JSON.parse(line);
  if (request.includes(${JSON.stringify(mark)}) && request.includes('"hello"') === ${mark === '"hello"'}) { ${STEPS[fault]} }
  if (hung) return;
  write(reply);
  if (held !== undefined) { write(held); held = undefined; }
});
`;
  writeFileSync(file, source, { mode: 0o755 });
  return file;
}
