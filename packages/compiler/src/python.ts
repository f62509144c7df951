import type { DescField, DescFile, DescMessage } from "@bufbuild/protobuf";
import type { Field, KeyParam, MessageType, ScalarType } from "@cachepact/wire";
import type { Contract } from "./compile.ts";
import type { CompiledEntity } from "./entity-record.ts";
import { describeKey } from "./key-template.ts";
import { LINE_WIDTH, literal } from "./literal.ts";
import { type Declared, declarations, exportsOf, indexNameOf, keyNameOf, nameOf } from "./names.ts";
import { compare, type Problems } from "./problems.ts";
import { codecModule, codecModuleName, codecName, isLeaf, RUNTIME } from "./python-codec.ts";
import { CodecModel } from "./python-codec-model.ts";
import { attributesOf, PythonImports } from "./python-imports.ts";
import { integerType } from "./python-integers.ts";
import {
  attributeName,
  call,
  docstring,
  importsFrom,
  PYTHON_LITERALS,
  packageModule,
  renamed,
  spaced,
  structHead,
} from "./python-syntax.ts";
import { fieldsOf } from "./schema.ts";
import { commentOf, protoPathOf } from "./source.ts";

const SCALARS: Readonly<Record<ScalarType, { readonly type: string; readonly zero: string }>> = {
  int32: { type: "int", zero: "0" },
  uint32: { type: "int", zero: "0" },
  sint32: { type: "int", zero: "0" },
  int64: { type: "int", zero: "0" },
  uint64: { type: "int", zero: "0" },
  sint64: { type: "int", zero: "0" },
  bool: { type: "bool", zero: "False" },
  string: { type: "str", zero: '""' },
  bytes: { type: "bytes", zero: 'b""' },
  double: { type: "float", zero: "0.0" },
  timestamp: { type: "datetime", zero: "None" },
};

const INDEX = "__init__.py";

/** Generates the Python package of a contract: file name below the output folder -> text. */
export function generatePython(contract: Contract): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const model = new CodecModel(contract);
  for (const [name, protoFiles] of modules(contract)) {
    files.set(`${name}.py`, new PythonModule(protoFiles, contract, model).text());
    const codecs = codecModule(protoFiles, contract, model);
    if (codecs !== undefined) files.set(`${codecModuleName(name)}.py`, codecs);
  }
  files.set(INDEX, init(contract));
  files.set("py.typed", "");
  return files;
}

/** Notes what Python's modules, one for each package, cannot express. */
export function checkPythonModules(contract: Contract, problems: Problems): void {
  const packages = new Map<string, DescFile>();
  for (const file of declarations(contract).keys()) {
    const twin = packages.get(packageModule(file));
    if (file.proto.package === "") {
      problems.add(file, "it has no package, which names its module; add one such as users.v1");
    } else if (`${packageModule(file)}.py` === INDEX) {
      problems.add(file, `package ${file.proto.package} would replace the index of the Python package; rename it`);
    } else if (twin !== undefined && twin.proto.package !== file.proto.package) {
      problems.add(file, `package ${file.proto.package} and ${twin.proto.package} give one module; rename one`);
    }
    packages.set(packageModule(file), twin ?? file);
  }
  for (const [name, file] of packages) {
    if (reachable(name, contract).has(name)) {
      problems.add(
        file,
        `package ${file.proto.package} imports itself through another package; move what they share to a third`,
      );
    }
  }
}

/** The modules that a module imports, and those that they import. */
function reachable(name: string, contract: Contract): ReadonlySet<string> {
  const all = modules(contract);
  const found = new Set<string>();
  const queue = [name];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const file of all.get(next) ?? []) {
      for (const { file: target } of referencesOf(file, contract)) {
        const other = packageModule(target);
        if (other === next || found.has(other)) continue;
        found.add(other);
        queue.push(other);
      }
    }
  }
  return found;
}

function referencesOf(file: DescFile, contract: Contract): readonly Declared[] {
  return (declarations(contract).get(file) ?? []).flatMap((type) =>
    type.kind === "enum" ? [] : type.fields.flatMap((field) => referenceOf(field, contract) ?? []),
  );
}

function referenceOf(field: DescField, contract: Contract): Declared | undefined {
  const target = field.enum ?? field.message;
  return target !== undefined && contract.types.has(target) ? target : undefined;
}

function modules(contract: Contract): ReadonlyMap<string, readonly DescFile[]> {
  const found = new Map<string, DescFile[]>();
  for (const file of declarations(contract).keys()) {
    found.set(packageModule(file), [...(found.get(packageModule(file)) ?? []), file]);
  }
  return new Map([...found].toSorted(([a], [b]) => compare(a, b)));
}

