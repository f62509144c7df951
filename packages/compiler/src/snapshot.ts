import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { checkContract } from "./check.ts";
import { Declarations } from "./compatibility/declarations.ts";
import { describeFinding, type Finding } from "./compatibility/finding.ts";
import { Timeline } from "./compatibility/timeline.ts";
import { loadConfig, shown } from "./config.ts";
import { baselineOf } from "./descriptors.ts";
import { CompileError, type CompileErrorCode } from "./errors.ts";
import { BASELINE_FILE, type History, type ReleaseContent, releaseFileName, releaseText, sha256 } from "./history.ts";
import { registryOf } from "./registry.ts";

/** Names of releases stand in file names, on every system. */
const RELEASE_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** For whoever opens the folder. */
const README = `# History of the contract

Written by \`cachepact snapshot\` at each release, and by nothing else: an edit, by hand too, is E_HISTORY.

- \`NNNN-RELEASE.json\`: the lock of one release, when it was made, and the digest of the release before. Keep all of them.
- \`${BASELINE_FILE}\`: the descriptors of the last release, which \`buf breaking\` compares with.

\`cachepact check\` holds every later contract to them.
`;

const DRAINED = /^([a-z][a-z0-9_-]*)@(0|[1-9][0-9]*)$/;

export interface SnapshotOptions {
  /** Name of the release, such as `1.4.0`: letters, digits, `.`, `_`, `+`, `-`; no two that differ in case only. */
  readonly release: string;
  /** Generations of write-behind entities of which no event is left in any stream, as `entity@generation`. */
  readonly drained?: readonly string[];
  /** When the release is made. Default: the clock. */
  readonly now?: Date;
}

/** What `snapshot` did. */
export interface Snapshot {
  /** The release's file, relative to the configuration. */
  readonly file: string;
  readonly entities: number;
  /** Warnings: what was not refused but deserves a look. */
  readonly warnings: readonly Finding[];
}

/**
 * Writes the contract that is being released into its history: the only thing that ever writes there.
 * @param configPath a `cachepact.json`, or the folder that holds it
 * @throws {CompileError} what `check` refuses, under the code of its first refusal; `E_CONFIG` when the contract keeps no
 * history or the name cannot be one; `E_HISTORY` when the release is there already or `drained` cannot be true
 */
export async function snapshot(configPath: string, options: SnapshotOptions): Promise<Snapshot> {
  const { release, drained = [], now = new Date() } = options;
  const config = loadConfig(configPath);
  if (config.history === undefined) {
    throw new CompileError("E_CONFIG", `release ${release} cannot be kept, the contract has no history`, [
      `${shown(config, config.file)}: name a folder for it, such as "history": "history"`,
    ]);
  }
  if (!RELEASE_NAME.test(release)) {
    throw new CompileError("E_CONFIG", `${JSON.stringify(release)} cannot name a release`, [
      'use 1 to 64 letters, digits, ".", "_", "+" and "-", beginning with a letter or a digit, such as 1.4.0',
    ]);
  }
  const { report, contract, sources, history } = await checkContract(config, { now });
  if (!report.ok || contract === undefined || sources === undefined || history === undefined) {
    const refused = report.findings.filter(({ verdict }) => verdict === "refused");
    throw new CompileError(
      firstCode(refused),
      `${release} cannot be released, ${refused.length} ${refused.length === 1 ? "refusal" : "refusals"}`,
      refused.map(describeFinding),
    );
  }
  const problems = [...orderProblems(history, release, now), ...drainProblems(history, drained)];
  if (problems.length > 0) throw new CompileError("E_HISTORY", `${release} cannot be released`, problems);
  const baseline = baselineOf(sources.image);
  const last = history.releases.at(-1);
  const content: ReleaseContent = {
    format: 1,
    sequence: (last?.sequence ?? 0) + 1,
    release,
    at: now.toISOString(),
    previous: last?.digest ?? null,
    baseline: sha256(baseline),
    drained: [...new Set(drained)].toSorted(),
    lock: contract.lock,
  };
  const file = path.join(config.history, releaseFileName(content));
  write(config.history, [
    [path.join(config.history, "README.md"), README],
    [path.join(config.history, BASELINE_FILE), baseline],
    // Last: a run that is cut off leaves a baseline that belongs to no release, which every later run refuses.
    [file, releaseText(content)],
  ]);
  return { file: shown(config, file), entities: contract.entities.length, warnings: report.findings };
}

const ORDER: readonly CompileErrorCode[] = ["E_HISTORY", "E_PROTO", "E_GENERATED", "E_COMPATIBILITY"];

function firstCode(refused: readonly Finding[]): CompileErrorCode {
  return ORDER.find((code) => refused.some((finding) => finding.code === code)) ?? "E_COMPATIBILITY";
}

function* orderProblems({ releases }: History, release: string, now: Date): Generator<string> {
  const twin = releases.find((each) => each.release.toLowerCase() === release.toLowerCase());
  if (twin !== undefined) yield `release ${twin.release} is in the history already, of ${twin.at}; choose another name`;
  const last = releases.at(-1);
  if (last !== undefined && now.getTime() < Date.parse(last.at)) {
    yield `it is ${now.toISOString()}, but release ${last.release} was made at ${last.at}; set the clock`;
  }
}

/** A statement that cannot be true is refused: programs that write such events may still run. */
function* drainProblems(history: History, drained: readonly string[]): Generator<string> {
  const deprecated =
    history.baseline === undefined ? undefined : new Declarations(registryOf(history.baseline), String);
  for (const text of drained) {
    const [, entity = "", digits = ""] = DRAINED.exec(text) ?? [];
    const generation = Number(digits);
    const timeline = new Timeline(entity, history.releases);
    const { last } = timeline;
    if (entity === "") {
      yield `--drained ${JSON.stringify(text)} is not of the form entity@generation; write one such as preferences@1`;
    } else if (last === undefined || timeline.under(generation).length === 0) {
      yield `--drained ${text}: no release has it; name a generation that was released`;
    } else if (last.record.log === null) {
      yield `--drained ${text}: ${entity} has no log, so there is nothing to drain; leave it out`;
    } else if (
      generation >= last.record.generation &&
      deprecated?.isDeprecatedMessage(last.record.schema.message) !== true
    ) {
      yield `--drained ${text}: release ${last.release} still writes it; say so after a release that has switched, or that marks the message deprecated`;
    }
  }
}

function write(folder: string, files: readonly (readonly [string, string | Uint8Array])[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [file, content] of files) writeFileSync(file, content);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CompileError("E_CONFIG", "the history could not be written", [reason], { cause: error });
  }
}
