// Rehearses a release from the files of this checkout, on loopback only: versions, builds, publishes the npm packages to
// a registry of its own, builds the Python wheels, installs both outside the workspace and runs the README's examples.
//
// Nothing leaves the machine: it stops unless the registry that pnpm and npm are configured for is on loopback.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { README_OUTPUT, readmeExamples } from "../packages/tour/src/readme.ts";

const VERDACCIO = "6.10.4";
const PYTHON_PACKAGES = ["packages/cache-core-py", "contracts/python"];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), "cachepact-release-"));
const workspace = join(scratch, "workspace");
const cleanups = [() => rmSync(scratch, { recursive: true, force: true })];
let env = { ...process.env, CI: "true" };

const say = (text) => process.stdout.write(`[release] ${text}\n`);

function run(command, args, { cwd = workspace, capture = false, extra = {} } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...env, ...extra },
    encoding: "utf8",
    stdio: ["ignore", capture ? "pipe" : "inherit", "inherit"],
  });
  if (result.status !== 0)
    throw new Error(
      `${result.stdout ?? ""}\n${command} ${args.join(" ")} failed: ${result.error?.message ?? `exit code ${result.status}`}`,
    );
  return (result.stdout ?? "").trim();
}

/** A copy of the checkout as it stands: what git tracks plus what it would add. */
function copyWorkspace() {
  const files = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    capture: true,
  });
  for (const file of files.split("\0").filter((each) => each && existsSync(join(root, each)))) {
    cpSync(join(root, file), join(workspace, file));
  }
  run("git", ["init", "--quiet", "--initial-branch=main"]);
  run("git", ["add", "--all"]);
  run("git", [
    "-c",
    "user.name=release",
    "-c",
    "user.email=release@localhost",
    "commit",
    "--quiet",
    "--message=rehearsal",
  ]);
  run("pnpm", ["install", "--frozen-lockfile", "--prefer-offline", "--silent"]);
}