function init(contract: Contract): string {
  const all = exportsOf(contract);
  const imports = [...modules(contract)].flatMap(([name, files]) => {
    const names = all
      .filter((each) => files.includes(each.file))
      .map((each) => renamed(each.name, indexNameOf(each, all)));
    return importsFrom(`.${name}`, names);
  });
  const exported = all.map((each) => indexNameOf(each, all)).toSorted(compare);
  return [
    "# Generated by cachepact generate from cachepact.json. Do not edit.",
    '"""The entities of the contract."""',
    "",
    ...imports,
    "",
    `__all__ = ${literal(exported, PYTHON_LITERALS, "__all__ = ".length, 0)}`,
    "",
  ].join("\n");
}

class PythonModule {
  readonly #files: readonly DescFile[];
  readonly #types: readonly Declared[];
  readonly #contract: Contract;
  readonly #model: CodecModel;
  readonly #entities: ReadonlyMap<DescMessage, CompiledEntity>;
  readonly #schemas: readonly MessageType[];
  readonly #imports: PythonImports;

  constructor(files: readonly DescFile[], contract: Contract, model: CodecModel) {
    this.#files = files;
    this.#contract = contract;
    this.#model = model;
    this.#types = files.flatMap((file) => declarations(contract).get(file) ?? []);
    this.#entities = new Map(contract.entities.map((entity) => [entity.message, entity]));
    this.#schemas = contract.entities.map(({ record }) => record.schema);
    this.#imports = new PythonImports(contract, attributesOf(files, contract));
  }

  text(): string {
    const enums = this.#types.filter((type) => type.kind === "enum");
    const messages = this.#types.filter((type) => type.kind === "message");
    const entities = messages.flatMap((message) => this.#entities.get(message) ?? []);
    // Enums first: they are default values. Entities last: they resolve the annotations of every class.
    const blocks = [...enums.map((type) => this.#enum(type)), ...messages.flatMap((message) => this.#classes(message))];
    if (entities.length > 0) this.#imports.name("typing", "ClassVar");
    if (entities.length > 0) this.#imports.name("cachepact", "Entity");
    const definitions = entities.flatMap((entity) => this.#definition(entity));
    const sources = this.#files.map((file) => this.#contract.shownPath(protoPathOf(file)));
    if (messages.length > 0) this.#imports.msgspec();
    const head = [
      `# Generated by cachepact generate from ${sources.join(", ")}. Do not edit.`,
      `"""Values of package ${this.#files[0]?.proto.package ?? ""}."""`,
      "",
      "from __future__ import annotations",
      "",
      ...this.#imports.lines(),
    ].join("\n");
    return `${[head, ...blocks, ...definitions].join("\n\n\n")}\n`;
  }

  #enum(type: Extract<Declared, { kind: "enum" }>): string {
    this.#imports.name("enum", "IntEnum");
    const values = type.values.flatMap((value) => [
      `    ${value.name} = ${value.number}`,
      ...docstring(commentOf(value), 1),
    ]);
    return [`class ${nameOf(type)}(IntEnum):`, ...spaced(docstring(commentOf(type), 1)), ...values].join("\n");
  }

  #classes(message: DescMessage): string[] {
    const entity = this.#entities.get(message);
    const value = this.#value(message, entity);
    return entity === undefined ? [value] : [this.#keyClass(entity), value];
  }

  #keyClass({ message, record }: CompiledEntity): string {
    const params = record.key.filter((segment) => "param" in segment);
    const names = params.map((param) => param.param);
    const lines = params.map((param) => `    ${attributeName(param.param)}: ${this.#paramType(param)}`);
    return [
      structHead(keyNameOf(message), names, "msgspec.Struct", ["frozen=True", "kw_only=True"]),
      ...docstring([`What identifies one ${nameOf(message)}.`, "", `Key: \`${describeKey(record)}\`.`], 1),
      ...(lines.length === 0 ? [] : ["", ...lines]),
    ].join("\n");
  }

  #value(message: DescMessage, entity: CompiledEntity | undefined): string {
    const fields = fieldsOf(message, this.#schemas);
    const sorted = message.fields.filter((desc) => fields.has(desc.name)).toSorted((a, b) => compare(a.name, b.name));
    const names = sorted.map(({ name }) => name);
    const lines = sorted.flatMap((desc) => {
      const field = fields.get(desc.name);
      return field === undefined ? [] : this.#attribute(desc, field);
    });
    const body = [
      ...spaced(docstring(commentOf(message), 1)),
      ...(entity === undefined ? [] : [...descriptorLines(keyNameOf(message), nameOf(message)), ""]),
      ...spaced(lines),
      ...(entity === undefined ? [] : this.#keyMethod(entity)),
    ];
    while (body.at(-1) === "") body.pop();
    const options = ["frozen=True", "kw_only=True", ...(isLeaf(message) ? ["gc=False"] : [])];
    return [
      structHead(nameOf(message), names, "msgspec.Struct", options),
      ...(body.length === 0 ? ["    pass"] : body),
    ].join("\n");
  }

  #attribute(desc: DescField, field: Field): string[] {
    const { type, zero } = this.#typeOf(desc, field);
    const optional = field.presence === "optional" && field.required !== true;
    const value = optional ? "None" : zero;
    const annotation = optional ? `${type} | None` : type;
    return [
      `    ${attributeName(field.name)}: ${annotation}${field.required === true ? "" : ` = ${value}`}`,
      ...docstring(commentOf(desc), 1),
    ];
  }

  #typeOf(desc: DescField, field: Field): { readonly type: string; readonly zero: string } {
    const single = this.#singleType(desc, field);
    if (field.presence === "repeated") return { type: `${this.#imports.builtin("list")}[${single.type}]`, zero: "[]" };
    if (field.presence === "map") {
      return { type: `${this.#imports.builtin("dict")}[${this.#imports.builtin("str")}, ${single.type}]`, zero: "{}" };
    }
    return single;
  }

  #singleType(desc: DescField, field: Field): { readonly type: string; readonly zero: string } {
    if (typeof field.type === "string") {
      const { type, zero } = SCALARS[field.type];
      if (type === "int") return { type: this.#imports.name(RUNTIME, integerType(field).name), zero };
      return { type: type === "datetime" ? this.#imports.datetime() : this.#imports.builtin(type), zero };
    }
    if (desc.enum !== undefined) {
      const name = this.#reference(desc.enum);
      const zero = desc.enum.values.find((value) => value.number === 0)?.name ?? "";
      return { type: `${name} | ${this.#imports.builtin("int")}`, zero: `${name}.${zero}` };
    }
    return { type: desc.message === undefined ? "None" : this.#reference(desc.message), zero: "None" };
  }

  #paramType(param: KeyParam): string {
    if (param.type === "uuid") return this.#imports.builtin("str");
    if (param.type !== "enum") return this.#imports.builtin(SCALARS[param.type].type);
    this.#imports.name("typing", "Literal");
    return `Literal[${(param.values ?? []).map((value) => JSON.stringify(value)).join(", ")}]`;
  }

  #keyMethod({ message, record }: CompiledEntity): string[] {
    const params = record.key.filter((segment) => "param" in segment);
    const key = keyNameOf(message);
    const parameters = params.map((param) => `${attributeName(param.param)}: ${this.#paramType(param)}`);
    const values = params.map((param) => `${attributeName(param.param)}=${attributeName(param.param)}`);
    return [
      "    @classmethod",
      ...call("    def key", params.length === 0 ? ["cls"] : ["cls", "*", ...parameters], ` -> ${key}:`),
      `        """Build the key of one entry."""`,
      ...call(`        return ${key}`, values, ""),
    ];
  }

  #reference(target: Declared): string {
    const isOwn = this.#files.some((file) => packageModule(file) === packageModule(target.file));
    return isOwn ? nameOf(target) : this.#imports.type(target, false);
  }

