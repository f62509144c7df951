import { join } from "node:path";
import { luaScripts } from "./lua-script.ts";
import { pythonErrors, pythonMetrics, pythonScripts } from "./python.ts";
import { typescriptErrors, typescriptMetrics, typescriptScripts } from "./typescript.ts";
import { errorRows, metricRows } from "./vocabulary.ts";

/** Every generated file, by absolute path. `root` is the folder of this package. */
export function outputs(root: string): Map<string, string> {
  const errors = errorRows(root);
  const metrics = metricRows(root);
  const scripts = luaScripts(join(root, "lua"));
  const typescript = join(root, "src/gen");
  const python = join(root, "../cache-core-py/src/cachepact/_gen");
  return new Map([
    [join(typescript, "errors.ts"), typescriptErrors(errors)],
    [join(typescript, "metrics.ts"), typescriptMetrics(metrics)],
    [join(typescript, "scripts.ts"), typescriptScripts(scripts)],
    [join(python, "__init__.py"), '"""Generated from packages/wire. Do not edit."""\n'],
    [join(python, "errors.py"), pythonErrors(errors)],
    [join(python, "metrics.py"), pythonMetrics(metrics)],
    [join(python, "scripts.py"), pythonScripts(scripts)],
  ]);
}
