import { afterAll, beforeAll } from "vitest";
import type { Hostile } from "../src/differential/hostile.ts";
import { type MeasuredTestee, measuredTestee } from "../src/differential/measured-testee.ts";
import { askOnBothPaths, discord, verdict } from "../src/differential/respondents.ts";
import type { Request } from "../src/protocol.ts";
import { GOLDEN_PROTOS, type ScratchContract, scratchContract } from "../src/scratch-contract.ts";
import { TESTEES } from "../src/testee.ts";

/** No request may take longer, on a machine however busy: what is slow by design takes minutes. */
const WATCHDOG_MS = 30_000;

export const MIB: number = 2 ** 20;

/** Both languages under limits of memory, on the golden contract. */
export interface HostileFixture {
  readonly measured: readonly MeasuredTestee[];
  /** Asks both languages on both paths; what is wrong with the answers: no one verdict, a crash, a time-out. */
  problems(inputs: readonly Hostile[]): Promise<readonly string[]>;
  /** By how much the peaks of memory rose meanwhile, in bytes. */
  growth(work: () => Promise<void>): Promise<readonly number[]>;
}

export function decodeHostile({ codec, bytes }: Hostile): Request {
  return { op: "value.decode", message: "golden.v1.AllTypes", codec, hex: Buffer.from(bytes).toString("hex") };
}

export function hostileFixture(): HostileFixture {
  const measured: MeasuredTestee[] = [];
  let contract: ScratchContract | undefined;

  beforeAll(async () => {
    contract = await scratchContract({ protos: GOLDEN_PROTOS });
    const { config } = contract;
    measured.push(...(await Promise.all(TESTEES.map((name) => measuredTestee(name, config, WATCHDOG_MS)))));
  }, 120_000);

  afterAll(async () => {
    await Promise.all(measured.map((each) => each.close()));
    contract?.close();
  });

  return {
    measured,
    async problems(inputs) {
      const testees = measured.map(({ testee }) => testee);
      const answers = await askOnBothPaths(testees, inputs.map(decodeHostile));
      return inputs.flatMap(({ name, codec }, index) => {
        const verdicts = (answers[index] ?? []).map(({ by, reply }): readonly [string, string] => [
          by,
          // Of what is read only the size is told: these values are large.
          verdict(reply, ({ value }) => `of ${JSON.stringify(value).length} characters`),
        ]);
        return discord(`${codec}: ${name}`, verdicts) ?? [];
      });
    },
    async growth(work) {
      const before = measured.map((each) => each.peakBytes());
      await work();
      return measured.map((each, index) => each.peakBytes() - (before[index] as number));
    },
  };
}
