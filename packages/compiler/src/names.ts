import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";

import type { Contract } from "./compile.ts";
import { compare, type Problems } from "./problems.ts";
import { lineOf } from "./source.ts";

/** A declaration that generated code has a name for. */
export type Declared = DescMessage | DescEnum;

/** A name that a generated module exports. */
export interface Export {
  readonly name: string;
  /** `type` exports exist for TypeScript's type checker only. */
  readonly kind: "type" | "value";
  readonly file: DescFile;
}

// What generated modules import or use: a message of that name gets an underscore.
const RESERVED: ReadonlySet<string> = new Set(
  (
    "Entity Record Readonly Uint8Array ClassVar IntEnum Literal True False None " +
    "Any GeneratedCodec Int32 Int64 ProtobufForm Raw SafeInt SafeUint Struct UNSET Uint32 Uint64 UnsetType " +
    "UnusualError WireForm"
  ).split(" "),
);

/** The class or interface of a message or enum: nested ones carry the names around them. */
export function nameOf(desc: Declared): string {
  const name = plainNameOf(desc);
  return RESERVED.has(name) ? `${name}_` : name;
}

/** The class or interface of an entity's key. */
export function keyNameOf(entity: DescMessage): string {
  return `${plainNameOf(entity)}Key`;
}

function plainNameOf(desc: Declared): string {
  return desc.parent === undefined ? desc.name : `${plainNameOf(desc.parent)}${desc.name}`;
}

/** `users.v1` -> `UsersV1`: prefixes names that two packages share. */
export function packagePrefix(file: DescFile): string {
  return file.proto.package
    .split(/[._]/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}

/** Everything that generated code declares, by file and then in the order of the source. */
export function declarations(contract: Contract): ReadonlyMap<DescFile, readonly Declared[]> {
  const byFile = new Map<DescFile, Declared[]>();
  for (const type of contract.types) byFile.set(type.file, [...(byFile.get(type.file) ?? []), type]);
  const files = [...byFile].toSorted(([a], [b]) => compare(a.name, b.name));
  return new Map(
    files.map(([file, types]) => [
      file,
      types.toSorted((a, b) => lineOf(a) - lineOf(b) || compare(a.typeName, b.typeName)),
    ]),
  );
}

/** What each file's generated module exports. */
export function exportsOf(contract: Contract): readonly Export[] {
  const entities = new Set(contract.entities.map(({ message }) => message));
  return [...declarations(contract)].flatMap(([file, types]) =>
    types.flatMap((type): Export[] => {
      const name = nameOf(type);
      if (type.kind === "enum") return [{ name, kind: "value", file }];
      if (!entities.has(type)) return [{ name, kind: "type", file }];
      return [
        { name, kind: "value", file },
        { name: keyNameOf(type), kind: "type", file },
      ];
    }),
  );
}

/** The name under which the index exports something: prefixed by its package when another package has the same name. */
export function indexNameOf(exported: Export, all: readonly Export[]): string {
  const shared = all.some(
    (other) => other.name === exported.name && other.file.proto.package !== exported.file.proto.package,
  );
  return shared ? `${packagePrefix(exported.file)}${exported.name}` : exported.name;
}

/** Notes what would give two declarations one name in generated code. */
export function checkNames(contract: Contract, problems: Problems): void {
  const all = exportsOf(contract);
  const inPackage = new Map<string, Export>();
  const inIndex = new Map<string, Export>();
  for (const exported of all) {
    const name = `${exported.file.proto.package}.${exported.name}`;
    const twin = inPackage.get(name);
    if (twin !== undefined) {
      problems.add(exported.file, `two declarations of its package generate the name ${exported.name}; rename one`);
    }
    inPackage.set(name, exported);
    const indexName = indexNameOf(exported, all);
    const other = inIndex.get(indexName);
    if (other !== undefined && twin === undefined) {
      problems.add(exported.file, `${indexName} would stand twice in the index; rename ${exported.name}`);
    }
    inIndex.set(indexName, exported);
  }
}
