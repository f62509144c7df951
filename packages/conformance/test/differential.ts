import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CodecName, ContractLock, EntityRecord } from "@cachepact/wire";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entryTrial, frameDecodeTrial, frameEncodeTrial } from "../src/differential/frame-trial.ts";
import { keyBuildTrial, keyParseTrial } from "../src/differential/key-trial.ts";
import { mutantTrial } from "../src/differential/mutant-trial.ts";
import { randomProto } from "../src/differential/random-proto.ts";
import { type RunSize, runSize } from "../src/differential/size.ts";
import { runTrial, type Trial } from "../src/differential/trial.ts";
import { invalidValueTrial, valueTrial } from "../src/differential/value-trial.ts";
import { GOLDEN_PROTOS, type ScratchContract, type ScratchOptions, scratchContract } from "../src/scratch-contract.ts";
import { startTestee, TESTEES, type Testee } from "../src/testee.ts";

export const CODECS: readonly CodecName[] = ["json", "msgpack", "protobuf"];

/** Both languages on one contract folder. */
interface Running {
  readonly testees: readonly Testee[];
  readonly records: readonly EntityRecord[];
  close(): Promise<void>;
}

async function running(config: string, folder: string, close: () => void): Promise<Running> {
  const lock = JSON.parse(readFileSync(`${folder}/contracts.lock.json`, "utf8")) as ContractLock;
  const testees = await Promise.all(TESTEES.map((name) => startTestee(name, { contracts: config })));
  return {
    testees,
    records: Object.values(lock.entities),
    async close() {
      await Promise.all(testees.map((testee) => testee.close()));
      close();
    },
  };
}

async function scratch(options: ScratchOptions): Promise<Running> {
  const contract: ScratchContract = await scratchContract(options);
  return running(contract.config, contract.folder, () => contract.close());
}

/** Our own contracts, whose generated code is committed. */
const OURS = fileURLToPath(new URL("../../../contracts", import.meta.url));

/** The seed is part of a test's name, so that the record of a green run says what was tried. */
function trials(start: () => Promise<Running>, size: RunSize): void {
  let now: Running | undefined;
  beforeAll(async () => {
    now = await start();
  }, 120_000);
  afterAll(() => now?.close());

  const seeded = <Input>(name: string, trial: (now: Running) => Trial<Input>, share = 1): void => {
    const cases = Math.max(1, Math.ceil(size.cases * share));
    test(`${name}, ${cases} from seed ${size.seed}`, { timeout: 0 }, () =>
      runTrial(trial(now as Running), { ...size, cases }),
    );
  };
  for (const codec of CODECS) {
    seeded(`${codec}: values`, ({ testees, records }) => valueTrial(testees, records, codec));
    seeded(
      `${codec}: values with one fault`,
      ({ testees, records }) => invalidValueTrial(testees, records, codec),
      0.25,
    );
    seeded(`${codec}: mutants`, ({ testees, records }) => mutantTrial(testees, records, codec));
  }
  seeded("keys to build", ({ testees, records }) => keyBuildTrial(testees, records));
  seeded("keys to parse", ({ testees, records }) => keyParseTrial(testees, records));
  seeded("entries", ({ testees, records }) => entryTrial(testees, records));

  test("no testee had to be started again", () => {
    for (const { name, restarts } of (now as Running).testees) expect([name, restarts]).toEqual([name, 0]);
  });
}

/** Every differential test, once for each contract, with `cases` of each kind unless the environment says another number. */
export function differentialTests(
  cases: number,
  shares: { readonly ours: number; readonly random: number },
  schemas: number,
): void {
  const size = runSize(cases);
  const share = (part: number): RunSize => ({ ...size, cases: Math.max(1, Math.ceil(size.cases * part)) });

  describe("the golden contract", () => {
    trials(() => scratch({ protos: GOLDEN_PROTOS }), size);
  });

  describe("our contracts", () => {
    trials(() => running(OURS, OURS, () => undefined), share(shares.ours));
  });

  describe("random schemas", () => {
    const [text] = fc.sample(randomProto(schemas), { seed: size.seed, numRuns: 1 });
    trials(() => scratch({ protos: { "random/v1/random.proto": text as string } }), share(shares.random));
  });

  describe("frames", () => {
    let now: Running | undefined;
    beforeAll(async () => {
      now = await running(OURS, OURS, () => undefined);
    }, 120_000);
    afterAll(() => now?.close());

    test(`to encode, ${size.cases} from seed ${size.seed}`, { timeout: 0 }, () =>
      runTrial(frameEncodeTrial((now as Running).testees), size),
    );
    test(`to decode, ${size.cases} from seed ${size.seed}`, { timeout: 0 }, () =>
      runTrial(frameDecodeTrial((now as Running).testees), size),
    );
  });
}
