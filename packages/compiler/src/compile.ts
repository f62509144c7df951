import type { DescEnum, DescMessage } from "@bufbuild/protobuf";
import type { ContractLock } from "@cachepact/wire";
import { buildSources, type Sources } from "./buf.ts";
import { type Config, shown } from "./config.ts";
import { type CompiledEntity, compileEntity } from "./entity-record.ts";
import { OptionReader } from "./entry-option.ts";
import { compare, Problems } from "./problems.ts";

/** A contract folder, compiled: all that the generators need. */
export interface Contract {
  readonly lock: ContractLock;
  /** By name. */
  readonly entities: readonly CompiledEntity[];
  /** Every message and enum of the contract's values. */
  readonly types: ReadonlySet<DescMessage | DescEnum>;
  /** Path of a proto as a person knows it, relative to the configuration. */
  readonly shownPath: (protoPath: string) => string;
}

/**
 * Compiles the protos of a contract folder into its lock.
 * @throws {CompileError} `E_PROTO` with every problem, `E_CONFIG` when buf cannot run
 */
export async function compile(config: Pick<Config, "folder" | "protos">): Promise<ContractLock> {
  return (await compileContract(config, () => undefined)).lock;
}

/** As `compile`, with what the generators need; `check` may note further problems before they are raised. */
export async function compileContract(
  config: Pick<Config, "folder" | "protos">,
  check: (contract: Contract, problems: Problems) => void,
): Promise<Contract> {
  return compileSources(config, await buildContract(config), check);
}

/** The descriptors of a contract folder's protos. */
export function buildContract(config: Pick<Config, "folder" | "protos">): Promise<Sources> {
  return buildSources(config.protos, (file) => shown(config, file));
}

/** The second half of `compileContract`. */
export function compileSources(
  config: Pick<Config, "folder">,
  sources: Sources,
  check: (contract: Contract, problems: Problems) => void,
): Contract {
  const shownPath = (protoPath: string): string => shown(config, sources.fileOf(protoPath));
  const problems = new Problems(shownPath);
  const entities = compileEntities(sources, problems);
  const lock: ContractLock = {
    format: 1,
    entities: Object.fromEntries(entities.map(({ record }) => [record.entity, record])),
  };
  const contract = { lock, entities, types: new Set(entities.flatMap(({ used }) => [...used])), shownPath };
  check(contract, problems);
  problems.raise();
  return contract;
}

function compileEntities(sources: Sources, problems: Problems): readonly CompiledEntity[] {
  const options = new OptionReader(sources.registry);
  const entities: CompiledEntity[] = [];
  for (const message of messagesOf(sources)) {
    const option = options.entry(message);
    if (option !== undefined) entities.push(compileEntity(message, option, options, problems));
  }
  refuseTwins(entities, problems);
  if (entities.length === 0) {
    problems.addAt(sources.protoPaths[0] ?? "", 1, "no message carries the (cachepact.v1.entry) option; add it to one");
  }
  return entities.toSorted((a, b) => compare(a.record.entity, b.record.entity));
}

function* messagesOf(sources: Sources): Generator<DescMessage> {
  for (const protoPath of sources.protoPaths) {
    for (const message of sources.registry.getFile(protoPath)?.messages ?? []) yield* withNested(message);
  }
}

function* withNested(message: DescMessage): Generator<DescMessage> {
  yield message;
  for (const nested of message.nestedMessages) yield* withNested(nested);
}

/** Entities are told apart by their name in keys and logs, and entities with a log by the log's name. */
function refuseTwins(entities: readonly CompiledEntity[], problems: Problems): void {
  const names = new Map<string, DescMessage>();
  const logs = new Map<string, DescMessage>();
  for (const { message, record } of entities) {
    const twin = names.get(record.entity);
    if (record.entity !== "" && twin !== undefined) {
      problems.add(message, `entity "${record.entity}" is declared by ${twin.typeName} already; choose another name`);
    }
    names.set(record.entity, twin ?? message);
    if (record.log === null) continue;
    const sharer = logs.get(record.log);
    if (sharer !== undefined) {
      problems.add(message, `log "${record.log}" belongs to ${sharer.typeName}; give each entity a log of its own`);
    }
    logs.set(record.log, sharer ?? message);
  }
}
