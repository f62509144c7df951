import { type Check, Mismatch, type Pair, Skipped } from "./check.ts";
import type { RunSize } from "./differential/size.ts";
import { KNOWN_FAILURES, knownFailures } from "./known-failures.ts";
import type { Reply, Request } from "./protocol.ts";
import { GOLDEN_PROTOS, scratchContract } from "./scratch-contract.ts";
import { contractChecks, isContractSuite, SUITES, type Suite, wireChecks } from "./suites.ts";
import { startTestee, type Testee, type TesteeOptions } from "./testee.ts";

export interface RunOptions {
  /** Names or paths of testees. */
  readonly testees: readonly string[];
  /** `cachepact.json` of the contract folder that `golden` and `round-trips` are about. */
  readonly contracts: string;
  /** Default: all. */
  readonly suites?: readonly Suite[];
  /** Of the round trips of one entity and codec. */
  readonly size: RunSize;
  /** `cachepact.json` of the golden contract; default: it is generated for this run. */
  readonly golden?: string;
  /** Default: those of this repository. */
  readonly knownFailures?: string;
  /** ms; default that of {@link startTestee}. */
  readonly requestTimeoutMs?: number;
}

/** A check that did not go as it should. */
export interface Failure {
  readonly check: string;
  readonly why: string;
}

/** How one testee did. */
export interface TesteeReport {
  readonly testee: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Checks that are on the list of known failures, and did fail. They count as neither of the above. */
  readonly known: number;
  /** How often it crashed, hung or broke the protocol. */
  readonly restarts: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Failure[];
}

/**
 * Runs every check of the suites on every testee.
 *
 * @throws {Error} a testee cannot be started, or refuses a contract; a fixture file is broken
 */
export async function runConformance(options: RunOptions): Promise<readonly TesteeReport[]> {
  const suites = options.suites ?? SUITES;
  const golden = options.golden === undefined ? await scratchContract({ protos: GOLDEN_PROTOS }) : undefined;
  try {
    const reports: TesteeReport[] = [];
    for (const name of options.testees) {
      const tally = new Tally(name, knownFailures(options.knownFailures ?? KNOWN_FAILURES, name));
      const wire = suites.filter((suite) => !isContractSuite(suite)).flatMap(wireChecks);
      const contract = suites
        .filter(isContractSuite)
        .flatMap((suite) => contractChecks(suite, options.contracts, options.size));
      await runChecks(name, wire, golden?.config ?? (options.golden as string), options, tally);
      await runChecks(name, contract, options.contracts, options, tally);
      // With some suites left out, a name that no check has may be that of a check that was left out.
      if (suites.length === SUITES.length) tally.failUnknownNames();
      reports.push(tally.report());
    }
    return reports;
  } finally {
    golden?.close();
  }
}

async function runChecks(
  name: string,
  checks: readonly Check[],
  contracts: string,
  options: RunOptions,
  tally: Tally,
): Promise<void> {
  if (checks.length === 0) return;
  const { requestTimeoutMs } = options;
  const settings: TesteeOptions = { contracts, ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }) };
  const testee = await startTestee(name, settings);
  let reference: Promise<Testee> | undefined;
  const pair: Pair = {
    testee,
    reference() {
      // Whoever is not TypeScript is held to TypeScript's bytes.
      reference ??= startTestee(name === "typescript" ? "python" : "typescript", { contracts });
      return reference;
    },
  };
  try {
    const ask = (request: Request): Promise<Reply> => testee.ask(request);
    for (const part of chunks(checks)) {
      await Promise.all(part.map(async (check) => tally.add(check.name, await outcome(check, ask, pair))));
    }
    tally.restarts += testee.restarts;
  } finally {
    await testee.close();
    // One that could not be started has nothing to close, and its failure has been reported.
    await reference?.then(
      (started) => started.close(),
      () => undefined,
    );
  }
}

/** Checks that are under way at once: enough to keep the testee busy. */
const CHUNK = 200;

function chunks(checks: readonly Check[]): readonly (readonly Check[])[] {
  return Array.from({ length: Math.ceil(checks.length / CHUNK) }, (_, at) =>
    checks.slice(at * CHUNK, (at + 1) * CHUNK),
  );
}

/** Why a check was skipped or failed; undefined = it passed. */
async function outcome(
  check: Check,
  ask: (request: Request) => Promise<Reply>,
  pair: Pair,
): Promise<Skipped | Mismatch | undefined> {
  try {
    await check.run(ask, pair);
    return undefined;
  } catch (error) {
    if (error instanceof Skipped || error instanceof Mismatch) return error;
    throw error;
  }
}

/** Counts outcomes against the list of known failures. */
class Tally {
  restarts = 0;
  readonly #testee: string;
  readonly #unseen: Set<string>;
  readonly #listed: ReadonlySet<string>;
  readonly #failures: Failure[] = [];
  readonly #skips: Failure[] = [];
  #passed = 0;
  #known = 0;

  constructor(testee: string, listed: ReadonlySet<string>) {
    this.#testee = testee;
    this.#listed = listed;
    this.#unseen = new Set(listed);
  }

  add(check: string, found: Skipped | Mismatch | undefined): void {
    const listed = this.#listed.has(check);
    this.#unseen.delete(check);
    if (found instanceof Skipped) this.#skips.push({ check, why: found.message });
    else if (found === undefined && listed) {
      this.#failures.push({ check, why: "it passed, but is listed as a known failure; take it off the list" });
    } else if (found === undefined) this.#passed += 1;
    else if (listed) this.#known += 1;
    else this.#failures.push({ check, why: found.message });
  }

  failUnknownNames(): void {
    for (const check of this.#unseen) {
      this.#failures.push({ check, why: "no check has this name, but it is listed as a known failure; correct it" });
    }
  }

  report(): TesteeReport {
    return {
      testee: this.#testee,
      passed: this.#passed,
      failed: this.#failures.length,
      skipped: this.#skips.length,
      known: this.#known,
      restarts: this.restarts,
      failures: this.#failures,
      skips: this.#skips,
    };
  }
}
