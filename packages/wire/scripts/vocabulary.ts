import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One row of `vocabulary/errors.json`. */
export interface ErrorRow {
  readonly code: string;
  readonly retryable: boolean;
  readonly meaning: string;
  readonly remedy: string;
}

/** One row of `vocabulary/metrics.json`. A label whose values are `null` takes names that a deployment closes itself. */
export interface MetricRow {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: Readonly<Record<string, readonly string[] | null>>;
  readonly buckets?: readonly number[];
}

function rows<Row>(file: string, list: string, unique: (row: Row) => string): Row[] {
  const found = (JSON.parse(readFileSync(file, "utf8")) as Record<string, Row[]>)[list] ?? [];
  const names = found.map(unique);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`${file}: ${twice} stands there twice`);
  return found;
}

export function errorRows(root: string): ErrorRow[] {
  return rows<ErrorRow>(join(root, "vocabulary/errors.json"), "errors", (row) => row.code);
}

export function metricRows(root: string): MetricRow[] {
  return rows<MetricRow>(join(root, "vocabulary/metrics.json"), "metrics", (row) => row.name);
}
