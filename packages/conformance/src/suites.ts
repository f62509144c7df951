import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig } from "@cachepact/compiler";
import type { Check } from "./check.ts";
import { Entities } from "./checks/entities.ts";
import { entryChecks } from "./checks/entry-checks.ts";
import { frameChecks } from "./checks/frame-checks.ts";
import { goldenEntryChecks } from "./checks/golden-entry-checks.ts";
import { keyChecks } from "./checks/key-checks.ts";
import { roundTripChecks } from "./checks/round-trip-checks.ts";
import { boundaryChecks, valueChecks } from "./checks/value-checks.ts";
import { writeRecordChecks } from "./checks/write-record-checks.ts";
import type { RunSize } from "./differential/size.ts";
import { fixtureCases } from "./fixture-file.ts";

/** What is checked, by the name that `--only` takes. The first six are the wire's own, on the golden contract. */
export const SUITES = [
  "values",
  "boundaries",
  "keys",
  "frames",
  "entries",
  "write-records",
  "golden",
  "round-trips",
] as const;

export type Suite = (typeof SUITES)[number];

/** The suites of the golden contract, whose names are those of the wire's fixture files. */
export type WireSuite = Exclude<Suite, ContractSuite>;

/** The suites of any contract folder: its golden entries, if it has any, and values made from its schemas. */
export type ContractSuite = "golden" | "round-trips";

/** Whether a suite is about a contract folder, and not about the wire itself. */
export function isContractSuite(suite: Suite): suite is ContractSuite {
  return suite === "golden" || suite === "round-trips";
}

const WIRE_FIXTURES = fileURLToPath(new URL("./", import.meta.resolve("@cachepact/wire/fixtures/values.json")));

/** The checks of a fixture file of the wire. */
export function wireChecks(suite: WireSuite): Check[] {
  const entities = new Entities(path.join(WIRE_FIXTURES, "contract/contracts.lock.json"));
  const cases = fixtureCases(path.join(WIRE_FIXTURES, `${suite}.json`));
  switch (suite) {
    case "values":
      return valueChecks(entities, cases);
    case "boundaries":
      return boundaryChecks(entities, cases);
    case "keys":
      return keyChecks(entities, cases);
    case "frames":
      return frameChecks(cases);
    case "entries":
      return entryChecks(entities, cases);
    default:
      return writeRecordChecks(entities, cases);
  }
}

/** The checks of a contract folder, by its `cachepact.json`; `size` is that of the round trips of one entity and codec. */
export function contractChecks(suite: ContractSuite, config: string, size: RunSize): Check[] {
  const { lock, folder } = loadConfig(config);
  const entities = new Entities(lock);
  if (suite === "round-trips") return roundTripChecks(entities, size);
  const fixtures = path.join(folder, "fixtures");
  if (!existsSync(fixtures)) return [];
  const files = readdirSync(fixtures).filter((name) => name.endsWith(".json"));
  return files
    .toSorted()
    .flatMap((name) =>
      goldenEntryChecks(entities.named(name.slice(0, -".json".length)), fixtureCases(path.join(fixtures, name))),
    );
}