  #definition({ message, record }: CompiledEntity): string[] {
    const name = nameOf(message);
    const generated = this.#model.messages.get(message);
    const hasCodec = generated !== undefined && this.#model.entities.some((entity) => entity.message === message);
    this.#imports.name("cachepact", "define_entity");
    const lines = [
      `${name}.__cachepact__ = define_entity(`,
      `    ${literal(record, PYTHON_LITERALS, 4, 1)},`,
      `    ${name},`,
      `    ${keyNameOf(message)},`,
      ...(hasCodec ? [`    _${codecName(generated)},`] : []),
      ")",
    ].join("\n");
    if (!hasCodec) return [lines];
    const loader = [
      ...loaderHead(`_${codecName(generated)}`, this.#imports.name(RUNTIME, "GeneratedCodec"), name),
      ...importsFrom(`.${codecModuleName(generated.module)}`, [codecName(generated)]).map((line) => `    ${line}`),
      "",
      `    return ${codecName(generated)}`,
    ].join("\n");
    return [loader, lines];
  }
}

/** The annotation of the descriptor, broken as ruff breaks it. */
function descriptorLines(key: string, name: string): string[] {
  const line = `    __cachepact__: ClassVar[Entity[${key}, ${name}]]`;
  if (line.length <= LINE_WIDTH) return [line];
  const inner = `        Entity[${key}, ${name}]`;
  const entity =
    inner.length <= LINE_WIDTH
      ? [inner]
      : ["        Entity[", `            ${key},`, `            ${name},`, "        ]"];
  return ["    __cachepact__: ClassVar[", ...entity, "    ]"];
}

function loaderHead(loader: string, generic: string, type: string): string[] {
  const line = `def ${loader}() -> ${generic}[${type}]:`;
  return line.length <= LINE_WIDTH ? [line] : [`def ${loader}() -> ${generic}[`, `    ${type}`, "]:"];
}
