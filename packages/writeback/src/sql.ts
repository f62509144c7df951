import { readFileSync } from "node:fs";

/** The statements of `sql/`, one file each, read once. `src/` and `dist/` both lie beside it. */
const statements = new Map<string, string>();

/** The text of `sql/<name>.sql`. */
export function sql(name: string): string {
  let text = statements.get(name);
  if (text === undefined) {
    text = readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), "utf8");
    statements.set(name, text);
  }
  return text;
}