function setVersions() {
  if (globSync(".changeset/*.md", { cwd: workspace }).some((file) => !file.endsWith("README.md")))
    run("pnpm", ["exec", "changeset", "version"]);
  const { version } = JSON.parse(readFileSync(join(workspace, "packages/wire/package.json"), "utf8"));
  for (const folder of PYTHON_PACKAGES) {
    const file = join(workspace, folder, "pyproject.toml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^version = ".*"$/m, `version = "${version}"`));
  }
  return version;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A registry on loopback that keeps @cachepact packages itself and asks the configured registry for all others. */
async function startRegistry() {
  const home = join(root, ".tools", `verdaccio-${VERDACCIO}`);
  const program = join(home, "node_modules/verdaccio/bin/verdaccio");
  if (!existsSync(program)) {
    say(`installing verdaccio ${VERDACCIO} into .tools`);
    mkdirSync(home, { recursive: true });
    // The newest node-fetch under the tag that verdaccio asks for does not exist on every mirror.
    writeFileSync(join(home, "package.json"), JSON.stringify({ private: true, overrides: { "node-fetch": "2.7.0" } }));
    run(
      "npm",
      ["install", "--no-audit", "--no-fund", "--loglevel=error", "--no-package-lock", `verdaccio@${VERDACCIO}`],
      { cwd: home },
    );
  }
  const upstream = run("npm", ["config", "get", "registry"], { cwd: root, capture: true });
  const config = join(scratch, "verdaccio.yaml");
  writeFileSync(
    config,
    JSON.stringify({
      storage: join(scratch, "storage"),
      auth: { htpasswd: { file: join(scratch, "htpasswd"), max_users: 10 } },
      uplinks: { upstream: { url: upstream, timeout: "60s", maxage: "60m" } },
      packages: {
        "@cachepact/*": { access: "$all", publish: "$authenticated" },
        "**": { access: "$all", publish: "$authenticated", proxy: "upstream" },
      },
      log: { type: "stdout", format: "pretty", level: "warn" },
    }),
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const registry = spawn(process.execPath, [program, "--config", config, "--listen", `127.0.0.1:${port}`], {
    stdio: ["ignore", "ignore", "inherit"],
    env,
  });
  cleanups.unshift(() => registry.kill());
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`${url}-/ping`).catch(() => undefined);
    if (answer?.ok) break;
    if (tries > 150 || registry.exitCode !== null) throw new Error("the registry did not start");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const user = { name: "release", password: `rehearsal-${port}-${process.pid}` };
  const answer = await fetch(`${url}-/user/org.couchdb.user:release`, {
    method: "PUT",
    body: JSON.stringify(user),
    headers: { "content-type": "application/json" },
  });
  const { token } = await answer.json();
  const userconfig = join(scratch, "npmrc");
  writeFileSync(userconfig, `registry=${url}\n//127.0.0.1:${port}/:_authToken=${token}\n`);
  for (const name of Object.keys(env)) if (/^(npm|pnpm)_config_/i.test(name)) delete env[name];
  env = { ...env, NPM_CONFIG_USERCONFIG: userconfig, PNPM_CONFIG_REGISTRY: url };
  return url;
}

/** The one thing that must never go wrong: publishing anywhere but here. */
function stopUnlessLoopback() {
  for (const command of ["pnpm", "npm"]) {
    const registry = run(command, ["config", "get", "registry"], { capture: true });
    if (new URL(registry).hostname !== "127.0.0.1")
      throw new Error(`${command} would publish to a registry that is not on loopback: stopped`);
  }
}

function checkPackages() {
  for (const manifest of globSync("{contracts,packages/*}/package.json", { cwd: workspace })) {
    const { name, private: secret } = JSON.parse(readFileSync(join(workspace, manifest), "utf8"));
    if (secret) continue;
    const cwd = join(workspace, dirname(manifest));
    say(`checking ${name}`);
    run(join(workspace, "node_modules/.bin/publint"), ["--strict", "--pack", "npm"], { cwd });
    run(
      join(workspace, "node_modules/.bin/attw"),
      ["--pack", ".", "--profile", "esm-only", "--format", "ascii", "--no-emoji", "--no-color"],
      { cwd },
    );
  }
}

function buildWheels() {
  const dist = join(scratch, "dist");
  for (const folder of PYTHON_PACKAGES) run("uv", ["build", "--quiet", "--out-dir", dist, folder]);
  return dist;
}

async function startRedis() {
  const child = spawn(
    process.execPath,
    ["--conditions=@cachepact/source", join(root, "packages/dev-stack/src/main.ts"), "redis"],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  cleanups.unshift(() => child.stdin.end());
  for await (const line of child.stdout) return JSON.parse(String(line)).url;
  throw new Error("no Redis for the examples");
}

function expectOutput(language, output) {
  if (`${output}\n` !== README_OUTPUT)
    throw new Error(`the ${language} example of the README printed\n${output}\ninstead of\n${README_OUTPUT}`);
  say(`the ${language} example of the README works outside the workspace`);
}

/** The machine's own Node, the oldest that a package may meet; npm and pnpm put this repository's in front of it. */
function machineNode() {
  const folders = process.env.PATH.split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return folders.map((folder) => join(folder, "node")).find((file) => existsSync(file)) ?? process.execPath;
}

async function tryTypeScript(example, version) {
  const folder = join(scratch, "typescript");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run(
    "npm",
    [
      "install",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      `@cachepact/cache-core@${version}`,
      `@cachepact/contracts@${version}`,
      `@cachepact/cli@${version}`,
      `@cachepact/writeback@${version}`,
      `@cachepact/dev-stack@${version}`,
      "@types/node@24",
    ],
    { cwd: folder },
  );
  writeFileSync(join(folder, "example.mjs"), example);
  for (const node of new Set([process.execPath, machineNode()])) {
    say(`on Node ${run(node, ["--version"], { capture: true })}`);
    const extra = { REDIS_URL: await startRedis() };
    expectOutput("TypeScript", run(node, ["example.mjs"], { cwd: folder, capture: true, extra }));
  }
  run(join(folder, "node_modules/.bin/cachepact"), ["--help"], { cwd: folder, capture: true });
  // The types of the installed packages, under the strictest usual settings.
  writeFileSync(
    join(folder, "types.ts"),
    'import { createCache } from "@cachepact/cache-core";\nimport { User } from "@cachepact/contracts";\nconst users = createCache({ redis: "redis://127.0.0.1" }).entity(User, { load: async () => null });\nexport const name: string | undefined = (await users.get({ id: 1 }))?.name;\n',
  );
  run(
    join(workspace, "node_modules/.bin/tsc"),
    [
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--types",
      "node",
      "types.ts",
    ],
    { cwd: folder },
  );
}

async function tryPython(example, dist, version) {
  const folder = join(scratch, "python");
  run("uv", ["venv", "--quiet", folder, "--python", join(root, ".venv/bin/python")]);
  const python = join(folder, "bin/python");
  run("uv", [
    "pip",
    "install",
    "--quiet",
    "--python",
    python,
    "--find-links",
    dist,
    `cachepact==${version}`,
    `cachepact-contracts==${version}`,
  ]);
  writeFileSync(join(folder, "example.py"), example);
  const extra = { REDIS_URL: await startRedis() };
  expectOutput("Python", run(python, ["example.py"], { cwd: folder, capture: true, extra }));
}

try {
  say("copying the checkout");
  copyWorkspace();
  const version = setVersions();
  say(`version ${version}: building`);
  run("pnpm", ["exec", "turbo", "run", "build", "--output-logs=errors-only"]);
  checkPackages();
  const url = await startRegistry();
  stopUnlessLoopback();
  say(`publishing to ${url}`);
  run("pnpm", ["exec", "changeset", "publish", "--no-git-tag"]);
  const dist = buildWheels();
  const examples = readmeExamples(join(root, "README.md"));
  await tryTypeScript(examples.typescript, version);
  await tryPython(examples.python, dist, version);
  say(`done: ${version} can be published`);
} catch (error) {
  say(`FAILED: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const cleanup of cleanups) cleanup();
}
