import type { Sources } from "./buf.ts";
import type { Annotation } from "./buf-process.ts";
import { breaking, lint } from "./buf-rules.ts";
import { Declarations } from "./compatibility/declarations.ts";
import { compareContracts } from "./compatibility/entities.ts";
import { type Finding, Findings, type Place } from "./compatibility/finding.ts";
import type { Rule } from "./compatibility/rules.ts";
import { buildContract, type Contract } from "./compile.ts";
import { type Config, loadConfig, shown } from "./config.ts";
import { withoutTypesOf } from "./descriptors.ts";
import { CompileError } from "./errors.ts";
import { compileAll, outdated, outputOf } from "./generate.ts";
import { type History, readHistory } from "./history.ts";
import { refuseOrphanedHistory } from "./orphaned-history.ts";
import { registryOf } from "./registry.ts";

/** What the gate says of a contract. */
export interface CheckReport {
  /** Nothing is refused; there may be warnings. */
  readonly ok: boolean;
  /** Refusals first. */
  readonly findings: readonly Finding[];
  /** What a person should know besides. */
  readonly notes: readonly string[];
  /** Entities of the contract; 0 when it does not compile. */
  readonly entities: number;
  /** Names of the released contracts that it was compared with, oldest first. */
  readonly releases: readonly string[];
}

export interface CheckOptions {
  /** The time that retirements are judged by. Default: the clock. */
  readonly now?: Date;
}

/** A checked contract and what it was checked against: what `snapshot` needs. */
export interface Checked {
  readonly report: CheckReport;
  /** Undefined when it does not compile. */
  readonly contract: Contract | undefined;
  readonly sources: Sources | undefined;
  /** Undefined when it cannot be read. */
  readonly history: History | undefined;
}

/**
 * Whether a contract may be released beside all that was released before: buf lint, generated output, buf breaking
 * against the last release, our own comparison with every live snapshot, and the three releases of a generation.
 *
 * It reports everything that it finds and writes nothing.
 * @param configPath a `cachepact.json`, or the folder that holds it
 * @throws {CompileError} `E_CONFIG` when the configuration is wrong or buf cannot run
 */
export async function check(configPath: string, options: CheckOptions = {}): Promise<CheckReport> {
  return (await checkContract(loadConfig(configPath), options)).report;
}

/** As `check`, with what was read on the way. */
export async function checkContract(config: Config, { now = new Date() }: CheckOptions): Promise<Checked> {
  const findings = new Findings();
  const history = attempt(() => readHistory(config), findings);
  const sources = await attemptAsync(() => buildContract(config), findings);
  if (sources === undefined) return { ...result(findings, 0, history, config), contract: undefined, sources, history };
  const linting = lint(sources.image, sources.protoPaths);
  const contract = attempt(() => compileAll(config, sources), findings);
  if (contract !== undefined) checkOutput(config, contract, findings);
  const place = placing(config, sources);
  for (const found of await linting) addLint(found, place, findings);
  if (contract !== undefined && history !== undefined) {
    const entities = new Set(contract.entities.map(({ record }) => record.entity));
    attempt(() => refuseOrphanedHistory(config, history, entities), findings);
    await compareWithHistory({ config, sources, contract, history, nowMs: now.getTime(), findings });
  }
  return { ...result(findings, contract?.entities.length ?? 0, history, config), contract, sources, history };
}

function result(
  findings: Findings,
  entities: number,
  history: History | undefined,
  config: Config,
): { readonly report: CheckReport } {
  const sorted = findings.sorted();
  const releases = (history?.releases ?? []).map(({ release }) => release);
  return {
    report: {
      ok: sorted.every(({ verdict }) => verdict === "warning"),
      findings: sorted,
      notes: notes(config, history),
      entities,
      releases,
    },
  };
}

function notes(config: Config, history: History | undefined): readonly string[] {
  if (config.history === undefined) {
    return ['the contract has no history: nothing holds it to what is in Redis; name "history" in its configuration'];
  }
  if (history === undefined || history.releases.length > 0) return [];
  return [
    `nothing is released yet: ${shown(config, config.history)} holds no snapshot; cachepact snapshot makes the first one`,
  ];
}

interface HistoryComparison {
  readonly config: Config;
  readonly sources: Sources;
  readonly contract: Contract;
  readonly history: History;
  readonly nowMs: number;
  readonly findings: Findings;
}

