import path from "node:path";
import * as contracts from "@cachepact/contracts";
import { type RedisServer, startRedis } from "@cachepact/dev-stack";
import { entryKeys } from "@cachepact/wire";
import { Redis } from "ioredis";
import { type Attacked, attack, type Target, type Victim } from "../src/hardening/attack.ts";
import type { Sabotage } from "../src/hardening/auxiliary.ts";
import type { Hostile } from "../src/hardening/corpus.ts";
import { targetsIn } from "../src/hardening/targets.ts";
import { judge } from "../src/hardening/verdict.ts";
import { LineProcess, python, ROOT, typescript } from "../src/rolling/line-process.ts";
import { type AnyEntity, importContract } from "../src/rolling/release.ts";
import { GOLDEN_PROTOS, type ScratchContract, scratchContract } from "../src/scratch-contract.ts";

const FLAGS = ["--disable-proto=delete", "--disallow-code-generation-from-strings"];

/** What a victim says of itself. */
export interface State {
  /** Whether its prototypes, globals and builtins are what they were. */
  readonly intact: boolean;
  readonly maxRssMib: number;
  /** Whether it can neither make code from strings nor reach `__proto__`. */
  readonly hardened: boolean;
}

/** One real Redis, and a process of each kind that reads from it. */
export class Battlefield {
  readonly client: Redis;
  /** A row of each entity of the golden contract and of ours whose key can be told from a row. */
  readonly targets: readonly Target[];
  readonly victims: readonly Victim[];
  readonly #server: RedisServer;
  readonly #golden: ScratchContract;

  private constructor(
    server: RedisServer,
    golden: ScratchContract,
    targets: readonly Target[],
    victims: readonly Victim[],
  ) {
    this.client = new Redis(server.url);
    this.targets = targets;
    this.victims = victims;
    this.#server = server;
    this.#golden = golden;
  }

  static async open(): Promise<Battlefield> {
    const [server, golden] = await Promise.all([startRedis(), scratchContract({ protos: GOLDEN_PROTOS })]);
    const [theirs, ours] = [entitiesOf(await importContract(golden.folder)), entitiesOf(contracts)];
    const names = new Set(ours.map(({ record }) => record.entity));
    const targets = [
      ...ours.flatMap((entity) =>
        targetsIn(path.join(ROOT, `contracts/fixtures/${entity.record.entity}.json`), [entity]),
      ),
      // A victim knows one entity of a name: ours.
      ...targetsIn(
        "@cachepact/wire/fixtures/entries.json",
        theirs.filter(({ record }) => !names.has(record.entity)),
      ),
    ];
    const modules = [`${golden.folder}/src/gen/index.ts`, `${ROOT}contracts/src/gen/index.ts`];
    const packages = [`${golden.folder}/python/scratch_contracts`, `${ROOT}contracts/python/cachepact_contracts`];
    const victims = await Promise.all([
      startVictim("typescript", typescript("hardening/victim.ts"), server.url, modules),
      startVictim("hardened", typescript("hardening/victim.ts", ...FLAGS), server.url, modules),
      startVictim("python", python("hardening/victim.py"), server.url, packages),
    ]);
    return new Battlefield(server, golden, targets, victims);
  }

  /** The target of an entity. */
  target(name: string): Target {
    const target = this.targets.find(({ entity }) => entity.record.entity === name);
    if (target === undefined) throw new Error(`no row of ${name} among the fixtures`);
    return target;
  }

  states(): Promise<readonly State[]> {
    return Promise.all(
      this.victims.map(async ({ process }) => {
        const outcome = await process.ask({ op: "state", entity: "", json: "" });
        if ("error" in outcome) throw new Error(outcome.error.message);
        return outcome.ok as unknown as State;
      }),
    );
  }

  /**
   * Every victim against every hostile thing, each on keys of its own: one line for each that was taken wrongly, and for
   * each that two victims took differently.
   */
  async attackAll(target: Target, corpus: readonly Hostile[]): Promise<readonly string[]> {
    const all = await Promise.all(
      this.victims.map(async (victim) => {
        const found: Attacked[] = [];
        for (const hostile of corpus) found.push(await attack(this.client, victim, target, hostile));
        return found;
      }),
    );
    const truth = target.entity.toJson(target.value);
    const problems: string[] = [];
    for (const [at, hostile] of corpus.entries()) {
      const what = `${target.entity.record.entity}, ${hostile.name}`;
      const attacked = all.map((each) => each[at] as Attacked);
      for (const [index, each] of attacked.entries()) {
        const problem = judge(hostile, each, truth);
        if (problem !== null)
          problems.push(`${what}: ${this.victims[index]?.name} ${problem}: ${JSON.stringify(each)}`);
      }
      const different = new Set(attacked.map((each) => JSON.stringify(each)));
      if (different.size > 1) problems.push(`${what}: ${[...different].join(" but ")}`);
    }
    return problems;
  }

  /** Every victim against what was done to the records beside a value: one line for each read that was not the loader's. */
  async sabotageAll({ entity, value }: Target, all: readonly Sabotage[]): Promise<readonly string[]> {
    const json = entity.toJson(value);
    const problems: string[] = [];
    const suffer = async ({ name, namespace, process }: Victim): Promise<void> => {
      const keys = entryKeys(entity.record, namespace, entity.keyOf(value));
      const log = keys.log === null ? [] : [keys.log.dirty, keys.log.wb, keys.log.meta];
      for (const sabotage of all) {
        await this.client.del(keys.value, keys.lease, keys.floor, keys.writers, ...log);
        await sabotage.apply(this.client, keys);
        const outcome = await process.ask({ op: "get", entity: entity.record.entity, json });
        if (!("ok" in outcome) || outcome.ok["json"] !== json) {
          problems.push(`${entity.record.entity}, ${sabotage.name}: ${name}: ${JSON.stringify(outcome)}`);
        }
      }
      await this.client.del(keys.value, keys.lease, keys.floor, keys.writers, ...log);
    };
    await Promise.all(this.victims.map(suffer));
    return problems;
  }

  async close(): Promise<void> {
    await Promise.all(this.victims.map(({ process }) => process.close()));
    this.client.disconnect();
    await this.#server.stop();
    this.#golden.close();
  }
}

async function startVictim(
  name: string,
  command: readonly string[],
  redis: string,
  modules: readonly string[],
): Promise<Victim> {
  return { name, namespace: name, process: await LineProcess.start(name, [...command, redis, name, ...modules]) };
}

function entitiesOf(exported: Readonly<Record<string, unknown>>): readonly AnyEntity[] {
  return Object.values(exported).filter(
    (each): each is AnyEntity => typeof each === "object" && each !== null && "record" in each,
  );
}
