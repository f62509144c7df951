// Sets up everything that this repository needs, then runs one root script with it: `node scripts/bootstrap.mjs [script]`.
//
// Runs on the oldest Node that we support, with nothing installed: no dependency, no TypeScript. Each step is
// idempotent and quick when nothing changed, so there are no stamp files to go wrong.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PNPM = "12.21.0";
const UV = "0.13.9";
const NODE_MIN = [20, 20];
const PYTHON_MIN = "3.11";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tools = join(root, ".tools");
const windows = process.platform === "win32";
const env = {
  ...process.env,
  UV_PYTHON_DOWNLOADS: process.env.UV_PYTHON_DOWNLOADS ?? "never",
  TURBO_TELEMETRY_DISABLED: "1",
};

function say(text) {
  process.stderr.write(`[setup] ${text}\n`);
}

function fail(text) {
  process.stderr.write(`[setup] FAILED: ${text}\n`);
  process.exit(1);
}

function output(command, args) {
  const result = spawnSync(command, args, { cwd: root, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

function run(step, command, args, options = {}) {
  const started = Date.now();
  const result = spawnSync(command, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"], ...options });
  if (result.error || result.status !== 0) {
    const why = result.error ? result.error.message : `exit code ${result.status ?? result.signal}`;
    fail(`${step}: ${why}\n[setup] command: ${command} ${args.join(" ")}`);
  }
  say(`${step}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    fail(
      `Node ${process.versions.node} is too old: ${NODE_MIN.join(".")} or newer is needed. Install it from nodejs.org or with your package manager, then run this again.`,
    );
  }
}

function findPython() {
  const seen = [];
  for (const name of ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"]) {
    const found = output(name, [
      "-c",
      "import sys; print('%d.%d' % sys.version_info[:2], sys.version_info >= (3, 11), sys.executable)",
    ]);
    if (!found) continue;
    const [version, recent, ...path] = found.split(" ");
    if (recent === "True") return path.join(" ");
    seen.push(`${name} is ${version}`);
  }
  const what = seen.length > 0 ? `only older ones are on PATH (${seen.join(", ")})` : "none is on PATH";
  return fail(
    `Python ${PYTHON_MIN} or newer is needed, but ${what}. Install one (Debian: apt-get install python3 python3-venv), then run this again.`,
  );
}

function prependPath(folder) {
  const key = Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  env[key] = folder + delimiter + (env[key] ?? "");
}

function ensurePnpm() {
  if (output("pnpm", ["--version"])?.startsWith(`${PNPM.split(".")[0]}.`)) return;
  const home = join(tools, `pnpm-${PNPM}`);
  const bin = join(home, "node_modules", ".bin");
  if (!existsSync(join(bin, windows ? "pnpm.cmd" : "pnpm"))) {
    mkdirSync(home, { recursive: true });
    run(
      `pnpm ${PNPM}`,
      "npm",
      [
        "install",
        "--prefix",
        home,
        "--no-save",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        `pnpm@${PNPM}`,
      ],
      { shell: windows },
    );
  }
  prependPath(bin);
}

function ensureUv(python) {
  if (output("uv", ["--version"])?.startsWith(`uv ${UV}`)) return;
  const home = join(tools, `uv-${UV}`);
  const bin = join(home, windows ? "Scripts" : "bin");
  if (!existsSync(join(bin, windows ? "uv.exe" : "uv"))) {
    run("Python environment for uv", python, ["-m", "venv", home]);
    run(`uv ${UV}`, join(bin, "python"), [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--only-binary",
      ":all:",
      `uv==${UV}`,
    ]);
  }
  prependPath(bin);
}

function setUp() {
  checkNode();
  const python = findPython();
  ensurePnpm();
  ensureUv(python);
  run("Node packages", "pnpm", ["install", "--frozen-lockfile", "--reporter=append-only"], {
    env: { ...env, CI: "true" },
    shell: windows,
  });
  run("Python environment", "uv", ["venv", "--allow-existing", "--quiet", "--python", python, ".venv"]);
  run("Python packages", "uv", ["pip", "install", "--quiet", "--require-hashes", "-r", "requirements.lock"]);
  run("Python packages of this repository", "uv", [
    "pip",
    "install",
    "--quiet",
    "--no-deps",
    ...["packages/cache-core-py", "contracts/python", "services/user-api-py"].flatMap((path) => ["-e", path]),
  ]);
}

setUp();
const [script, ...args] = process.argv.slice(2);
if (!script) {
  say("done. `npm start` runs the stack, `npm test` the tests.");
} else {
  // npm exports its own settings to the scripts that it runs; pnpm would read a few of them as its own.
  for (const name of Object.keys(env)) if (/^npm_(config|package|lifecycle)_/i.test(name)) delete env[name];
  const child = spawn("pnpm", ["run", "--silent", script, ...args], {
    cwd: root,
    env,
    stdio: "inherit",
    shell: windows,
  });
  process.on("SIGINT", () => {}); // the terminal tells the whole group; this process only outlives its child
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // A SIGTERM to npm kills only the shell between npm and us: seen as a new parent.
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || child.kill("SIGTERM"), 500).unref();
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
}