async function compareWithHistory(comparison: HistoryComparison): Promise<void> {
  const { sources, contract, history, nowMs, findings, config } = comparison;
  if (history.baseline === undefined) return;
  const released = new Findings();
  const moved = compareContracts(
    {
      entities: contract.entities.map(({ record }) => record),
      current: new Declarations(sources.registry, contract.shownPath),
      baseline: new Declarations(registryOf(history.baseline), String),
      history,
      nowMs,
    },
    released,
  );
  // A message whose entity has moved on properly may be anything; of all others buf has its say.
  const against = withoutTypesOf(history.baseline, moved);
  const place = placing(config, sources);
  const ours = new Set(
    released.sorted().flatMap(({ file, line, verdict }) => (verdict === "refused" ? `${file}:${line}` : [])),
  );
  for (const found of await breaking(sources.image, against, sources.protoPaths)) {
    const at = place(found);
    // What is refused at the same place already says more than buf can.
    if (at === undefined || !ours.has(`${at.file}:${at.line}`)) addBreaking(found, at, findings);
  }
  for (const finding of released.sorted()) findings.add(verdictOf(finding));
}

function verdictOf({ entity, generation, file, line, ...rest }: Finding): Parameters<Findings["add"]>[0] {
  return {
    ...rest,
    ...(entity === null ? {} : { entity }),
    ...(generation === null ? {} : { generation }),
    place: file === undefined || line === undefined ? undefined : { file, line },
  };
}

function checkOutput(config: Config, contract: Contract, findings: Findings): void {
  for (const { file, found } of outdated(outputOf(config, contract).compare())) {
    findings.add({
      rule: "generated",
      place: { file, line: 1 },
      change: found,
      breaks: "programs that are built from it: they would run another contract than the one that was checked",
      instead: "run cachepact generate and commit its output",
    });
  }
}

function addLint({ type, message, ...found }: Annotation, place: Placing, findings: Findings): void {
  findings.add({
    rule: "lint",
    place: place(found),
    change: `${message} (buf lint, ${type})`,
    breaks: "nothing that is in Redis; names and folders that other tools and later versions rely on",
    instead: `correct it, or write "// buf:lint:ignore ${type}" above it with the reason`,
  });
}

function addBreaking({ type, message }: Annotation, place: Place | undefined, findings: Findings): void {
  findings.add({
    rule: "buf-breaking",
    place,
    change: `${message} (buf breaking, ${type})`,
    breaks: "readers of both releases: the bytes or the JSON of one are not those of the other",
    instead: "undo it, or make the change under a new generation of every entity that holds the message",
  });
}

type Placing = (found: Pick<Annotation, "path" | "line">) => Place | undefined;

function placing(config: Config, sources: Sources): Placing {
  return ({ path, line }) => (path === "" ? undefined : { file: shown(config, sources.fileOf(path)), line });
}

/** Turns the problems of one step into findings, so that the other steps still run. */
function attempt<T>(action: () => T, findings: Findings): T | undefined {
  try {
    return action();
  } catch (error) {
    addProblems(error, findings);
    return undefined;
  }
}

async function attemptAsync<T>(action: () => Promise<T>, findings: Findings): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    addProblems(error, findings);
    return undefined;
  }
}

function addProblems(error: unknown, findings: Findings): void {
  if (!(error instanceof CompileError) || (error.code !== "E_PROTO" && error.code !== "E_HISTORY")) throw error;
  const rule: Rule = error.code === "E_PROTO" ? "proto" : "history";
  const breaks =
    rule === "proto"
      ? "every program: no code can be generated for it in both languages"
      : "the gate itself: it cannot know what programs that run were built from";
  for (const problem of error.problems) {
    const { place, text } = located(problem);
    const end = text.lastIndexOf("; ");
    findings.add({
      rule,
      place,
      change: end < 0 ? text : text.slice(0, end),
      breaks,
      instead: end < 0 ? "correct it" : text.slice(end + 2),
    });
  }
}

/** `file:line: text`, or `file: text`, which is about the whole file. */
function located(problem: string): { readonly place: Place | undefined; readonly text: string } {
  const [, file, line, text] = /^([^:]+?)(?::(\d+))?: (.*)$/s.exec(problem) ?? [];
  if (file === undefined || text === undefined) return { place: undefined, text: problem };
  return { place: { file, line: Number(line ?? 1) }, text };
}
