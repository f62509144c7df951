import type { DescFile } from "@bufbuild/protobuf";
import type { Contract } from "./compile.ts";
import { type Declared, nameOf, packagePrefix } from "./names.ts";
import { compare } from "./problems.ts";
import { importsFrom, packageModule, renamed } from "./python-syntax.ts";

/** What a generated module imports, noted while its text is made. */
export class PythonImports {
  readonly #contract: Contract;
  /** Names of fields: an annotation of the same name would mean the field. */
  readonly #attributes: ReadonlySet<string>;
  /** Module -> names that are imported from it. */
  readonly #names = new Map<string, Set<string>>();
  #usesBuiltins = false;
  #usesMsgspec = false;

  constructor(contract: Contract, attributes: ReadonlySet<string>) {
    this.#contract = contract;
    this.#attributes = attributes;
  }

  /** Imports a name and gives it back. */
  name(from: string, name: string): string {
    this.#names.set(from, (this.#names.get(from) ?? new Set()).add(name));
    return name;
  }

  msgspec(): void {
    this.#usesMsgspec = true;
  }

  /** A builtin type in an annotation. */
  builtin(name: string): string {
    if (!this.#attributes.has(name)) return name;
    this.#usesBuiltins = true;
    return `_builtins.${name}`;
  }

  /** The type of times in an annotation. */
  datetime(): string {
    const shadowed = this.#attributes.has("datetime");
    this.name("datetime", shadowed ? "datetime as _datetime" : "datetime");
    return shadowed ? "_datetime" : "datetime";
  }

  /** The class of a message or enum. `own` = the file is of the module's own package, so its name stays as it is. */
  type(target: Declared, own: boolean): string {
    const name = nameOf(target);
    const taken = !own && [...this.#contract.types].some((type) => type !== target && nameOf(type) === name);
    const local = taken ? `${packagePrefix(target.file)}${name}` : name;
    this.name(`.${packageModule(target.file)}`, renamed(name, local));
    return local;
  }

  lines(): string[] {
    const groups = [
      [...(this.#usesBuiltins ? ["import builtins as _builtins"] : []), ...this.#from(isStandard)],
      [...(this.#usesMsgspec ? ["import msgspec"] : []), ...this.#from(isThirdParty)],
      this.#from((module) => module.startsWith(".")),
    ];
    return groups.filter((group) => group.length > 0).flatMap((group, index) => (index === 0 ? group : ["", ...group]));
  }

  #from(isWanted: (module: string) => boolean): string[] {
    return [...this.#names]
      .filter(([module]) => isWanted(module))
      .toSorted(([a], [b]) => compare(a, b))
      .flatMap(([module, names]) => importsFrom(module, [...names]));
  }
}

function isThirdParty(module: string): boolean {
  return module.startsWith("cachepact") || module === "msgspec";
}

function isStandard(module: string): boolean {
  return !module.startsWith(".") && !isThirdParty(module);
}

/** Names of all fields of some files, and of all parameters of keys. */
export function attributesOf(files: readonly DescFile[], contract: Contract): ReadonlySet<string> {
  const params = contract.entities.flatMap(({ record }) =>
    record.key.flatMap((each) => ("param" in each ? [each.param] : [])),
  );
  const fields = [...contract.types].flatMap((type) =>
    type.kind === "message" && files.includes(type.file) ? type.fields.map((field) => field.name) : [],
  );
  return new Set([...params, ...fields]);
}
