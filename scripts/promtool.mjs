// Runs the unit tests of the alert rules with promtool: from PATH, else fetched once into .tools/ from Debian's packages.
//
// Exit code 77 = promtool is not to be had on this machine; under CI=true that is a failure.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rules = join(root, "packages/wire/prometheus");
const home = join(root, ".tools", "prometheus");

const works = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

function fetchPromtool() {
  const fetched = join(home, "usr/bin/promtool");
  if (existsSync(fetched)) return fetched;
  mkdirSync(home, { recursive: true });
  const download = () => spawnSync("apt-get", ["download", "prometheus"], { cwd: home, stdio: "ignore" }).status === 0;
  // A machine that never asked for package lists has none; only root may fetch them.
  if (!download() && !(spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore" }).status === 0 && download()))
    return undefined;
  const [archive] = globSync("prometheus_*.deb", { cwd: home });
  spawnSync("dpkg-deb", ["-x", archive, home], { cwd: home, stdio: "ignore" });
  return works(fetched) ? fetched : undefined;
}

const promtool = works("promtool") ? "promtool" : fetchPromtool();
if (!promtool) {
  process.stdout.write(
    "promtool is not on PATH and Debian's package `prometheus` could not be fetched: install Prometheus to check the alert rules\n",
  );
  process.exit(process.env.CI === "true" ? 1 : 77);
}
for (const args of [
  ["check", "rules", "rules.yml"],
  ["test", "rules", "rules.test.yml"],
]) {
  const { status } = spawnSync(promtool, args, { cwd: rules, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
