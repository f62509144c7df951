import { clone, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** The descriptors of a release without comments and lines, which no comparison needs. */
export function baselineOf(image: Uint8Array): Uint8Array {
  const set = fromBinary(FileDescriptorSetSchema, image);
  for (const file of set.file) delete file.sourceCodeInfo;
  return toBinary(FileDescriptorSetSchema, set);
}

/**
 * Descriptors without the types that serve some messages alone: buf then has nothing to compare these with.
 *
 * A type that anything else refers to stays, and so does a message around one that stays.
 * @param messages full names of the messages that have moved on to another generation
 */
export function withoutTypesOf(image: Uint8Array, messages: ReadonlySet<string>): Uint8Array {
  if (messages.size === 0) return image;
  const set = fromBinary(FileDescriptorSetSchema, image);
  const references = referencesOf(set);
  const candidates = reach(messages, references);
  const kept = reach(
    [...references.keys()].filter((name) => !candidates.has(name)),
    references,
  );
  const dropped = new Set([...candidates].filter((name) => !kept.has(name)));
  const pruned = clone(FileDescriptorSetSchema, set);
  pruned.file = pruned.file.map((file) => prune(file, dropped));
  // An empty file would still be compared: its package, its options.
  const imported = new Set(pruned.file.flatMap((file) => file.dependency));
  pruned.file = pruned.file.filter((file, index) => !isEmptied(file, set.file[index]) || imported.has(file.name));
  return toBinary(FileDescriptorSetSchema, pruned);
}

/** Import paths of all files. */
export function filesOf(image: Uint8Array): readonly string[] {
  return fromBinary(FileDescriptorSetSchema, image).file.map((file) => file.name);
}

type References = ReadonlyMap<string, readonly string[]>;

/** What each type and each extension or service of a set refers to; nested messages refer to the one around them. */
function referencesOf(set: FileDescriptorSet): References {
  const references = new Map<string, readonly string[]>();
  for (const file of set.file) {
    const scope = file.package === "" ? "" : `${file.package}.`;
    for (const message of file.messageType) addMessage(message, scope, undefined, references);
    for (const type of file.enumType) references.set(`${scope}${type.name}`, []);
    // Not types, but they keep what they name. A slash is in no type's name.
    references.set(`${file.name}/extensions`, file.extension.flatMap(fieldReferences));
    const methods = file.service.flatMap((service) => service.method);
    references.set(
      `${file.name}/services`,
      methods.flatMap((method) => [bare(method.inputType), bare(method.outputType)]),
    );
  }
  return references;
}

function addMessage(
  message: DescriptorProto,
  scope: string,
  parent: string | undefined,
  references: Map<string, readonly string[]>,
): void {
  const name = `${scope}${message.name}`;
  const around = parent === undefined ? [] : [parent];
  references.set(name, [...message.field, ...message.extension].flatMap(fieldReferences).concat(around));
  for (const nested of message.nestedType) addMessage(nested, `${name}.`, name, references);
  for (const type of message.enumType) references.set(`${name}.${type.name}`, [name]);
}

function fieldReferences({ typeName, extendee }: FieldDescriptorProto): readonly string[] {
  return [typeName, extendee].filter((name) => name !== "").map(bare);
}

/** Without the dot that begins a full name. */
function bare(name: string): string {
  return name.replace(/^\./, "");
}

function reach(from: Iterable<string>, references: References): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    open.push(...(references.get(name) ?? []));
  }
  return found;
}

function prune(file: FileDescriptorProto, dropped: ReadonlySet<string>): FileDescriptorProto {
  const scope = file.package === "" ? "" : `${file.package}.`;
  file.messageType = pruneMessages(file.messageType, scope, dropped);
  file.enumType = pruneEnums(file.enumType, scope, dropped);
  return file;
}

function pruneMessages(messages: DescriptorProto[], scope: string, dropped: ReadonlySet<string>): DescriptorProto[] {
  const kept = messages.filter((message) => !dropped.has(`${scope}${message.name}`));
  for (const message of kept) {
    const inner = `${scope}${message.name}.`;
    message.nestedType = pruneMessages(message.nestedType, inner, dropped);
    message.enumType = pruneEnums(message.enumType, inner, dropped);
  }
  return kept;
}

function pruneEnums(types: EnumDescriptorProto[], scope: string, dropped: ReadonlySet<string>): EnumDescriptorProto[] {
  return types.filter((type) => !dropped.has(`${scope}${type.name}`));
}

function isEmptied(file: FileDescriptorProto, before: FileDescriptorProto | undefined): boolean {
  const count = (each: FileDescriptorProto): number =>
    each.messageType.length + each.enumType.length + each.service.length + each.extension.length;
  return count(file) === 0 && before !== undefined && count(before) > 0;
}
