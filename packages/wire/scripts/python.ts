import type { LuaScript } from "./lua-script.ts";
import type { ErrorRow, MetricRow } from "./vocabulary.ts";

// JSON strings of ASCII text are Python strings too.
const quote = (text: string): string => JSON.stringify(text);

function tuple(values: readonly (string | number)[]): string {
  const items = values.map((value) => JSON.stringify(value)).join(", ");
  return values.length === 1 ? `(${items},)` : `(${items})`;
}

function literal(name: string, values: readonly string[]): string {
  if (values.length === 0) return `${name} = NoReturn\n`;
  return `${name} = Literal[\n${values.map((value) => `    ${quote(value)},\n`).join("")}]\n`;
}

function header(source: string): string {
  return `"""Generated from packages/wire/${source}. Do not edit."""\n`;
}

/** A raw triple-quoted string where the text allows it, so that a diff stays readable. */
function block(text: string): string {
  return text.includes('"""') || text.endsWith('"') || text.endsWith("\\") ? quote(text) : `r"""${text}"""`;
}

export function pythonErrors(rows: readonly ErrorRow[]): string {
  const entries = rows.map(
    (row) =>
      `    ${quote(row.code)}: ErrorSpec(\n        retryable=${row.retryable ? "True" : "False"},\n        meaning=${quote(row.meaning)},\n        remedy=${quote(row.remedy)},\n    ),\n`,
  );
  return `${header("vocabulary/errors.json")}
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

${literal(
  "ErrorCode",
  rows.map((row) => row.code),
)}

class ErrorSpec(NamedTuple):
    """What one code means and what to do about it."""

    retryable: bool
    meaning: str
    remedy: str


ERRORS: Final[Mapping[ErrorCode, ErrorSpec]] = {
${entries.join("")}}
`;
}

export function pythonMetrics(rows: readonly MetricRow[]): string {
  const entries = rows.map((row) => {
    const labels = Object.entries(row.labels).map(
      ([label, values]) => `            ${quote(label)}: ${values === null ? "None" : tuple(values)},\n`,
    );
    const written = labels.length === 0 ? "{}" : `{\n${labels.join("")}        }`;
    return `    ${quote(row.name)}: Metric(\n        name=${quote(row.name)},\n        type=${quote(row.type)},\n        help=${quote(row.help)},\n        labels=${written},\n        buckets=${row.buckets === undefined ? "None" : tuple(row.buckets)},\n    ),\n`;
  });
  return `${header("vocabulary/metrics.json")}
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

${literal(
  "MetricName",
  rows.map((row) => row.name),
)}

class Metric(NamedTuple):
    """One metric; a label whose values are \`\`None\`\` takes names that the deployment's contracts close."""

    name: MetricName
    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Mapping[str, tuple[str, ...] | None]
    buckets: tuple[float, ...] | None


METRICS: Final[Mapping[MetricName, Metric]] = {
${entries.join("")}}
`;
}

export function pythonScripts(scripts: readonly LuaScript[]): string {
  const entries = scripts.map(
    (script) =>
      `    ${quote(script.name)}: Script(\n        name=${quote(script.name)},\n        sha1=${quote(script.sha1)},\n        keys=${tuple(script.keys)},\n        argv=${tuple(script.argv)},\n        source=${block(script.source)},\n    ),\n`,
  );
  const names = scripts.map((script) => script.name);
  return `${header("lua/*.lua")}
from collections.abc import Mapping
from typing import Final, ${names.length === 0 ? "NamedTuple, NoReturn" : "Literal, NamedTuple"}

${literal("ScriptName", names)}

class Script(NamedTuple):
    """One Lua script: \`\`sha1\`\` is what EVALSHA takes, \`\`keys\`\` and \`\`argv\`\` name its arguments in order."""

    name: ScriptName
    sha1: str
    keys: tuple[str, ...]
    argv: tuple[str, ...]
    source: str


SCRIPTS: Final[Mapping[ScriptName, Script]] = {
${entries.join("")}}
`;
}
