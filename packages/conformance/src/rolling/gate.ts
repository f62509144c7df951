import { writeFileSync } from "node:fs";
import path from "node:path";
import { check, generate, snapshot } from "@cachepact/compiler";
import { scratchContract } from "../scratch-contract.ts";
import { type ContractOptions, contractProto } from "./contract.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A step of a contract's life: the proto that is released, a day after the one before. */
export interface Step {
  readonly release: string;
  readonly options: ContractOptions;
  /** Generations of the log of which no event is left, as the operator says: `draft@2`. */
  readonly drained?: readonly string[];
}

/**
 * What the gate refuses of a sequence of releases of one contract folder, each a day after the one before: of each step
 * the rules and entities, empty = it passed. Only what passed is released, as in a deploy.
 */
export async function passGate(steps: readonly Step[]): Promise<readonly (readonly string[])[]> {
  const proto = "roll/v1/roll.proto";
  const contract = await scratchContract({
    protos: { [proto]: contractProto(steps[0]?.options) },
    config: { history: "history" },
  });
  const found: (readonly string[])[] = [];
  try {
    for (const [index, { release, options, drained = [] }] of steps.entries()) {
      writeFileSync(path.join(contract.folder, "proto", proto), contractProto(options));
      await generate(contract.config);
      const now = new Date(Date.UTC(2026, 0, 1) + index * DAY_MS);
      const { findings, ok } = await check(contract.config, { now });
      const refused = findings.filter(({ verdict }) => verdict === "refused");
      found.push(refused.map(({ rule, entity }) => (entity === null ? rule : `${rule} ${entity}`)).toSorted());
      if (ok) await snapshot(contract.config, { release, drained, now });
    }
  } finally {
    contract.close();
  }
  return found;
}
