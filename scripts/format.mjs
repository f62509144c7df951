// Formats everything that has a formatter: TypeScript and JSON, Python, proto.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const python = join(root, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
const commands = [
  ["biome", ["check", "--write", "."]],
  [python, ["-m", "ruff", "check", "--select", "I", "--fix", "--quiet", "."]],
  [python, ["-m", "ruff", "format", "--quiet", "."]],
  ["buf", ["format", "--write", "contracts/proto"]],
  ["buf", ["format", "--write", "packages/wire/proto"]],
];
const failed = commands.filter(
  ([command, args]) => spawnSync(command, args, { cwd: root, stdio: "inherit" }).status !== 0,
);
process.exit(failed.length > 0 ? 1 : 0);
