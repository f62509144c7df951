// Imports go one way: wire <- contracts, cache-core <- writeback <- services. The compiler takes only data files of the
// wire. Checked in what packages declare and in what their sources import, in both languages.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What the shipped code of a package may import from this repository. Tests may import more (devDependencies). */
const allowed = {
  "@cachepact/wire": [],
  "@cachepact/contracts": ["@cachepact/wire"],
  "@cachepact/cache-core": ["@cachepact/wire"],
  "@cachepact/writeback": ["@cachepact/wire", "@cachepact/cache-core"],
  "@cachepact/compiler": ["@cachepact/wire"], // types and data files only: see below
  "@cachepact/cli": ["@cachepact/compiler"],
  "@cachepact/dev-stack": [],
  "@cachepact/vitest-config": [],
  "@cachepact/conformance": [
    "@cachepact/wire",
    "@cachepact/contracts",
    "@cachepact/cache-core",
    "@cachepact/compiler",
    "@cachepact/cli",
    "@cachepact/dev-stack",
    "@cachepact/writeback",
  ],
  "@cachepact/benchmarks": ["@cachepact/wire", "@cachepact/compiler", "@cachepact/cli"],
  "@cachepact/tour": ["@cachepact/wire", "@cachepact/contracts", "@cachepact/dev-stack"],
  "@cachepact/user-api": ["@cachepact/wire", "@cachepact/contracts", "@cachepact/cache-core"],
  "@cachepact/writeback-worker": [
    "@cachepact/wire",
    "@cachepact/contracts",
    "@cachepact/cache-core",
    "@cachepact/writeback",
  ],
  // Python, by its package.json (scripts only) and its imports.
  "@cachepact/cache-core-py": [],
  "@cachepact/user-api-py": [],
};
const allowedPython = {
  "packages/cache-core-py/src": [],
  "contracts/python/cachepact_contracts": ["cachepact"],
  "services/user-api-py/src": ["cachepact", "cachepact_contracts"],
};

/** The modules that a source imports or exports from. */
function importsOf(text) {
  return [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*["']([^"']+)["']/g)].map(([, specifier]) => specifier);
}

const problems = [];
for (const manifest of globSync("{contracts,packages/*,services/*}/package.json", { cwd: root })) {
  const folder = dirname(manifest);
  const { name, dependencies = {} } = JSON.parse(readFileSync(join(root, manifest), "utf8"));
  const may = allowed[name];
  if (!may) {
    problems.push(`${manifest}: ${name} is not in scripts/boundaries.mjs: say there what it may import`);
    continue;
  }
  for (const dependency of Object.keys(dependencies).filter((each) => each.startsWith("@cachepact/"))) {
    if (!may.includes(dependency)) problems.push(`${manifest}: depends on ${dependency}, which ${name} may not import`);
  }
  for (const file of globSync(`${folder}/src/**/*.ts`, { cwd: root })) {
    const text = readFileSync(join(root, file), "utf8");
    for (const specifier of importsOf(text)) {
      const [scope, short] = specifier.split("/");
      const target = `${scope}/${short}`;
      if (scope === "@cachepact" && target !== name && !may.includes(target))
        problems.push(`${file}: imports ${specifier}, which ${name} may not`);
      if (specifier.startsWith("../")) {
        const depth = file.slice(folder.length + 5).split("/").length;
        if (specifier.split("../").length - 1 >= depth)
          problems.push(`${file}: ${specifier} leaves src/; import packages by name`);
      }
    }
    // Types are not code: they are gone when it runs.
    const code = text.replaceAll(/^(?:import|export) type [^;]*;/gm, "");
    if (name === "@cachepact/compiler" && importsOf(code).includes("@cachepact/wire"))
      problems.push(`${file}: imports code of @cachepact/wire; the compiler may only take its types and data files`);
  }
}
for (const [folder, may] of Object.entries(allowedPython)) {
  for (const file of globSync(`${folder}/**/*.py`, { cwd: root })) {
    for (const [, module] of readFileSync(join(root, file), "utf8").matchAll(
      /^\s*(?:from|import)\s+(cachepact(?:_contracts)?|user_api)\b/gm,
    )) {
      const own = file.includes(`/${module}/`);
      if (!own && !may.includes(module)) problems.push(`${file}: imports ${module}, which ${folder} may not`);
    }
  }
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length > 0 ? 1 : 0);
